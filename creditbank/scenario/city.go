package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/posting"
	"creditbank/creditbank/rule"
)

// The files of a city, beside those of package rule.
const (
	regionsFile      = "regions.csv"
	institutionsFile = "institutions.csv"
	coursesFile      = "courses.csv"
	learnersFile     = "learners.csv"
	outcomesFile     = "outcomes.csv"
	timelineFile     = "timeline.yaml"
)

// A City is what a folder says, as far as it is right.
type City struct {
	Reference creditbank.Reference // parents first, with the compiled rules
	Learners  []Learner            // in file order
	Outcomes  []Outcome            // in file order, without repetitions
	Events    []Event
	Day       creditbank.Date   // on which the outcomes are posted
	Days      []creditbank.Date // of the timeline, those of events left out too; Day where it has none
	Location  *time.Location    // of the rules
	Problems  creditbank.Problems

	catalogue *creditbank.Catalogue
	rules     *rule.Set // nil where they cannot be read
	learners  map[string]*Learner
	leftOut   map[string]bool // learners whose row is wrong
}

// A Learner is a row of learners.csv.
type Learner struct {
	Place      creditbank.Place
	Alias      string // the id in the files
	Person     creditbank.Person
	Region     creditbank.RegionCode
	Programmes []creditbank.ProgrammeID
}

// An Outcome is a row of outcomes.csv, or of the same form in the timeline. The
// learner of its posting is the one with the alias.
type Outcome struct {
	Place   creditbank.Place
	Alias   string
	Name    string // of the learner, where the row gives it
	Posting creditbank.Posting
}

// Read reads a city. The error, if any, says why it cannot be played: it is all
// of the city's problems. Without an error there may be problems still, with
// rows that were left out.
func Read(fsys fs.FS) (*City, error) {
	c := &City{
		Location: time.UTC, catalogue: creditbank.NewCatalogue(),
		learners: map[string]*Learner{}, leftOut: map[string]bool{},
	}
	// What depends on a file that cannot be read is not looked at: it would
	// seem wrong from end to end.
	regions := c.readRegions(fsys)
	institutions := regions && c.readInstitutions(fsys)
	courses := institutions && c.readCourses(fsys)
	rules := courses && c.readRules(fsys)
	learners := regions && c.needsLearners(fsys) && c.readLearners(fsys)
	events, timeline := c.readTimeline(fsys)
	outcomes := courses && learners && c.readOutcomes(fsys)
	if rules && outcomes && timeline {
		c.takeEvents(events)
		return c, nil
	}
	return c, c.Problems.Err()
}

// Warnings returns what is doubtful about the rules, though they can be
// published. It is nil where they cannot be read.
func (c *City) Warnings() []rule.Finding {
	if c.rules == nil {
		return nil
	}
	return c.rules.Warnings()
}

// needsLearners reports outcomes without a file of learners, whose rows would
// each be wrong.
func (c *City) needsLearners(fsys fs.FS) bool {
	if _, err := fs.Stat(fsys, outcomesFile); err != nil {
		return true
	}
	_, err := fs.Stat(fsys, learnersFile)
	if errors.Is(err, fs.ErrNotExist) {
		c.unreadable(learnersFile, err)
		return false
	}
	return true
}

// readRules compiles the rules against the courses and institutions read.
func (c *City) readRules(fsys fs.FS) bool {
	programmes, ok := c.file(fsys, rule.ProgrammesFile)
	rules, also := c.file(fsys, rule.RulesFile)
	if !ok || !also {
		return false
	}
	body, set, problems := rule.Compile(rule.Files{Rules: rules, Programmes: programmes}, c.catalogue)
	for _, p := range problems.List() {
		c.Problems.Add(p.Place, p)
	}
	if body == nil {
		return false
	}
	c.Reference.RuleSet, c.rules, c.Location = body, set, set.Location()
	return true
}

// file reads a whole file and reports if there is none.
func (c *City) file(fsys fs.FS, name string) ([]byte, bool) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		c.unreadable(name, err)
	}
	return data, err == nil
}

func (c *City) unreadable(name string, err error) {
	at := creditbank.Place{File: name}
	if errors.Is(err, fs.ErrNotExist) {
		c.Problems.Add(at, creditbank.Invalid(creditbank.CodeMissing, "", "缺少文件"+name, "the file is missing"))
		return
	}
	c.Problems.Add(at, creditbank.Invalid(creditbank.CodeMalformed, "", "无法读取："+err.Error(), "cannot be read: "+err.Error()))
}

// sizeLimit bounds a table of a city, which may be that of a province.
const sizeLimit = 4 << 30

// table reads a table row by row. What take finds wrong with a row is reported
// at its place. It returns false where the table cannot be read to its end.
func (c *City) table(fsys fs.FS, name string, optional bool, columns []posting.Column, take func(posting.Row) error) bool {
	file, err := fsys.Open(name)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		c.unreadable(name, err)
		return false
	}
	defer file.Close()
	t, err := posting.Open(posting.Source{Name: name, Reader: file, Limits: posting.Limits{Size: sizeLimit}}, columns)
	if err != nil {
		c.Problems.Add(creditbank.Place{File: name}, err)
		return false
	}
	for row, err := range t.Rows() {
		if err == nil {
			err = take(row)
		}
		c.Problems.Add(row.Place(), placed(row, err))
	}
	c.Problems.Add(creditbank.Place{File: name}, t.Err())
	return t.Err() == nil
}

// placed gives errors about a row the place of the cell they are about.
func placed(row posting.Row, err error) error {
	var problems creditbank.Problems
	problems.Add(row.Place(), err)
	var at creditbank.Problems
	for _, p := range problems.List() {
		if p.Column == 0 {
			p.Place = row.PlaceOf(p.Field)
		}
		at.Add(p.Place, p)
	}
	return at.Err()
}

// list splits a cell that holds a list.
func list(cell string) []string {
	var items []string
	for item := range strings.SplitSeq(cell, "|") {
		if item = strings.TrimSpace(item); item != "" && !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return items
}

// keyReused reports that a key stands in a table twice with other content.
func keyReused(field, key string) error {
	return creditbank.Conflict(creditbank.CodeKeyReused, field, fmt.Sprintf("“%s”前面已出现，内容不同", key),
		fmt.Sprintf("%q stands above with other content", key))
}
