package creditbank

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Identifiers of reference data, as the city chose them.
type (
	RegionCode    string // GB/T 2260 division code
	InstitutionID string
	CourseCode    string
	ProgrammeID   string
	SlotID        string
	RuleID        string
)

// A Category is the kind of learning a credit stems from. Credits of different
// categories are never added up.
type Category string

// The categories (the ministry's notice: degree and non-degree education are
// accounted for side by side).
const (
	Formal      Category = "FORMAL"      // 学历教育
	NonFormal   Category = "NON_FORMAL"  // 非学历教育
	Certificate Category = "CERTIFICATE" // 职业技能等级证书等
	Informal    Category = "INFORMAL"    // 无一定形式学习
)

// Categories lists the categories.
func Categories() []Category { return []Category{Formal, NonFormal, Certificate, Informal} }

// Text returns what c is called.
func (c Category) Text() Text {
	switch c {
	case Formal:
		return Text{"学历教育", "formal"}
	case NonFormal:
		return Text{"非学历教育", "non-formal"}
	case Certificate:
		return Text{"职业技能等级证书", "certificate"}
	case Informal:
		return Text{"无一定形式学习", "informal"}
	}
	return Text{string(c), string(c)}
}

// ParseCategory parses the code of a category.
func ParseCategory(s string) (Category, error) {
	if !slices.Contains(Categories(), Category(s)) {
		return "", Invalid(CodeMalformed, "category", fmt.Sprintf("“%s”不是学习类别", s),
			fmt.Sprintf("%q is none of FORMAL, NON_FORMAL, CERTIFICATE, INFORMAL", s))
	}
	return Category(s), nil
}

// A Level is a level of a learning-outcome framework (学习成果框架等级): 1 is
// the lowest. The zero Level is none.
type Level int

// maxLevel is the highest level of any framework in use (the Open University
// of China's has ten).
const maxLevel = 10

// NewLevel checks n.
func NewLevel(n int) (Level, error) {
	if n < 1 || n > maxLevel {
		return 0, Invalid(CodeMalformed, "level", "等级应为1至10", "a level is a number of 1 to 10")
	}
	return Level(n), nil
}

// A Region is an administrative division.
type Region struct {
	Code   RegionCode `json:"code"`
	Name   string     `json:"name"`
	Level  string     `json:"level"` // province, city, county, township, village
	Parent RegionCode `json:"parent,omitempty"`
}

// An Institution teaches, examines or assesses, and posts outcomes.
type Institution struct {
	ID     InstitutionID `json:"id"`
	Name   string        `json:"name"`
	Kinds  []string      `json:"kinds"`
	Tier   int           `json:"tier,omitempty"` // 1 county college, 2 township school, 3 village point; 0 none
	Parent InstitutionID `json:"parent,omitempty"`
	Region RegionCode    `json:"region"`
	USCC   string        `json:"uscc,omitempty"`
}

// kinds of institution. A vocational school may at the same time be a county's
// community college (the ministry's notice, point 21), hence a list.
var institutionKinds = []string{
	"open_university", "university", "vocational_college", "vocational_school", "adult_college",
	"community_college", "community_school", "learning_point", "learning_centre", "seniors_university",
	"assessment_body", "exam_authority", "cultural_venue", "research_institute", "enterprise", "other",
}

// Bounds of one course, one slot, one rule. No real one comes near; sums and products over them
// stay far inside 64 bits.
const (
	MaxHours   = 100_000 * Hour
	MaxCredits = 10_000 * Credit
)

// A Course is what an outcome is an outcome of: a course, a class, an exam, a
// certificate. A version never changes once outcomes may point to it.
type Course struct {
	Code        CourseCode    `json:"code"`
	Version     int           `json:"version"`
	Title       string        `json:"title"`
	Institution InstitutionID `json:"institution"`
	Category    Category      `json:"category"`
	Level       Level         `json:"level,omitempty"`
	Hours       Hours         `json:"hours"`   // scheduled; 0 where the course has none
	Credits     Credits       `json:"credits"` // as stated by the institution; 0 where it states none
	Family      string        `json:"family,omitempty"`
	Tags        []string      `json:"tags,omitempty"`

	NotionalHours Hours  `json:"notional_hours,omitempty"` // all learning time, self-study included; 0 where it is not stated
	ValidFor      Period `json:"valid_for,omitzero"`       // how long its outcomes can be used, by whoever issues them
	Repeat        Repeat `json:"repeat,omitempty"`         // "" where the course says nothing

	// ValidUntil is the last day on which outcomes of the course are issued; the
	// course is retired (停开) after it. Zero while it is offered.
	ValidUntil Date `json:"valid_until,omitempty"`
}

