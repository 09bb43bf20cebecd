package scenario

import (
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strconv"

	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

func (c *City) readRegions(fsys fs.FS) bool {
	columns := []posting.Column{{Name: "code"}, {Name: "name"}, {Name: "level"}, {Name: "parent"}}
	var nodes []node[creditbank.Region]
	ok := c.table(fsys, regionsFile, false, columns, func(row posting.Row) error {
		r := creditbank.Region{
			Code: creditbank.RegionCode(row.Get("code")), Name: row.Get("name"),
			Level: row.Get("level"), Parent: creditbank.RegionCode(row.Get("parent")),
		}
		nodes = append(nodes, node[creditbank.Region]{row, string(r.Code), string(r.Parent), r})
		return nil
	})
	sorted, cyclic := parentsFirst(nodes)
	circular(c, cyclic)
	for _, n := range sorted {
		_, known := c.catalogue.Regions[n.value.Code]
		if err := c.catalogue.AddRegion(n.value); err != nil {
			c.Problems.Add(n.row.Place(), placed(n.row, err))
		} else if !known {
			c.Reference.Regions = append(c.Reference.Regions, n.value)
		}
	}
	return ok
}

func (c *City) readInstitutions(fsys fs.FS) bool {
	columns := []posting.Column{{Name: "id"}, {Name: "name"}, {Name: "kinds"}, {Name: "tier", Kind: posting.Number},
		{Name: "parent"}, {Name: "region"}, {Name: "uscc", Optional: true}}
	var nodes []node[creditbank.Institution]
	ok := c.table(fsys, institutionsFile, false, columns, func(row posting.Row) error {
		var problems creditbank.Problems
		i := creditbank.Institution{
			ID: creditbank.InstitutionID(row.Get("id")), Name: row.Get("name"), Kinds: list(row.Get("kinds")),
			Tier: posting.Value(row, "tier", &problems, parseWhole), Parent: creditbank.InstitutionID(row.Get("parent")),
			Region: creditbank.RegionCode(row.Get("region")), USCC: row.Get("uscc"),
		}
		if err := problems.Err(); err != nil {
			return err
		}
		nodes = append(nodes, node[creditbank.Institution]{row, string(i.ID), string(i.Parent), i})
		return nil
	})
	sorted, cyclic := parentsFirst(nodes)
	circular(c, cyclic)
	for _, n := range sorted {
		_, known := c.catalogue.Institutions[n.value.ID]
		if err := c.catalogue.AddInstitution(n.value); err != nil {
			c.Problems.Add(n.row.Place(), placed(n.row, err))
		} else if !known {
			c.Reference.Institutions = append(c.Reference.Institutions, n.value)
		}
	}
	return ok
}

func (c *City) readCourses(fsys fs.FS) bool {
	columns := []posting.Column{{Name: "code"}, {Name: "title"}, {Name: "institution"}, {Name: "category"},
		{Name: "level", Kind: posting.Number}, {Name: "hours", Kind: posting.Number}, {Name: "credits", Kind: posting.Number},
		{Name: "family"}, {Name: "tags"},
		{Name: "notional_hours", Kind: posting.Number, Optional: true}, {Name: "valid_for", Optional: true},
		{Name: "valid_until", Kind: posting.Date, Optional: true}, {Name: "repeat", Optional: true}}
	return c.table(fsys, coursesFile, false, columns, func(row posting.Row) error {
		var problems creditbank.Problems
		v := creditbank.Course{
			Code: creditbank.CourseCode(row.Get("code")), Title: row.Get("title"),
			Institution: creditbank.InstitutionID(row.Get("institution")), Category: creditbank.Category(row.Get("category")),
			Level:   creditbank.Level(posting.Value(row, "level", &problems, parseWhole)),
			Hours:   posting.Value(row, "hours", &problems, posting.ParseHours),
			Credits: posting.Value(row, "credits", &problems, parseCredits),
			Family:  row.Get("family"), Tags: list(row.Get("tags")),
			NotionalHours: posting.Value(row, "notional_hours", &problems, posting.ParseHours),
			ValidFor:      posting.Value(row, "valid_for", &problems, creditbank.ParsePeriod),
			ValidUntil:    posting.Value(row, "valid_until", &problems, posting.ParseDate),
			Repeat:        posting.Value(row, "repeat", &problems, creditbank.ParseRepeat),
		}
		if err := problems.Err(); err != nil {
			return err
		}
		return c.addCourse(v)
	})
}

// addCourse takes a course in once: other content would be its next version.
func (c *City) addCourse(v creditbank.Course) error {
	old, known := c.catalogue.Courses[v.Code]
	v.Version = old.Version
	if known && !reflect.DeepEqual(old, v) {
		return keyReused("code", string(v.Code))
	}
	added, err := c.catalogue.AddCourse(v)
	if err == nil && !known {
		c.Reference.Courses = append(c.Reference.Courses, added)
	}
	return err
}

func (c *City) readLearners(fsys fs.FS) bool {
	columns := []posting.Column{{Name: "id"}, {Name: "name"}, {Name: "id_number"}, {Name: "region"}, {Name: "programmes"}}
	byNumber := map[creditbank.IDNumber]*Learner{}
	return c.table(fsys, learnersFile, true, columns, func(row posting.Row) error {
		l, err := c.learner(row)
		if err == nil {
			err = c.addLearner(l, byNumber)
		}
		if _, known := c.learners[l.Alias]; err != nil && !known {
			c.leftOut[l.Alias] = true
		}
		return err
	})
}

// learner reads a row of learners.csv.
func (c *City) learner(row posting.Row) (*Learner, error) {
	var problems creditbank.Problems
	l := &Learner{
		Place: row.Place(), Alias: row.Get("id"), Region: creditbank.RegionCode(row.Get("region")),
		Person: creditbank.Person{Name: row.Get("name"), IDNumber: posting.Value(row, "id_number", &problems, posting.ParseIDNumber)},
	}
	for _, column := range []string{"id", "name", "id_number", "region"} {
		if row.Get(column) == "" {
			problems.Add(row.PlaceOf(column), creditbank.Invalid(creditbank.CodeMissing, column, "不能为空", "is empty"))
		}
	}
	if _, ok := c.catalogue.Regions[l.Region]; !ok && l.Region != "" {
		problems.Add(row.PlaceOf("region"), creditbank.NotFound(creditbank.CodeUnknownRegion, "region",
			fmt.Sprintf("地区 %s 不存在", l.Region), fmt.Sprintf("region %s does not exist", l.Region)))
	}
	for _, p := range list(row.Get("programmes")) {
		id := creditbank.ProgrammeID(p)
		if err := c.knownProgramme("programmes", id); err != nil {
			problems.Add(row.PlaceOf("programmes"), err)
		}
		l.Programmes = append(l.Programmes, id)
	}
	return l, problems.Err()
}

// knownProgramme reports a programme that does not exist, if the programmes
// could be read at all.
func (c *City) knownProgramme(field string, id creditbank.ProgrammeID) error {
	if c.rules == nil {
		return nil
	}
	if _, ok := c.rules.Programme(id); !ok {
		return creditbank.NotFound(creditbank.CodeUnknownProgramme, field, fmt.Sprintf("专业 %s 不存在", id),
			fmt.Sprintf("programme %s does not exist", id))
	}
	return nil
}

// addLearner takes a learner in, each alias and each person once.
func (c *City) addLearner(l *Learner, byNumber map[creditbank.IDNumber]*Learner) error {
	if old := c.learners[l.Alias]; old != nil {
		if old.Person == l.Person && old.Region == l.Region && slices.Equal(old.Programmes, l.Programmes) {
			return nil
		}
		return keyReused("id", l.Alias)
	}
	if twin := byNumber[l.Person.IDNumber]; twin != nil {
		if !creditbank.SameName(twin.Person.Name, l.Person.Name) {
			return creditbank.Conflict(creditbank.CodeNameMismatch, "name", fmt.Sprintf("此身份证号在 %s 处登记的是另一姓名", twin.Alias),
				fmt.Sprintf("this identity number stands under another name at %s", twin.Alias))
		}
		return creditbank.Conflict(creditbank.CodeDuplicate, "id_number", fmt.Sprintf("与 %s 是同一人", twin.Alias),
			fmt.Sprintf("is the same person as %s", twin.Alias))
	}
	byNumber[l.Person.IDNumber] = l
	c.learners[l.Alias] = l
	c.Learners = append(c.Learners, *l)
	return nil
}

func parseWhole(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是整数", s), fmt.Sprintf("%q is no whole number", s))
	}
	return n, nil
}

func parseCredits(s string) (creditbank.Credits, error) {
	n, err := creditbank.ParseCredits(s)
	if err != nil || n < 0 {
		return 0, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是学分，应为不小于0的数，最多两位小数", s),
			fmt.Sprintf("%q is no amount of credits: a number from 0, with at most two decimals", s))
	}
	return n, nil
}
