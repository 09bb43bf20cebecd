package creditbank

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// An OutcomeKey names a posting for ever. It is the posting institution's own
// key, so that sending a posting again is recognised; the same ExternalID
// under another learner is another outcome.
type OutcomeKey struct {
	Learner     LearnerID
	Institution InstitutionID
	ExternalID  string
	Revision    int // 1 for the first posting; a correction is the next revision
}

func (k OutcomeKey) String() string {
	return fmt.Sprintf("%s/%s revision %d", k.Institution, k.ExternalID, k.Revision)
}

// A Posting (登记) is what an institution says: this learner, this course, this
// day, this result. It is never edited.
//
// Where the certificate names its own last day, ValidUntil is that day. It ends the
// lot whatever the rules say of validity: they can let it end sooner, never later.
// A posting may bring a day that is past already; the lot has then expired on
// arrival. The zero Date is left out of every encoding and digest.
type Posting struct {
	OutcomeKey
	Course     CourseCode
	IssuedOn   Date
	Score      Score
	Attended   Hours // hours attended, where the course has hours
	ValidUntil Date  // the certificate's own last day, included; zero where it names none
}

// checkForm reports what is wrong with p whatever the bank knows.
func (p Posting) checkForm() error {
	var revision error
	if p.Revision < 1 {
		revision = Invalid(CodeMalformed, "revision", "修订号从1开始", "revisions count from 1")
	}
	return errors.Join(checkExternalID(p.ExternalID), revision)
}

// checkValidity refuses a certificate that ended before it was issued.
func (p Posting) checkValidity() error {
	if p.ValidUntil == 0 || p.ValidUntil >= p.IssuedOn {
		return nil
	}
	return Invalid(CodeMalformed, "valid_until", fmt.Sprintf("有效期至 %s 早于取得日期 %s", p.ValidUntil, p.IssuedOn),
		fmt.Sprintf("the last day of validity %s lies before the day of issue %s", p.ValidUntil, p.IssuedOn))
}

// Check reports everything that is wrong with p, joined, given the courses and
// institutions known and the day on which it is posted. It is for postings that
// are not on record yet: one sent again is answered as the first time, whatever
// has changed since.
func (p Posting) Check(cat *Catalogue, today Date) error {
	errs := []error{p.checkForm()}
	add := func(err error) { errs = append(errs, err) }
	if _, ok := cat.Institutions[p.Institution]; !ok {
		add(NotFound(CodeUnknownInstitution, "institution", fmt.Sprintf("机构 %s 不存在", Shown(p.Institution)),
			fmt.Sprintf("institution %s does not exist", Shown(p.Institution))))
	}
	switch {
	case p.IssuedOn == 0:
		add(Invalid(CodeMissing, "issued_on", "缺少取得日期", "the day of issue is missing"))
	case p.IssuedOn > today:
		add(Invalid(CodeDateInFuture, "issued_on", fmt.Sprintf("取得日期 %s 晚于登记日 %s", p.IssuedOn, today),
			fmt.Sprintf("the day of issue %s lies in the future (today is %s)", p.IssuedOn, today)))
	}
	add(p.checkValidity())
	if p.Attended < 0 {
		add(Invalid(CodeMalformed, "attended_hours", "出勤学时不能为负", "attended hours are not negative"))
	}
	if cat.Rules != nil {
		add(cat.Rules.CheckScore(p.Score))
	}
	course, ok := cat.Courses[p.Course]
	switch {
	case !ok:
		add(NotFound(CodeUnknownCourse, "course", fmt.Sprintf("课程 %s 不存在", Shown(p.Course)),
			fmt.Sprintf("course %s does not exist", Shown(p.Course))))
	case p.Attended > 0 && course.Hours == 0:
		add(Invalid(CodeAttendanceAboveHours, "attended_hours", fmt.Sprintf("课程 %s 没有学时，不应填写出勤学时", p.Course),
			fmt.Sprintf("course %s has no hours, so none can be attended", p.Course)))
	case p.Attended > course.Hours:
		add(Invalid(CodeAttendanceAboveHours, "attended_hours",
			fmt.Sprintf("出勤学时 %s 超过课程学时 %s", p.Attended, course.Hours),
			fmt.Sprintf("attended hours %s exceed the course's %s", p.Attended, course.Hours)))
	}
	if last := course.ValidUntil; last != 0 && p.IssuedOn > last {
		add(Invalid(CodeCourseRetired, "issued_on", fmt.Sprintf("课程 %s 已停开，最后取得日期为 %s", p.Course, last),
			fmt.Sprintf("course %s is retired: its last outcomes are of %s", p.Course, last)))
	}
	return errors.Join(errs...)
}