// A Programme is what a learner may convert credits towards.
type Programme struct {
	ID          ProgrammeID   `json:"id"`
	Institution InstitutionID `json:"institution"`
	Title       Text          `json:"title"`
	Credits     Credits       `json:"credits"`
	Caps        []Cap         `json:"caps,omitempty"`
	Slots       []Slot        `json:"slots"`

	Exclude        *Exclusion `json:"exclude,omitempty"` // what no conversion into it may use or fill
	Floors         []Floor    `json:"floors,omitempty"`
	UniqueSubjects bool       `json:"unique_subjects,omitempty"` // of one subject, one outcome counts
}

// A Slot is a part of a programme that lines fill: a course or a module.
type Slot struct {
	ID       SlotID  `json:"id"`
	Title    Text    `json:"title"`
	Credits  Credits `json:"credits"`
	Level    Level   `json:"level,omitempty"`
	Elective bool    `json:"elective,omitempty"` // filled by several lines until nothing is left
	Block    bool    `json:"block,omitempty"`    // stands for prior study as a whole
	Closed   bool    `json:"closed,omitempty"`   // takes no conversions (thesis, practice)
}

// Slot returns the slot with the given id.
func (p Programme) Slot(id SlotID) (Slot, bool) {
	i := slices.IndexFunc(p.Slots, func(s Slot) bool { return s.ID == id })
	if i < 0 {
		return Slot{}, false
	}
	return p.Slots[i], true
}

// A Catalogue is the reference data of a bank at one moment: small, versioned,
// read-mostly. It is never changed; a new version replaces it.
type Catalogue struct {
	Version      int
	Regions      map[RegionCode]Region
	Institutions map[InstitutionID]Institution
	Courses      map[CourseCode]Course // the newest version of each
	Rules        Rules                 // nil before the first rule set is published
	RuleSets     []RuleSet             // every one that was published, oldest first
	Drafts       []*RuleDraft          // of rules, in the order of their numbers
	RuleActs     []RuleAct             // what was done to rules and drafts, oldest first

	Calendar      Calendar             // of working days
	CalendarYears map[int]CalendarYear // what it was made of
	Deputations   map[string]Deputation

	past        map[courseVersion]Course // those that others have replaced
	ruleSetHash Hash                     // of the document Rules was made of
	publishing  *RuleAct                 // the act whose rule set is the next document
}

// A RuleSet is a version of the rules as it was published.
type RuleSet struct {
	Rules
	Body []byte // the document: rule.Source reads it
	At   time.Time
	By   Caller

	// Act is what published it: a draft, a suspension, a resumption, a retirement.
	// It is nil for a version that was published directly, without a draft.
	Act *RuleAct
}

// clone returns a copy of c that can be added to.
func (c *Catalogue) clone() *Catalogue {
	copied := *c
	copied.RuleSets, copied.RuleActs, copied.Drafts = slices.Clip(c.RuleSets), slices.Clip(c.RuleActs), slices.Clone(c.Drafts)
	copied.past = maps.Clone(c.past)
	copied.Regions, copied.Institutions, copied.Courses = maps.Clone(c.Regions), maps.Clone(c.Institutions), maps.Clone(c.Courses)
	copied.CalendarYears, copied.Deputations = maps.Clone(c.CalendarYears), maps.Clone(c.Deputations)
	return &copied
}

// NewCatalogue returns an empty catalogue.
func NewCatalogue() *Catalogue {
	return &Catalogue{
		Regions:      map[RegionCode]Region{},
		Institutions: map[InstitutionID]Institution{},
		Courses:      map[CourseCode]Course{},
		past:         map[courseVersion]Course{},

		CalendarYears: map[int]CalendarYear{},
		Deputations:   map[string]Deputation{},
	}
}

