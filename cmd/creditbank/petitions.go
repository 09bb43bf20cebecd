package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) petitionsCommand() *cobra.Command {
	return group("petitions", "认定申请 recognition of what nobody posted, with evidence",
		"  creditbank petitions list\n  creditbank petitions accept L2 41 --course S07 --as reviewer:zhang",
		p.petitionsListCommand(), p.petitionsShowCommand(), p.petitionsAskCommand(), p.evidenceAddCommand(), p.evidenceOpenCommand(),
		p.petitionStep("supplement", "补正 bring it back to its institution", func(ctx context.Context, s *session, st step) error {
			_, err := s.SupplementPetition(ctx, st.change, st.seq, st.flag("text"))
			return err
		}, "text"),
		p.petitionStep("withdraw", "撤回 withdraw it, while it is not decided", func(ctx context.Context, s *session, st step) error {
			_, err := s.WithdrawPetition(ctx, st.change, st.seq, st.flag("reason"))
			return err
		}, "reason"),
		p.petitionStep("return", "退回补正 ask the applicant for a supplement", func(ctx context.Context, s *session, st step) error {
			_, err := s.ReturnPetition(ctx, st.change, st.seq, st.flag("reason"))
			return err
		}, "reason"),
		p.petitionStep("refuse", "不予认定 refuse it, with a reason", func(ctx context.Context, s *session, st step) error {
			_, err := s.RefusePetition(ctx, st.change, st.seq, st.flag("reason"))
			return err
		}, "reason"),
		p.petitionStep("recuse", "回避 have no say in it, and not see it any more", func(ctx context.Context, s *session, st step) error {
			_, err := s.RecusePetition(ctx, st.change, st.seq, st.flag("reason"))
			return err
		}, "reason"),
		p.petitionPreviewCommand(), p.petitionAcceptCommand())
}

// petitionStep returns a command that does something about one petition, and shows
// how it stands then.
func (p *program) petitionStep(name, short string, do func(context.Context, *session, step) error, flags ...string) *cobra.Command {
	c := &cobra.Command{
		Use: name + " LEARNER N", Short: short, Args: exactly("LEARNER", "N"),
		Example: "  creditbank petitions " + name + " L2 41 --" + flags[0] + " …",
	}
	values := map[string]*string{}
	for _, f := range flags {
		values[f] = c.Flags().String(f, "", stepFlags[f])
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, seq, err := s.numbered(ctx, args)
		if err != nil {
			return err
		}
		if err := do(ctx, s, step{s.change(l.ID), seq, nil, values}); err != nil {
			return err
		}
		return p.showPetition(ctx, s, l, seq)
	})
	return p.addKey(c)
}

// claimFlags are the flags that say what was learned.
type claimFlags struct{ course, day, score, hours, until string }

func (f *claimFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.course, "course", "", "对应的课程 `CODE` of the course it corresponds to")
	c.Flags().StringVar(&f.score, "score", "", "成绩 the `SCORE`")
	c.Flags().StringVar(&f.hours, "hours", "", "出勤学时 attended `HOURS`")
	c.Flags().StringVar(&f.until, "valid-until", "", "证书自身的有效期截止日 the certificate's own last `DAY`; none where it names none")
}

// noLastDay is how a certificate that names no last day is written.
const noLastDay = "none"

// findings reads the flags; what was not given stands as it was claimed.
func (f *claimFlags) findings() (found creditbank.Findings, err error) {
	if f.course != "" {
		code := creditbank.CourseCode(f.course)
		found.Course = &code
	}
	if f.day != "" {
		day, err := creditbank.ParseDate(f.day)
		if err != nil {
			return found, err
		}
		found.IssuedOn = &day
	}
	if f.score != "" {
		score, err := creditbank.ParseScore(f.score)
		if err != nil {
			return found, err
		}
		found.Score = &score
	}
	if f.hours != "" {
		hours, err := creditbank.ParseHours(f.hours)
		if err != nil {
			return found, err
		}
		found.Attended = &hours
	}
	if f.until != "" {
		var day creditbank.Date
		if f.until != noLastDay {
			if day, err = creditbank.ParseDate(f.until); err != nil {
				return found, err
			}
		}
		found.ValidUntil = &day
	}
	return found, nil
}

