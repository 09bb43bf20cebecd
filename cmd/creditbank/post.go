package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

func (p *program) postCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "post FILE",
		Short: "登记学习成果 post outcomes from a CSV, XLSX or NDJSON file",
		Long: "逐行答复；整个文件重发也不会重复入账。列：external_id 编号、institution 机构、account 账号或 id_number 身份证号\n" +
			"（或 learner 代号）、learner_name 姓名、course 课程、issued_on 取得日期、score 成绩、attended_hours 出勤学时、\n" +
			"valid_until 证书有效期至、revision 修订号。\n" +
			"Each row gets its own answer; sending the whole file again posts nothing twice. FILE - reads CSV from standard input.",
		Example: "  creditbank post outcomes.csv --as institution:I06\n  creditbank post outcomes.xlsx --answers answers.csv --quiet",
		Args:    exactly("FILE"),
	}
	answers := c.Flags().String("answers", "", "逐行答复写入 `FILE` (.csv or .ndjson) for the answers")
	quiet := c.Flags().Bool("quiet", false, "不逐行显示; only what needs attention, and the summary")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		return p.post(ctx, s, args[0], *answers, *quiet)
	})
	return c
}

// A source is a file to post, open.
type source struct {
	name  string
	file  io.Reader
	size  int64
	close func() error
}

func (p *program) openSource(path string) (source, error) {
	if path == "-" {
		return source{"stdin", p.stdin, 0, func() error { return nil }}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return source{}, noFile(path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return source{}, errors.Join(err, f.Close())
	}
	return source{path, f, info.Size(), f.Close}, nil
}

func (p *program) post(ctx context.Context, s *session, path, answersPath string, quiet bool) (err error) {
	src, err := p.openSource(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.close()) }()
	bar := p.progress(src.size, tx("登记", "posting"), quiet || p.asJSON)
	defer bar.finish()
	table, err := posting.OpenFile(posting.Source{Name: src.name, Reader: bar.reader(src.file), Format: posting.FormatOf(path)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.Close()) }()
	answers, err := p.answers(answersPath, src.name, quiet)
	if err != nil {
		return err
	}
	poster := s.NewPoster(context.WithoutCancel(ctx), creditbank.PosterConfig{})
	through := patient{s.FileLearners(), poster}
	sum, err := posting.Post(ctx, table, posting.Run{
		By: s.by, Request: "post " + filepath.Base(src.name), Learners: through, Poster: through, Allow: s.mayPost,
		Fault: func(err error) { fmt.Fprintln(p.stderr, "creditbank:", err) },
	}, answers.take)
	poster.Close() // whatever was accepted is written, also after Ctrl-C
	bar.finish()
	if err := errors.Join(err, answers.finish(sum)); err != nil {
		return err
	}
	if err := s.follow(ctx); err != nil { // a revision may have undone what was certified
		return err
	}
	if sum.Statuses[posting.Refused]+sum.Statuses[posting.Unknown] > 0 {
		return errReported
	}
	return nil
}

// patient finishes the rows that were begun, also after Ctrl-C: each gets its
// own answer, and those not begun are left out.
type patient struct {
	learners posting.Learners
	poster   *creditbank.Poster
}

// Find implements [posting.Learners].
func (p patient) Find(ctx context.Context, ref posting.Reference) (creditbank.LearnerID, error) {
	return p.learners.Find(context.WithoutCancel(ctx), ref)
}

// Post implements [posting.Poster].
func (p patient) Post(ctx context.Context, by creditbank.Caller, row creditbank.Posting, request string) (creditbank.Posted, error) {
	return p.poster.Post(context.WithoutCancel(ctx), by, row, request)
}

// mayPost keeps an institution to its own outcomes.
func (s *session) mayPost(posting creditbank.Posting) error {
	own, ok := strings.CutPrefix(s.by.ID, "institution:")
	if !ok || posting.Institution == creditbank.InstitutionID(own) {
		return nil
	}
	return creditbank.Conflict(codeNotYours, "institution", fmt.Sprintf("%s 不能代 %s 登记", own, posting.Institution), fmt.Sprintf("%s cannot post for %s", own, posting.Institution))
}

