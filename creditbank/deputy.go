package creditbank

import (
	"fmt"
	"strings"
)

// A Deputation (代理) lets a deputy act on applications in a reviewer's stead for a
// while: a vote of the deputy's is the reviewer's. It is on record as reference
// data; a later version replaces it, and one that ended lets nobody do anything.
type Deputation struct {
	ID       string `json:"id"`       // the reviewer's own name for it
	Reviewer string `json:"reviewer"` // the caller who is away
	Deputy   string `json:"deputy"`   // the caller who stands in
	From     Date   `json:"from"`
	To       Date   `json:"to"` // last day
	Reason   string `json:"reason,omitempty"`
}

// key names v among all deputations.
func (v Deputation) key() string { return v.Reviewer + "/" + v.ID }

// maxDeputation bounds the days of a deputation: who is away for longer is replaced.
var maxDeputation = Period{Years: 1}

// check reports what cannot be in v.
func (v Deputation) check() error {
	if err := checkCode("id", v.ID); err != nil {
		return err
	}
	for _, who := range []struct{ field, id string }{{"reviewer", v.Reviewer}, {"deputy", v.Deputy}} {
		if who.id == "" || strings.Contains(who.id, "/") {
			return Invalid(CodeMalformed, who.field, "应为操作者标识，如 user:…", "is the id of a caller such as user:…")
		}
		if err := checkText(who.field, who.id, 128); err != nil {
			return err
		}
	}
	switch {
	case v.Deputy == v.Reviewer:
		return Invalid(CodeMalformed, "deputy", "不能代理自己", "nobody is their own deputy")
	case v.From == 0 || v.To < v.From || v.To > maxDeputation.After(v.From):
		return Invalid(CodeMalformed, "to", "代理期不能早于开始日，最长一年", "a deputation ends no earlier than it begins, and within a year")
	}
	return checkText("reason", v.Reason, 1000)
}

// Deputises reports whether somebody stands in for a reviewer on day.
func (c *Catalogue) Deputises(deputy, reviewer string, day Date) bool {
	for _, v := range c.Deputations {
		if v.Deputy == deputy && v.Reviewer == reviewer && v.From <= day && day <= v.To {
			return true
		}
	}
	return false
}

// actsFor returns in whose stead a draft acts: "" for who acts themselves. Who is no
// deputy of the reviewer is NOT_DEPUTY.
func (b *Bank) actsFor(d *draft, reviewer string) (string, error) {
	if reviewer == "" || reviewer == d.by.ID {
		return "", nil
	}
	if !b.Catalogue().Deputises(d.by.ID, reviewer, d.day) {
		return "", Forbidden(CodeNotDeputy, "for", fmt.Sprintf("在 %s 您不是该审核人的代理人", d.day), fmt.Sprintf("on %s you are no deputy of that reviewer", d.day))
	}
	return reviewer, nil
}
