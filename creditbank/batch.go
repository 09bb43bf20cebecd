package creditbank

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// maxBatch bounds a batch of reviews.
const maxBatch = 200

// A BatchItem is one application of a batch.
type BatchItem struct {
	Learner     LearnerID
	Application int64
}

// A Batch decides many identical applications at once.
type Batch struct {
	By      Caller
	Key     string // as in [Change]; it counts for each learner
	Cases   []BatchItem
	Verdict Verdict
}

// A BatchAnswer is the fate of one application of a batch.
type BatchAnswer struct {
	BatchItem
	Act Act   // the last that the vote brought
	Err error // why there is none
}

// A caseKey is what identical cases have in common: the rule as it stood, the
// courses that are used, and what is granted where. Grades are each learner's own,
// carried as the rule says, and not compared.
type caseKey struct {
	rule    RuleID
	hash    Hash
	courses []CourseCode
	lines   []Line
}

func newCaseKey(d *Decision) *caseKey {
	k := &caseKey{rule: d.Rule, hash: d.RuleHash}
	for _, s := range d.Sources {
		k.courses = append(k.courses, s.Course)
	}
	slices.Sort(k.courses)
	for _, l := range d.Lines {
		l.Grade = ""
		k.lines = append(k.lines, l)
	}
	return k
}

// matches reports whether d is such a case.
func (k *caseKey) matches(d *Decision) bool {
	other := newCaseKey(d)
	return k.rule == other.rule && k.hash == other.hash && slices.Equal(k.courses, other.courses) &&
		slices.EqualFunc(k.lines, other.lines, func(a, b Line) bool {
			return a.Slot == b.Slot && a.Credits == b.Credits && a.Open == b.Open && a.Category == b.Category && slices.Equal(a.Categories, b.Categories)
		})
}

func casesDiffer(field, zh, en string) error { return Conflict(CodeCasesDiffer, field, zh, en) }

// ReviewBatch casts one vote on each of many applications that are the same case: by
// the same rule, from the same courses, with the same lines. Whether they are is
// checked first, and if one is not, CASES_DIFFER names it and nothing is done. Then
// each has a fate of its own, in the order given; one that would by now grant
// something else than the rest is left for a review of its own. Sent again under its
// key a batch answers as the first time; with other cases or another verdict it is
// KEY_REUSED wherever it meets a learner of the first.
func (b *Bank) ReviewBatch(ctx context.Context, batch Batch) ([]BatchAnswer, error) {
	if err := errors.Join(batch.By.check(), checkText("note", batch.Verdict.Note, 1000)); err != nil {
		return nil, err
	}
	if n := len(batch.Cases); n == 0 || n > maxBatch {
		return nil, Invalid(CodeMalformed, "applications", fmt.Sprintf("一批应有1至%d项申请", maxBatch), fmt.Sprintf("a batch has 1 to %d applications", maxBatch))
	}
	key, err := b.sameCases(ctx, batch.Cases)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("batch %v %s", batch.Cases, reviewRequest(0, batch.Verdict))
	answers := make([]BatchAnswer, 0, len(batch.Cases))
	for _, one := range batch.Cases {
		act, err := b.changeLast(ctx, Change{batch.By, one.Learner, batch.Key}, what, func(d *draft, _ History) error {
			return b.vote(ctx, d, one.Application, batch.Verdict, key)
		})
		var input *InputError
		switch {
		case errors.As(err, &input) && input.Code == CodeKeyReused:
			return nil, err
		case err != nil && !errors.As(err, &input):
			return nil, fmt.Errorf("application %d of %s: %w", one.Application, one.Learner, err) // sent again it goes on
		}
		answers = append(answers, BatchAnswer{one, act, err})
	}
	return answers, nil
}

// sameCases returns what the applications have in common.
func (b *Bank) sameCases(ctx context.Context, cases []BatchItem) (*caseKey, error) {
	var key *caseKey
	seen := map[LearnerID]bool{}
	for i, one := range cases {
		field := fmt.Sprintf("applications.%d", i)
		if seen[one.Learner] {
			return nil, Invalid(CodeDuplicate, field, "同一学习者在一批中只能出现一次", "a learner stands in a batch once")
		}
		seen[one.Learner] = true
		a, err := b.Account(ctx, one.Learner)
		if errors.Is(err, ErrNotFound) {
			return nil, NotFound(CodeUnknownLearner, field, "没有该学习者的账户", "the learner has no account")
		}
		if err != nil {
			return nil, err
		}
		p := a.Application(one.Application)
		switch {
		case p == nil:
			return nil, NotFound(CodeUnknownApplication, field, "没有这项申请", "there is no such application")
		case key == nil:
			key = newCaseKey(p.Decision)
		case !key.matches(p.Decision):
			return nil, casesDiffer(field, "与第一项申请的规则、来源课程或授予学分不同", "its rule, its courses or its lines are not those of the first")
		}
	}
	return key, nil
}