// addCalendarYear adds a year of the working-day calendar, or replaces it.
func (c *Catalogue) addCalendarYear(y CalendarYear) {
	c.CalendarYears[y.Year] = y
	c.Calendar = c.Calendar.With(y)
}

// AddRegion adds r after checking it. Adding the same again changes nothing.
func (c *Catalogue) AddRegion(r Region) error {
	if err := checkCode("code", string(r.Code)); err != nil {
		return err
	}
	if err := checkTitle("name", r.Name, "地区名称不能为空", "a region needs a name"); err != nil {
		return err
	}
	if !slices.Contains([]string{"province", "city", "county", "township", "village"}, r.Level) {
		return Invalid(CodeMalformed, "level", fmt.Sprintf("“%s”不是行政区划级别", r.Level),
			fmt.Sprintf("%q is none of province, city, county, township, village", r.Level))
	}
	if r.Parent != "" {
		if _, ok := c.Regions[r.Parent]; !ok {
			return NotFound(CodeUnknownRegion, "parent", fmt.Sprintf("上级地区 %s 不存在", r.Parent),
				fmt.Sprintf("the parent region %s does not exist", r.Parent))
		}
		if reaches(r.Parent, r.Code, len(c.Regions), func(code RegionCode) RegionCode { return c.Regions[code].Parent }) {
			return belowItself()
		}
	}
	if old, ok := c.Regions[r.Code]; ok && old != r {
		return Conflict(CodeKeyReused, "code", fmt.Sprintf("地区代码 %s 已用于其他内容", r.Code),
			fmt.Sprintf("region %s exists with other content", r.Code))
	}
	c.Regions[r.Code] = r
	return nil
}

// reaches reports whether the way up from one leads to another, within so many
// steps. A region or an institution below itself would be above nothing, and
// whoever runs the bank would run it no more.
func reaches[T ~string](from, to T, steps int, parent func(T) T) bool {
	for range steps + 1 {
		if from == to {
			return true
		}
		from = parent(from)
	}
	return false
}

func belowItself() error {
	return Invalid(CodeMalformed, "parent", "上级不能是自身或自身的下级", "the parent is the same, or lies below")
}

// checkTitle refuses what cannot be the name of something: certificates name it,
// and no certificate can be made of a text with control characters or of one
// that was garbled on its way.
func checkTitle(field, s, zh, en string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return Invalid(CodeMissing, field, zh, en)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		return Invalid(CodeMalformed, field, "名称含控制字符或有乱码", "the name holds control characters, or was garbled on its way")
	}
	return nil
}

// AddInstitution adds i after checking it.
func (c *Catalogue) AddInstitution(i Institution) error {
	if err := c.checkInstitution(i); err != nil {
		return err
	}
	if old, ok := c.Institutions[i.ID]; ok && !sameInstitution(old, i) {
		return Conflict(CodeKeyReused, "id", fmt.Sprintf("机构代码 %s 已用于其他内容", i.ID),
			fmt.Sprintf("institution %s exists with other content", i.ID))
	}
	c.Institutions[i.ID] = i
	return nil
}

