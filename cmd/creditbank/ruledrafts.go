package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// A draftView is a draft of rules.
type draftView struct {
	Draft          int                      `json:"draft"`
	Institution    creditbank.InstitutionID `json:"institution,omitempty"`
	State          creditbank.RuleState     `json:"state"`
	Title          creditbank.Text          `json:"title"`
	Base           int                      `json:"base"`
	Revision       int                      `json:"revision"`
	Hash           creditbank.Hash          `json:"hash"`
	By             string                   `json:"by"`
	At             time.Time                `json:"at"`
	Quorum         int                      `json:"quorum"`
	Approvals      int                      `json:"approvals"`
	PublicUntil    creditbank.Date          `json:"public_until,omitzero"`
	OpenObjections int                      `json:"open_objections"`
	RuleSet        int                      `json:"rule_set,omitempty"`
}

func newDraftView(d *creditbank.RuleDraft) draftView {
	now := d.Current()
	return draftView{
		d.Number, d.Institution, d.State, now.Title, now.Base, now.Number, now.Hash(), now.By.ID, now.At,
		d.Policy.Quorum, d.Approvals(), d.PublicUntil, d.OpenObjections(), d.RuleSet,
	}
}

// writeDraft writes a draft in a line or two.
func writeDraft(out *term.Screen, v draftView) {
	state := v.State.Text()
	zh := fmt.Sprintf("草案%d“%s”第%d稿：%s", v.Draft, v.Title.ZH, v.Revision, state.ZH)
	en := fmt.Sprintf("draft %d, %s, revision %d: %s", v.Draft, v.Title.EN, v.Revision, state.EN)
	switch v.State {
	case creditbank.RuleInReview:
		zh, en = fmt.Sprintf("%s，%d/%d人通过", zh, v.Approvals, v.Quorum), fmt.Sprintf("%s, %d of %d approve", en, v.Approvals, v.Quorum)
	case creditbank.RuleInPublicity:
		zh, en = fmt.Sprintf("%s至%s，%d项异议待答复", zh, v.PublicUntil, v.OpenObjections), fmt.Sprintf("%s through %s, objections to answer: %d", en, v.PublicUntil, v.OpenObjections)
	case creditbank.RulePublished:
		zh, en = fmt.Sprintf("%s为第%d版", zh, v.RuleSet), fmt.Sprintf("%s as version %d", en, v.RuleSet)
	}
	out.Mark(0, "✓", term.Good, tx(zh, en))
}

// asked returns the request to change something about rules.
func (s *session) asked() creditbank.RuleRequest {
	return creditbank.RuleRequest{By: s.by, Key: s.p.key}
}

// draftNumber reads an argument that names a draft.
func draftNumber(arg string) (int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return 0, creditbank.Invalid(codeUsage, "", fmt.Sprintf("“%s”不是草案编号", arg), fmt.Sprintf("%q is no number of a draft", arg))
	}
	return n, nil
}

// onDraft is a command's run function that changes the draft that its first
// argument names and shows it as it is then.
func (p *program) onDraft(change func(ctx context.Context, s *session, d *creditbank.RuleDraft, args []string) (*creditbank.RuleDraft, error)) func(*cobra.Command, []string) error {
	return p.onBank(func(ctx context.Context, s *session, args []string) error {
		n, err := draftNumber(args[0])
		if err != nil {
			return err
		}
		d, err := s.Catalogue().Draft(n)
		if err != nil {
			return err
		}
		if d, err = change(ctx, s, d, args[1:]); err != nil {
			return err
		}
		return p.showDraft(d)
	})
}

func (p *program) showDraft(d *creditbank.RuleDraft) error {
	v := newDraftView(d)
	return p.show(v, func(out *term.Screen) { writeDraft(out, v) })
}

// A proposalFlags says what a draft says beside its files.
type proposalFlags struct {
	title, titleEN, comment, institution string
	basis                                []string
	base                                 int
}

func (f *proposalFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.title, "title", "", "标题 `TITLE`")
	c.Flags().StringVar(&f.titleEN, "title-en", "", "英文标题，缺省同上; `TITLE` in English")
	c.Flags().StringVar(&f.comment, "comment", "", "说明 `TEXT`: what for")
	c.Flags().StringArrayVar(&f.basis, "basis", nil, "依据，可多次给出; legal basis `TEXT`, once for each")
	c.Flags().IntVar(&f.base, "base", -1, "依据的规则版本，缺省为现行版; the `VERSION` it was written on, the one in force if left out")
}

