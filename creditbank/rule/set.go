package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// Names of the two files of a rule set.
const (
	RulesFile      = "rules.yaml"
	ProgrammesFile = "programmes.yaml"
)

// Files are the two files of a rule set, as people wrote them.
type Files = creditbank.RuleFiles

// A document is a published rule set as it is stored: the files themselves, what
// the courses they name were at that time, and which rules are suspended or have
// been given an end.
type document struct {
	Courses    map[creditbank.CourseCode]courseFacts `json:"courses"`
	Programmes string                                `json:"programmes"`
	Retired    []creditbank.RuleRetirement           `json:"retired,omitempty"`
	Rules      string                                `json:"rules"`
	Suspended  []creditbank.RuleSuspension           `json:"suspended,omitempty"`
}

// Compile reads and checks the files against the catalogue, runs their examples
// ([Check]), and returns the document to publish. What is wrong, if anything, is
// in the problems; then the document is nil. Warnings are not among them: the
// set has them ([Set.Warnings]).
func Compile(files Files, cat *creditbank.Catalogue) ([]byte, *Set, creditbank.Problems) {
	c := Check(files, cat)
	if problems := c.Problems(); problems.Err() != nil {
		return nil, nil, problems
	}
	return c.Body, c.Set, creditbank.Problems{}
}

// Draft reads the files as [Compile] does, but asks of each rule only what can be
// said of it by itself: whether the rules agree with each other, with the
// courses and with their examples is not looked at. It is for rules that are
// tried before they are ready, and never for publishing.
//
// Without a catalogue (nil) the courses and institutions that the files name are
// taken to exist, and there is no document.
func Draft(files Files, cat *creditbank.Catalogue) ([]byte, *Set, creditbank.Problems) {
	var problems creditbank.Problems
	set, p := parse(files, &problems)
	for _, ref := range p.references {
		if cat != nil {
			p.resolve(ref, cat)
		}
	}
	if p.facts && cat != nil {
		set.keepFacts(cat)
	}
	if problems.Err() != nil {
		return nil, nil, problems
	}
	set.nameSubjects()
	if err := set.hashRules(); err != nil {
		problems.Add(creditbank.Place{File: RulesFile}, err)
		return nil, nil, problems
	}
	if cat == nil {
		return nil, set, problems
	}
	body, err := json.Marshal(document{Courses: set.courses, Programmes: string(files.Programmes), Rules: string(files.Rules)})
	if err != nil {
		problems.Add(creditbank.Place{File: RulesFile}, err)
		return nil, nil, problems
	}
	return body, set, problems
}

// Load reads a published document. It serves as the bank's way to rules.
func Load(version int, body []byte) (creditbank.Rules, error) {
	doc, err := readDocument(body)
	if err != nil {
		return nil, fmt.Errorf("rule set %d: %w", version, err)
	}
	var problems creditbank.Problems
	set, _ := parse(Files{Rules: []byte(doc.Rules), Programmes: []byte(doc.Programmes)}, &problems)
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("rule set %d: %v", version, err)
	}
	set.number, set.courses = version, doc.Courses
	set.nameSubjects()
	set.stand(creditbank.RuleStanding{Retired: doc.Retired, Suspended: doc.Suspended})
	if err := set.hashRules(); err != nil {
		return nil, err
	}
	return set, nil
}

func readDocument(body []byte) (document, error) {
	var doc document
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(&doc)
	return doc, err
}

// Source returns the files of a published document, as people wrote them.
func Source(body []byte) (Files, error) {
	var doc document
	if err := json.Unmarshal(body, &doc); err != nil {
		return Files{}, fmt.Errorf("rule set: %w", err)
	}
	return Files{Rules: []byte(doc.Rules), Programmes: []byte(doc.Programmes)}, nil
}

func parse(files Files, problems *creditbank.Problems) (*Set, *parser) {
	set := &Set{
		location: time.UTC, byID: map[creditbank.RuleID]*Rule{}, versions: map[creditbank.RuleID][]*Rule{}, programmes: map[creditbank.ProgrammeID]creditbank.Programme{},
		courses: map[creditbank.CourseCode]courseFacts{},
	}
	p := &parser{set: set, problems: problems, places: map[creditbank.RuleID]creditbank.Place{}, versions: map[*Rule]creditbank.Place{}}
	p.programmes(strictyaml.Parse(ProgrammesFile, files.Programmes, problems))
	p.rules(strictyaml.Parse(RulesFile, files.Rules, problems))
	return set, p
}

// resolve checks that what a file names exists, and keeps the course's facts.
func (p *parser) resolve(ref reference, cat *creditbank.Catalogue) {
	if !ref.at.Exists() {
		return
	}
	if ref.institution != "" {
		if _, ok := cat.Institutions[ref.institution]; !ok {
			ref.at.FailWith(creditbank.CodeUnknownInstitution, fmt.Sprintf("机构 %s 不存在", ref.institution), fmt.Sprintf("institution %s does not exist", ref.institution))
		}
		return
	}
	course, ok := cat.Courses[ref.course]
	if !ok {
		ref.at.FailWith(creditbank.CodeUnknownCourse, fmt.Sprintf("课程 %s 不存在", ref.course), fmt.Sprintf("course %s does not exist", ref.course))
		return
	}
	if !ref.example {
		p.set.courses[ref.course] = courseFacts{Category: course.Category}
	}
}

// keepFacts keeps what every course of the catalogue is called and tagged, since
// a pool may take any of them.
func (s *Set) keepFacts(cat *creditbank.Catalogue) {
	for code, c := range cat.Courses {
		s.courses[code] = courseFacts{c.Category, c.Tags, c.Title}
	}
}