// A Recognition (认定) is what a recognition rule made of a posting: credits
// with an expiry, or a refusal with every reason.
type Recognition struct {
	Rule      RuleID // "" where no rule applied
	RuleSet   int    // version of the rule set that held the rule
	Granted   bool
	Credits   Credits // of the lot; a lot of zero is recognised all the same
	Lost      Credits // cut off by a period cap
	ExpiresOn Date    // last day on which the lot can be used; zero for ever
	Reasons   []Reason
}

// An Outcome (学习成果) is a posting on record together with its recognition:
// posting, lot and recognition transfer are one row. What the course was at
// that time is kept with it, so that later versions of the course change
// nothing.
type Outcome struct {
	Posting
	Recognition
	Seq           int64 // the account version this row made
	CourseVersion int
	Category      Category
	Level         Level
	Scheduled     Hours
	Family        string
	PostedAt      time.Time
	By            Caller
	Request       string // id of the request that brought it, for tracing
}

// NewOutcome returns the outcome of p recognised as r. It is the one way to
// make an Outcome, also for rows read back from a store.
func NewOutcome(p Posting, c Course, r Recognition, seq int64, at time.Time, by Caller, request string) Outcome {
	r.Reasons = sortReasons(r.Reasons)
	return Outcome{
		Posting: p, Recognition: r, Seq: seq,
		CourseVersion: c.Version, Category: c.Category, Level: c.Level, Scheduled: c.Hours, Family: c.Family,
		PostedAt: at.UTC().Truncate(time.Microsecond), By: by, Request: request,
	}
}

// Validate reports damage: what no outcome made by [NewOutcome] from a checked
// posting can be. Its errors wrap no kind, since a damaged row is nobody's
// request.
func (o Outcome) Validate() error {
	switch {
	case o.Learner == "" || o.ExternalID == "" || o.Revision < 1 || o.Seq < 1:
		return fmt.Errorf("outcome %v at %d: incomplete key", o.OutcomeKey, o.Seq)
	case o.Credits < 0 || o.Lost < 0 || o.Attended < 0 || o.Scheduled < 0:
		return fmt.Errorf("outcome %v: negative amount", o.OutcomeKey)
	case !o.Granted && (o.Credits != 0 || len(o.Reasons) == 0):
		return fmt.Errorf("outcome %v: refused with credits or without a reason", o.OutcomeKey)
	case o.ValidUntil != 0 && o.ValidUntil < o.IssuedOn:
		return fmt.Errorf("outcome %v: valid until %s, issued on %s", o.OutcomeKey, o.ValidUntil, o.IssuedOn)
	case o.Granted && o.ValidUntil != 0 && (o.ExpiresOn == 0 || o.ExpiresOn > o.ValidUntil):
		return fmt.Errorf("outcome %v: its lot outlives its own last day", o.OutcomeKey)
	case o.Granted && o.Rule == "":
		return fmt.Errorf("outcome %v: recognised by no rule", o.OutcomeKey)
	case !slices.Contains(Categories(), o.Category):
		return fmt.Errorf("outcome %v: category %q", o.OutcomeKey, o.Category)
	}
	return nil
}

// SamePosting reports whether q says the same as o's posting, under the same
// key: then it was merely sent again.
func (o Outcome) SamePosting(q Posting) bool { return o.Posting == q }

// Digest returns the SHA-256 of everything o says. It is stored with the row
// and checked on reading, and enters the account's history digest.
func (o Outcome) Digest() [32]byte {
	b := make([]byte, 0, 256)
	b = appendStrings(b, string(o.Learner), string(o.Institution), o.ExternalID, string(o.Course), o.Score.String(),
		string(o.Rule), string(o.Category), o.Family, o.By.ID, o.Request)
	granted := int64(0)
	if o.Granted {
		granted = 1
	}
	b = appendInts(b, int64(o.Revision), int64(o.IssuedOn), int64(o.Attended), int64(o.RuleSet), granted,
		int64(o.Credits), int64(o.Lost), int64(o.ExpiresOn), o.Seq, int64(o.CourseVersion), int64(o.Level),
		int64(o.Scheduled), o.PostedAt.UnixMicro(), int64(len(o.Reasons)))
	for _, r := range o.Reasons {
		b = appendStrings(b, r.String()) // the code, which is stable; its number is not
	}
	if o.ValidUntil != 0 { // rows from before there was such a day keep their digest
		b = appendInts(b, int64(o.ValidUntil))
	}
	return sha256.Sum256(b)
}

// appendStrings appends each string with its length in front, so that no two
// lists of strings have the same bytes.
func appendStrings(b []byte, ss ...string) []byte {
	for _, s := range ss {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

func appendInts(b []byte, ns ...int64) []byte {
	for _, n := range ns {
		b = binary.AppendVarint(b, n)
	}
	return b
}