// proposal reads the files, and returns what the draft says.
func (f *proposalFlags) proposal(s *session, args []string, before creditbank.RuleProposal) (creditbank.RuleProposal, error) {
	files, err := readRuleFiles(args)
	if err != nil {
		return creditbank.RuleProposal{}, err
	}
	p := creditbank.RuleProposal{
		Base: f.base, Files: files.Files, Comment: cmp.Or(f.comment, before.Comment), LegalBasis: f.basis,
		Title: creditbank.Text{ZH: cmp.Or(f.title, before.Title.ZH), EN: cmp.Or(f.titleEN, f.title, before.Title.EN)},
	}
	if f.basis == nil {
		p.LegalBasis = before.LegalBasis
	}
	if f.base < 0 {
		p.Base = 0
		if rules := s.Catalogue().Rules; rules != nil {
			p.Base = rules.Version()
		}
	}
	return p, nil
}

func (p *program) rulesDraftCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "draft DIR|RULES.yaml PROGRAMMES.yaml",
		Short:   "起草 draft rules, to be reviewed and made public before they are published",
		Example: "  creditbank rules draft ./qinghe --title '放宽要求' --basis '青禾教〔2026〕3号' --as user:zhang",
		Args:    atLeast("DIR"),
	}
	var f proposalFlags
	f.add(c)
	c.Flags().StringVar(&f.institution, "institution", "", "为哪个机构起草（只能修改其专业）; for `INSTITUTION`, whose programmes it may change; the whole bank's if left out")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		proposal, err := f.proposal(s, args, creditbank.RuleProposal{})
		if err != nil {
			return err
		}
		d, err := s.DraftRules(ctx, s.asked(), creditbank.InstitutionID(f.institution), proposal)
		if err != nil {
			return err
		}
		return p.showDraft(d)
	})
	return p.addKey(c)
}

func (p *program) rulesReviseCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "revise DRAFT DIR|RULES.yaml PROGRAMMES.yaml",
		Short:   "修改草案 add the next revision of a draft",
		Example: "  creditbank rules revise 1 ./qinghe --as user:zhang",
		Args:    atLeast("DRAFT", "DIR"),
	}
	var f proposalFlags
	f.add(c)
	c.RunE = p.onDraft(func(ctx context.Context, s *session, d *creditbank.RuleDraft, args []string) (*creditbank.RuleDraft, error) {
		proposal, err := f.proposal(s, args, d.Current().RuleProposal)
		if err != nil {
			return nil, err
		}
		return s.ReviseDraft(ctx, s.asked(), d.Number, proposal)
	})
	return p.addKey(c)
}

// addPolicy adds the flags that say what a draft must pass. The bank is opened
// under them.
func (p *program) addPolicy(c *cobra.Command) {
	policy := creditbank.RulePolicy{}
	c.Flags().IntVar(&policy.Quorum, "quorum", 1, "须有几人通过：0、1、3或5; how many must approve: 0, 1, 3 or 5")
	c.Flags().IntVar(&policy.PublicityDays, "publicity-days", 7, "公示天数; days of publicity")
	c.Flags().BoolVar(&policy.Automatic, "automatic", false, "公示期满自动发布（publish-due）; published by publish-due once publicity has ended")
	c.PreRunE = func(*cobra.Command, []string) error {
		if !policy.Valid() {
			return creditbank.Invalid(codeUsage, "", "--quorum 应为0、1、3或5，--publicity-days 应为0至365", "--quorum is 0, 1, 3 or 5, and --publicity-days 0 to 365")
		}
		p.world.Rules = policy
		return nil
	}
}

func (p *program) rulesSubmitCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "submit DRAFT",
		Short:   "提交审核 hand the newest revision of a draft in for review",
		Example: "  creditbank rules submit 1 --quorum 3 --publicity-days 7 --as user:zhang",
		Args:    exactly("DRAFT"),
	}
	p.addPolicy(c)
	c.RunE = p.onDraft(func(ctx context.Context, s *session, d *creditbank.RuleDraft, _ []string) (*creditbank.RuleDraft, error) {
		return s.SubmitDraft(ctx, s.asked(), d.Number, len(d.Revisions))
	})
	return p.addKey(c)
}