func (p *program) petitionsAskCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "ask LEARNER INSTITUTION DATE", Short: "申请 ask an institution to recognise something", Args: exactly("LEARNER", "INSTITUTION", "DATE"),
		Example: "  creditbank petitions ask L2 I15 2025-06-01 --title 市职工技能大赛一等奖",
	}
	var claim claimFlags
	claim.add(c)
	title := c.Flags().String("title", "", "证书、经历或奖项的名称，加密保存; what it is called, kept encrypted")
	text := c.Flags().String("text", "", "说明，加密保存; what the learner says of it, kept encrypted")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		claim.day = args[2]
		found, err := claim.findings()
		if err != nil {
			return err
		}
		act, err := s.Petition(ctx, s.change(l.ID), creditbank.Petitioning{
			Claimed: creditbank.Claimed{
				Institution: creditbank.InstitutionID(args[1]), Course: given(found.Course), IssuedOn: given(found.IssuedOn), Score: given(found.Score), Attended: given(found.Attended),
				ValidUntil: given(found.ValidUntil),
			},
			PetitionWords: creditbank.PetitionWords{Title: *title, Text: *text},
		})
		if err != nil {
			return err
		}
		return p.showPetition(ctx, s, l, act.Seq)
	})
	return p.addKey(c)
}

// given returns what v points at, or nothing.
func given[T any](v *T) (out T) {
	if v != nil {
		out = *v
	}
	return out
}

func (p *program) evidenceAddCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "add LEARNER N FILE", Short: "附材料 add a file: JPEG, PNG or PDF of at most 10 MB", Args: exactly("LEARNER", "N", "FILE"),
		Example: "  creditbank petitions add L2 41 certificate.jpg",
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, seq, err := s.numbered(ctx, args)
		if err != nil {
			return err
		}
		file, err := readEvidence(args[2])
		if err != nil {
			return err
		}
		if _, err := s.AddEvidence(ctx, s.change(l.ID), seq, file); err != nil {
			return err
		}
		return p.showPetition(ctx, s, l, seq)
	})
	return p.addKey(c)
}

// readEvidence reads a file, no more of it than may be evidence.
func readEvidence(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, creditbank.MaxEvidenceBytes+1))
}

func (p *program) evidenceOpenCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "open LEARNER N ENTRY FILE", Short: "取出材料 write a file of evidence in the clear; it goes on record", Args: exactly("LEARNER", "N", "ENTRY", "FILE"),
		Long: "解密后写入新文件（仅本人可读）；谁看过，学习者可见。\n" +
			"Writes it into a new file that only you can read. The learner sees that somebody looked.",
		Example: "  creditbank petitions open L2 41 42 seen.pdf --as reviewer:zhang",
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, seq, err := s.numbered(ctx, args)
		if err != nil {
			return err
		}
		entry, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return creditbank.Invalid(codeUsage, "ENTRY", "不是序号", "is no number of an entry")
		}
		file, err := s.openEvidence(ctx, l.ID, seq, entry)
		if err != nil {
			return err
		}
		if err := writeSecret(args[3], file.Data); err != nil {
			return err
		}
		v := struct {
			File  string               `json:"file"`
			Type  creditbank.MediaType `json:"type"`
			Bytes int                  `json:"bytes"`
		}{args[3], file.Type, len(file.Data)}
		return p.show(v, func(out *term.Screen) {
			out.Mark(0, "✓", term.Good, txf("%s（%s，%d字节）", "%s (%s, %d bytes)", v.File, v.Type, v.Bytes))
		})
	})
	return c
}

// openEvidence opens a file of evidence for who may see it, who is on record before:
// not for who recused themselves, nor of what came to nothing.
func (s *session) openEvidence(ctx context.Context, id creditbank.LearnerID, seq, entry int64) (creditbank.File, error) {
	a, err := s.Account(ctx, id)
	if err != nil {
		return creditbank.File{}, err
	}
	q := a.Petition(seq)
	if q == nil {
		return creditbank.File{}, noPetition()
	}
	if s.by != q.By {
		if !q.Shown(s.by) {
			return creditbank.File{}, creditbank.Forbidden(creditbank.CodeReviewerExcluded, "N", "只有申请人和办理人员可以看证明材料", "evidence is for the applicant and those who decide")
		}
		told := creditbank.Disclosure{
			Learner: id, Recipient: q.Claim.Institution, Purpose: creditbank.PurposeConversion, Basis: creditbank.BasisTarget, Fields: []creditbank.Field{creditbank.FieldEvidence},
		}
		if err := s.Disclose(ctx, s.by, told); err != nil {
			return creditbank.File{}, err
		}
	}
	return s.OpenEvidence(ctx, id, seq, entry)
}