// codeNotYours is the code of a posting for another institution.
const codeNotYours creditbank.Code = "NOT_YOURS"

// answers takes the answers to a file as they come, for people, as JSON, and
// into a file.
type answers struct {
	p      *program
	out    *term.Screen
	name   string
	quiet  bool
	file   *os.File
	writer *posting.AnswerWriter
	n      int
}

func (p *program) answers(path, name string, quiet bool) (*answers, error) {
	out, err := p.screen()
	if err != nil {
		return nil, err
	}
	a := &answers{p: p, out: out, name: name, quiet: quiet}
	if path == "" {
		return a, nil
	}
	if a.file, err = os.Create(path); err != nil {
		return nil, fmt.Errorf("answers: %w", err)
	}
	format := posting.FormatOf(path)
	if format == posting.XLSX {
		return nil, errors.Join(creditbank.Invalid(codeUsage, "--answers", "答复文件只能是 .csv 或 .ndjson", "answers are written as .csv or .ndjson"), a.file.Close())
	}
	a.writer, err = posting.NewAnswerWriter(a.file, format)
	return a, err
}

func (a *answers) take(answer posting.Answer) error {
	a.n++
	if a.writer != nil {
		if err := a.writer.Write(answer); err != nil {
			return err
		}
	}
	if a.p.asJSON {
		return a.json(answer)
	}
	a.show(answer)
	return a.out.Err()
}

// json writes one more answer of the document that finish closes.
func (a *answers) json(answer posting.Answer) error {
	lead := ",\n    "
	if a.n == 1 {
		lead = "{\n  \"answers\": [\n    "
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.p.stdout, "%s%s", lead, data)
	return err
}

func (a *answers) show(answer posting.Answer) {
	switch answer.Status {
	case posting.Refused, posting.Unknown:
		fmt.Fprintf(a.p.stderr, "%s:%d: %s [%s]\n  %s\n", a.name, answer.Line, answer.Message.ZH, answer.Code, answer.Message.EN)
	case posting.Rejected:
		a.out.Mark(0, "✗", term.Bad, tx(answer.ExternalID+" 未认定："+answer.Message.ZH, answer.ExternalID+" rejected: "+answer.Message.EN))
	default:
		if a.quiet && !strings.Contains(answer.Code, creditbank.PeriodCapTruncated.String()) {
			return
		}
		mark, style := "✓", term.Good
		if answer.Status == posting.Duplicate {
			mark, style = "=", term.Dim
		}
		a.out.Mark(0, mark, style, tx(answer.ExternalID+" "+answer.Message.ZH, answer.ExternalID+" "+answer.Message.EN))
	}
}

// finish writes the summary, and makes the file of answers durable.
func (a *answers) finish(sum posting.Summary) error {
	if a.file != nil {
		if err := errors.Join(a.writer.Flush(), a.file.Sync(), a.file.Close()); err != nil {
			return fmt.Errorf("answers: %w", err)
		}
	}
	if a.p.asJSON {
		data, err := json.Marshal(sum)
		if err != nil {
			return err
		}
		lead := "\n  ],"
		if a.n == 0 {
			lead = "{\n  \"answers\": [],"
		}
		_, err = fmt.Fprintf(a.p.stdout, "%s\n  \"summary\": %s\n}\n", lead, data)
		return err
	}
	n := sum.Statuses
	a.out.Blank()
	a.out.Say(0, txf("共%d行：认定%d，未认定%d，已登记过%d，有误未登记%d，待重发%d",
		"%d rows: %d recognised, %d rejected, %d on record before, %d refused as wrong, %d to be sent again",
		sum.Rows, n[posting.Accepted], n[posting.Rejected], n[posting.Duplicate], n[posting.Refused], n[posting.Unknown]))
	return a.out.Err()
}