func (c *Catalogue) checkInstitution(i Institution) error {
	if err := checkCode("id", string(i.ID)); err != nil {
		return err
	}
	if err := checkTitle("name", i.Name, "机构名称不能为空", "an institution needs a name"); err != nil {
		return err
	}
	if len(i.Kinds) == 0 {
		return Invalid(CodeMissing, "kinds", "至少要有一种机构类型", "an institution has at least one kind")
	}
	for _, k := range i.Kinds {
		if !slices.Contains(institutionKinds, k) {
			return Invalid(CodeMalformed, "kinds", fmt.Sprintf("“%s”不是机构类型", k),
				fmt.Sprintf("%q is none of %s", k, strings.Join(institutionKinds, ", ")))
		}
	}
	if i.Tier < 0 || i.Tier > 3 {
		return Invalid(CodeMalformed, "tier", "层级应为1、2或3", "a tier is 1, 2 or 3")
	}
	if _, ok := c.Regions[i.Region]; !ok {
		return NotFound(CodeUnknownRegion, "region", fmt.Sprintf("地区 %s 不存在", i.Region),
			fmt.Sprintf("region %s does not exist", i.Region))
	}
	if i.USCC != "" {
		if err := CheckUSCC(i.USCC); err != nil {
			return err
		}
	}
	if i.Parent == "" {
		return nil
	}
	parent, ok := c.Institutions[i.Parent]
	if !ok {
		return NotFound(CodeUnknownInstitution, "parent", fmt.Sprintf("上级机构 %s 不存在（应排在前面）", i.Parent),
			fmt.Sprintf("the parent institution %s does not exist (it must come first)", i.Parent))
	}
	if reaches(i.Parent, i.ID, len(c.Institutions), func(id InstitutionID) InstitutionID { return c.Institutions[id].Parent }) {
		return belowItself()
	}
	if i.Tier > 0 && parent.Tier > 0 && parent.Tier != i.Tier-1 {
		return Invalid(CodeMalformed, "parent", fmt.Sprintf("第%d级机构的上级应为第%d级", i.Tier, i.Tier-1),
			fmt.Sprintf("the parent of tier %d is of tier %d, not %d", i.Tier, i.Tier-1, parent.Tier))
	}
	return nil
}

func sameInstitution(a, b Institution) bool {
	kinds := slices.Equal(a.Kinds, b.Kinds)
	a.Kinds, b.Kinds = nil, nil
	return kinds && a.ID == b.ID && a.Name == b.Name && a.Tier == b.Tier && a.Parent == b.Parent && a.Region == b.Region && a.USCC == b.USCC
}

// AddCourse adds v after checking it. A course whose content differs from the
// one known becomes its next version; the returned course says which.
func (c *Catalogue) AddCourse(v Course) (Course, error) {
	if err := c.checkCourse(v); err != nil {
		return Course{}, err
	}
	old, ok := c.Courses[v.Code]
	v.Version = old.Version
	if ok && sameCourse(old, v) {
		return old, nil
	}
	v.Version++
	c.Courses[v.Code] = v
	return v, nil
}

func (c *Catalogue) checkCourse(v Course) error {
	if err := checkCode("code", string(v.Code)); err != nil {
		return err
	}
	if err := checkTitle("title", v.Title, "课程名称不能为空", "a course needs a title"); err != nil {
		return err
	}
	if _, ok := c.Institutions[v.Institution]; !ok {
		return NotFound(CodeUnknownInstitution, "institution", fmt.Sprintf("机构 %s 不存在", v.Institution),
			fmt.Sprintf("institution %s does not exist", v.Institution))
	}
	if _, err := ParseCategory(string(v.Category)); err != nil {
		return err
	}
	if v.Level != 0 {
		if _, err := NewLevel(int(v.Level)); err != nil {
			return err
		}
	}
	if _, err := ParseRepeat(string(v.Repeat)); err != nil {
		return err
	}
	if v.Hours < 0 || v.Hours > MaxHours {
		return Invalid(CodeMalformed, "hours", "学时应在0与100000之间", "hours lie between 0 and 100000")
	}
	if v.NotionalHours < 0 || v.NotionalHours > MaxHours || v.NotionalHours != 0 && v.NotionalHours < v.Hours {
		return Invalid(CodeMalformed, "notional_hours", "学习总学时应不少于课程学时，不超过100000", "notional hours are no fewer than the hours scheduled, and at most 100000")
	}
	if v.Credits < 0 || v.Credits > MaxCredits {
		return Invalid(CodeMalformed, "credits", "学分应在0与10000之间", "credits lie between 0 and 10000")
	}
	return nil
}

func sameCourse(a, b Course) bool {
	tags := slices.Equal(a.Tags, b.Tags)
	return tags && a.Code == b.Code && a.Version == b.Version && a.Title == b.Title && a.Institution == b.Institution &&
		a.Category == b.Category && a.Level == b.Level && a.Hours == b.Hours && a.Credits == b.Credits && a.Family == b.Family &&
		a.NotionalHours == b.NotionalHours && a.ValidFor == b.ValidFor && a.ValidUntil == b.ValidUntil && a.Repeat == b.Repeat
}
