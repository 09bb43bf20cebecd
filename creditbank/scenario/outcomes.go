package scenario

import (
	"fmt"
	"io/fs"
	"slices"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

// readOutcomes takes in the rows that can be posted on the city's day, each
// once. Where the timeline names no day it is the newest day of issue.
func (c *City) readOutcomes(fsys fs.FS) bool {
	names := []string{"external_id", "institution", "learner", "course", "issued_on", "score", "attended_hours", "learner_name", "valid_until", "revision"}
	columns := slices.DeleteFunc(posting.Columns(), func(col posting.Column) bool { return !slices.Contains(names, col.Name) })
	for i := range columns {
		columns[i].Optional = slices.Contains([]string{"learner_name", "valid_until", "revision"}, columns[i].Name)
	}
	seen := map[outcomeKey]creditbank.Posting{}
	ok := c.table(fsys, outcomesFile, true, columns, func(row posting.Row) error {
		s, err := posting.Parse(row)
		if err != nil {
			return err
		}
		return c.addOutcome(Outcome{row.Place(), s.Reference.Alias, s.Reference.Name, s.Posting}, seen)
	})
	if c.Day == 0 {
		c.Day = creditbank.NewDate(2000, time.January, 1) // of a city where nothing happens
		for _, o := range c.Outcomes {
			c.Day = max(c.Day, o.Posting.IssuedOn)
		}
		c.Days = []creditbank.Date{c.Day}
	}
	return ok
}

// An outcomeKey is a posting's key before its learner has an id.
type outcomeKey struct {
	alias string
	creditbank.OutcomeKey
}

// addOutcome takes an outcome in if the bank will.
func (c *City) addOutcome(o Outcome, seen map[outcomeKey]creditbank.Posting) error {
	if err := c.checkLearner(o.Alias, o.Name); err != nil {
		return err
	}
	key := outcomeKey{o.Alias, o.Posting.OutcomeKey}
	if old, again := seen[key]; again {
		if old != o.Posting {
			return keyReused("external_id", o.Posting.ExternalID)
		}
		return nil
	}
	today := c.Day
	if today == 0 {
		today = endOfTime
	}
	if err := o.Posting.Check(c.catalogue, today); err != nil {
		return err
	}
	seen[key] = o.Posting
	c.Outcomes = append(c.Outcomes, o)
	return nil
}

// endOfTime is after every day.
const endOfTime creditbank.Date = 9999_12_31

// checkLearner reports a learner that does not exist, or a name that is not
// the learner's; the empty name is not looked at.
func (c *City) checkLearner(alias, name string) error {
	l := c.learners[alias]
	switch {
	case c.leftOut[alias] && l == nil:
		return creditbank.NotFound(creditbank.CodeUnknownLearner, "learner", fmt.Sprintf("学员 %s 在 %s 中有误，未录入", alias, learnersFile),
			fmt.Sprintf("learner %s was left out: the row in %s is wrong", alias, learnersFile))
	case l == nil:
		return creditbank.NotFound(creditbank.CodeUnknownLearner, "learner", fmt.Sprintf("学员 %s 不存在", alias),
			fmt.Sprintf("learner %s does not exist", alias))
	case name != "" && !creditbank.SameName(l.Person.Name, name):
		return creditbank.Conflict(creditbank.CodeNameMismatch, "learner_name", fmt.Sprintf("姓名与学员 %s 登记的不符，请核对列是否错位", alias),
			fmt.Sprintf("the name is not the one of learner %s: have the columns slipped?", alias))
	}
	return nil
}