// writeSecret writes a new file that only its owner can read, or none.
func writeSecret(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return creditbank.Conflict(creditbank.CodeState, "FILE", "文件已存在，不覆盖", "the file exists, and is not written over")
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func noPetition() error {
	return creditbank.NotFound(creditbank.CodeUnknownPetition, "N", "没有这项认定申请", "there is no such petition")
}

func (p *program) petitionPreviewCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "preview LEARNER N", Short: "试算 what accepting it would post", Args: exactly("LEARNER", "N"),
		Example: "  creditbank petitions preview L2 41 --course S07 --score 80",
	}
	p.onFindings(c, func(ctx context.Context, s *session, l learnerView, seq int64, found creditbank.Findings) (creditbank.Outcome, error) {
		o, err := s.PreviewPetition(ctx, s.by, l.ID, seq, found)
		o.Seq = 0 // there is no such entry
		return o, err
	})
	return c
}

func (p *program) petitionAcceptCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "accept LEARNER N", Short: "受理并登记 accept it, which posts it", Args: exactly("LEARNER", "N"),
		Long: "未给出的按申请登记；积分照常由规则认定，可先用 preview 试算。\n" +
			"What is not given stands as it was claimed. The rules recognise it as any posting; preview says how before.",
		Example: "  creditbank petitions accept L2 41 --course S07 --as reviewer:zhang",
	}
	p.onFindings(c, func(ctx context.Context, s *session, l learnerView, seq int64, found creditbank.Findings) (creditbank.Outcome, error) {
		return s.AcceptPetition(ctx, s.change(l.ID), seq, found)
	})
	return p.addKey(c)
}

// onFindings makes c a command that takes what was found of a petition by flags,
// and shows the outcome that do makes of it.
func (p *program) onFindings(c *cobra.Command, do func(context.Context, *session, learnerView, int64, creditbank.Findings) (creditbank.Outcome, error)) {
	var claim claimFlags
	claim.add(c)
	c.Flags().StringVar(&claim.day, "date", "", "取得日期 the `DATE` of issue")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, seq, err := s.numbered(ctx, args)
		if err != nil {
			return err
		}
		found, err := claim.findings()
		if err != nil {
			return err
		}
		o, err := do(ctx, s, l, seq, found)
		if err != nil {
			return err
		}
		v := s.recognisedView(o)
		return p.show(v, func(out *term.Screen) { writeRecognised(out, v) })
	})
}

// A recognisedView is what accepting a petition posts.
type recognisedView struct {
	Seq        int64                 `json:"seq,omitempty"`
	ExternalID string                `json:"external_id"`
	Course     creditbank.CourseCode `json:"course"`
	Recognised bool                  `json:"recognised"`
	Credits    creditbank.Credits    `json:"credits"`
	Reasons    []creditbank.Text     `json:"reasons"`
}

func (s *session) recognisedView(o creditbank.Outcome) recognisedView {
	v := recognisedView{o.Seq, o.ExternalID, o.Course, o.Granted, o.Credits, []creditbank.Text{}}
	v.Reasons = append(v.Reasons, creditbank.ExplainOutcome(s.Catalogue(), o)...)
	return v
}

func writeRecognised(out *term.Screen, v recognisedView) {
	posted := creditbank.Text{ZH: "试算", EN: "preview"}
	if v.Seq != 0 {
		posted = txf("已登记为第%d项（%s）", "posted as entry %d (%s)", v.Seq, v.ExternalID)
	}
	if v.Recognised {
		out.Mark(0, "✓", term.Good, tx(fmt.Sprintf("%s：%s 认定%v学分", posted.ZH, v.Course, v.Credits), fmt.Sprintf("%s: %s, %v credits recognised", posted.EN, v.Course, v.Credits)))
	} else {
		out.Mark(0, "✗", term.Bad, tx(fmt.Sprintf("%s：%s 未获认定", posted.ZH, v.Course), fmt.Sprintf("%s: %s, not recognised", posted.EN, v.Course)))
	}
	for _, r := range v.Reasons {
		out.Say(4, r)
	}
}