func (p *program) rulesReviewCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "review DRAFT",
		Short: "审核草案 approve of the newest revision of a draft, or return it",
		Long: "起草、修改或提交草案的人不能审核，每人只审核一次；--return 说明理由并退回。\n" +
			"Nobody reviews what they wrote or submitted, and nobody twice; --return sends it back with the reasons.",
		Example: "  creditbank rules review 1 --as user:li\n  creditbank rules review 1 --return '依据不足' --as user:li",
		Args:    exactly("DRAFT"),
	}
	back := c.Flags().String("return", "", "退回的理由; return it, with the `REASONS`")
	note := c.Flags().String("note", "", "审核意见 `TEXT` for the record")
	c.RunE = p.onDraft(func(ctx context.Context, s *session, d *creditbank.RuleDraft, _ []string) (*creditbank.RuleDraft, error) {
		return s.ReviewDraft(ctx, s.asked(), d.Number, creditbank.DraftVerdict{Revision: len(d.Revisions), Approve: *back == "", Note: cmp.Or(*back, *note)})
	})
	return p.addKey(c)
}

func (p *program) rulesObjectCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "object DRAFT TEXT",
		Short:   "提出异议 object to a draft in publicity",
		Example: "  creditbank rules object 1 '标准降低太多' --as user:wang",
		Args:    exactly("DRAFT", "TEXT"),
	}
	c.RunE = p.onDraft(func(ctx context.Context, s *session, d *creditbank.RuleDraft, args []string) (*creditbank.RuleDraft, error) {
		after, _, err := s.Object(ctx, s.asked(), d.Number, args[0])
		return after, err
	})
	return p.addKey(c)
}

func (p *program) rulesAnswerCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "answer DRAFT OBJECTION REASON",
		Short:   "答复异议 dismiss an objection with reasons, or uphold it, which returns the draft",
		Example: "  creditbank rules answer 1 1 '依据见会议纪要' --as user:zhao\n  creditbank rules answer 1 1 '确有不妥' --uphold --as user:zhao",
		Args:    exactly("DRAFT", "OBJECTION", "REASON"),
	}
	uphold := c.Flags().Bool("uphold", false, "异议成立，退回草案; the objection is right")
	c.RunE = p.onDraft(func(ctx context.Context, s *session, d *creditbank.RuleDraft, args []string) (*creditbank.RuleDraft, error) {
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return nil, creditbank.Invalid(codeUsage, "", fmt.Sprintf("“%s”不是异议编号", args[0]), fmt.Sprintf("%q is no number of an objection", args[0]))
		}
		return s.AnswerObjection(ctx, s.asked(), d.Number, n, *uphold, args[1])
	})
	return p.addKey(c)
}

func (p *program) rulesWithdrawCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "withdraw DRAFT REASON",
		Short:   "撤回草案 withdraw a draft for good; for who wrote or submitted it",
		Example: "  creditbank rules withdraw 1 '另行起草' --as user:zhang",
		Args:    exactly("DRAFT", "REASON"),
	}
	c.RunE = p.onDraft(func(ctx context.Context, s *session, d *creditbank.RuleDraft, args []string) (*creditbank.RuleDraft, error) {
		return s.WithdrawDraft(ctx, s.asked(), d.Number, args[0])
	})
	return p.addKey(c)
}

// publishDraft publishes an approved draft.
func (p *program) publishDraft(ctx context.Context, s *session, n int) error {
	d, err := s.Catalogue().Draft(n)
	if err != nil {
		return err
	}
	if _, err := s.PublishDraft(ctx, s.asked(), n, len(d.Revisions)); err != nil {
		return err
	}
	if d, err = s.Catalogue().Draft(n); err != nil {
		return err
	}
	return p.showDraft(d)
}

func (p *program) rulesPublishDueCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "publish-due",
		Short:   "到期发布 publish the automatic drafts whose publicity has ended",
		Example: "  creditbank rules publish-due",
		Args:    exactly(),
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		published, err := s.PublishDue(ctx, s.by)
		if err != nil {
			return err
		}
		v := struct {
			Published []int `json:"published"`
		}{orEmpty(published)}
		return p.show(v, func(out *term.Screen) {
			out.Mark(0, "✓", term.Good, txf("发布%d份草案", "drafts published: %d", len(published)))
		})
	})
	return c
}

func (p *program) rulesDraftsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "drafts [DRAFT]",
		Short:   "草案 all drafts of rules, or one with what was done to it",
		Example: "  creditbank rules drafts\n  creditbank rules drafts 1",
		Args:    cobra.ArbitraryArgs,
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		if len(args) == 0 {
			return p.showDrafts(s.Catalogue().Drafts)
		}
		if err := noMore(args, 1); err != nil {
			return err
		}
		n, err := draftNumber(args[0])
		if err != nil {
			return err
		}
		return p.showWholeDraft(ctx, s, n)
	})
	return c
}

func (p *program) showDrafts(drafts []*creditbank.RuleDraft) error {
	views := make([]draftView, 0, len(drafts))
	for _, d := range drafts {
		views = append(views, newDraftView(d))
	}
	v := struct {
		Drafts []draftView `json:"drafts"`
	}{views}
	return p.show(v, func(out *term.Screen) {
		var rows [][]term.Cell
		for _, d := range views {
			rows = append(rows, []term.Cell{
				{Text: strconv.Itoa(d.Draft), Style: term.Accent}, term.Of(out.Inline(d.State.Text())), term.Of(out.Stack(d.Title)), term.Of(strconv.Itoa(d.Revision)),
				term.Of(d.By), term.Of(d.PublicUntil.String()),
			})
		}
		out.Table(0, []term.Column{
			{Head: tx("草案", "draft")}, {Head: tx("状态", "state")}, {Head: tx("标题", "title"), Flex: true}, {Head: tx("稿", "rev.")},
			{Head: tx("起草", "by")}, {Head: tx("公示至", "public through")},
		}, rows)
	})
}

// An actView is something that was done to a draft.
type actView struct {
	At   time.Time              `json:"at"`
	By   string                 `json:"by"`
	Act  creditbank.RuleActKind `json:"act"`
	Note string                 `json:"note,omitempty"`
}

// showWholeDraft shows a draft, what is wrong with its files or else what they
// change, and what was done to it.
func (p *program) showWholeDraft(ctx context.Context, s *session, n int) error {
	d, err := s.Catalogue().Draft(n)
	if err != nil {
		return err
	}
	v := struct {
		draftView
		Comment    string        `json:"comment,omitempty"`
		LegalBasis []string      `json:"legal_basis"`
		Checks     []problemView `json:"checks"`
		Changes    []changeView  `json:"changes"`
		Acts       []actView     `json:"acts"`
	}{draftView: newDraftView(d), Comment: d.Current().Comment, LegalBasis: orEmpty(d.Current().LegalBasis), Checks: []problemView{}, Changes: []changeView{}}
	changes, err := s.DraftChanges(n, 0)
	problems := creditbank.Placed(err)
	if err != nil && len(problems) == 0 {
		return err
	}
	v.Checks, v.Changes = newProblems(problems), newChangeViews(changes)
	for _, a := range s.Catalogue().ActsOn(n) {
		note := a.Body.Note
		if a.Body.Kind == creditbank.RuleActObjected {
			o, _ := d.Objection(objectionOf(s.Catalogue(), a))
			if note, err = s.ObjectionText(ctx, o); err != nil && !errors.Is(err, creditbank.ErrNotFound) {
				return err
			}
		}
		v.Acts = append(v.Acts, actView{a.At, a.By.ID, a.Body.Kind, note})
	}
	return p.show(v, func(out *term.Screen) {
		writeDraft(out, v.draftView)
		for _, b := range v.LegalBasis {
			out.Say(2, tx("依据："+b, "legal basis: "+b))
		}
		for _, e := range problems {
			writeProblem(p.stdout, e)
		}
		writeChanges(out, v.Changes)
		out.Blank()
		writeActs(out, v.Acts)
	})
}

// objectionOf returns the number of the objection that an act raised.
func objectionOf(cat *creditbank.Catalogue, a creditbank.RuleAct) int {
	n := 0
	for _, before := range cat.ActsOn(a.Body.Draft) {
		if before.Body.Kind == creditbank.RuleActObjected && before.Seq <= a.Seq {
			n++
		}
	}
	return n
}

func writeActs(out *term.Screen, acts []actView) {
	var rows [][]term.Cell
	for _, a := range acts {
		rows = append(rows, []term.Cell{term.Of(a.At.Format(time.DateOnly)), term.Of(a.By), term.Of(out.Inline(a.Act.Text())), term.Of(a.Note)})
	}
	out.Table(0, []term.Column{{Head: headDay}, {Head: tx("何人", "by")}, {Head: tx("事项", "what")}, {Head: tx("说明", "note"), Flex: true}}, rows)
}
