package creditbank

import (
	"errors"
	"fmt"
)

// The kinds of failure a caller may act on. Every error this package returns
// on purpose wraps exactly one of them; any other error is a fault of the
// machine, not of the request.
var (
	// ErrInvalid: the request says something that cannot be.
	ErrInvalid = errors.New("invalid")

	// ErrNotFound: what the request names does not exist.
	ErrNotFound = errors.New("not found")

	// ErrConflict: the same key was used before with other content, or the
	// state of the account does not allow the request.
	ErrConflict = errors.New("conflict")

	// ErrForbidden: whoever asks has no right to it.
	ErrForbidden = errors.New("forbidden")

	// ErrBusy: the queue is full. Nothing was done; try again shortly.
	ErrBusy = errors.New("busy")

	// ErrOutcomeUnknown: the write may or may not have been made durable. The
	// caller finds out by repeating it with the same key; it must never be
	// told of success (ECOSYSTEM 0.3: lib/pq can answer success for a commit
	// that synchronous replication has not confirmed).
	ErrOutcomeUnknown = errors.New("outcome unknown")
)

// A Code names what is wrong with an input, stably, for programs.
type Code string

// The codes of input errors.
const (
	CodeMissing              Code = "MISSING"
	CodeMalformed            Code = "MALFORMED"
	CodeUnknownCourse        Code = "UNKNOWN_COURSE"
	CodeUnknownInstitution   Code = "UNKNOWN_INSTITUTION"
	CodeUnknownLearner       Code = "UNKNOWN_LEARNER"
	CodeUnknownRegion        Code = "UNKNOWN_REGION"
	CodeUnknownProgramme     Code = "UNKNOWN_PROGRAMME"
	CodeUnknownRule          Code = "UNKNOWN_RULE"
	CodeUnknownOutcome       Code = "UNKNOWN_OUTCOME"
	CodeDateInFuture         Code = "DATE_IN_FUTURE"
	CodeCourseRetired        Code = "COURSE_RETIRED"
	CodeAttendanceAboveHours Code = "ATTENDANCE_ABOVE_HOURS"
	CodeIDNumber             Code = "ID_NUMBER_INVALID"
	CodeUSCC                 Code = "USCC_INVALID"
	CodeAccountNumber        Code = "ACCOUNT_NUMBER_INVALID"
	CodeNameMismatch         Code = "LEARNER_NAME_MISMATCH"
	CodeDuplicate            Code = "DUPLICATE"
	CodeKeyReused            Code = "KEY_REUSED"
	CodeRevisionOrder        Code = "REVISION_ORDER"
	CodeState                Code = "STATE_CONFLICT"
	CodeUnknownApplication   Code = "UNKNOWN_APPLICATION"
	CodeUnknownConsent       Code = "UNKNOWN_CONSENT"
	CodeUnknownScale         Code = "UNKNOWN_SCALE"
	CodeUnknownAward         Code = "UNKNOWN_AWARD"
	CodeUnknownCase          Code = "UNKNOWN_CASE"
	CodeUnknownCertificate   Code = "UNKNOWN_CERTIFICATE"
	CodeConsentRequired      Code = "CONSENT_REQUIRED"
	CodeForfeitNotConfirmed  Code = "FORFEIT_NOT_CONFIRMED"
	CodeReviewerExcluded     Code = "REVIEWER_EXCLUDED"
	CodeApplicationClaimed   Code = "APPLICATION_CLAIMED"
	CodeCasesDiffer          Code = "CASES_DIFFER"
	CodeNotDeputy            Code = "NOT_DEPUTY"
	CodeUnknownCalendar      Code = "UNKNOWN_CALENDAR"
	CodeUnknownPetition      Code = "UNKNOWN_PETITION"
	CodePetitionLimit        Code = "PETITION_LIMIT"
	CodeUnknownEvidence      Code = "UNKNOWN_EVIDENCE"
	CodeEvidenceType         Code = "EVIDENCE_TYPE"
	CodeEvidenceDamaged      Code = "EVIDENCE_DAMAGED"
	CodeEvidenceTooLarge     Code = "EVIDENCE_TOO_LARGE"
	CodeEvidenceLimit        Code = "EVIDENCE_LIMIT"
)

// An InputError says which field of a request is wrong, and why, in words for
// the person who has to mend it. It wraps the kind it belongs to.
type InputError struct {
	Kind   error  // ErrInvalid, ErrNotFound, ErrConflict or ErrForbidden
	Code   Code   // stable, for programs
	Field  string // the field or column, "" when it is the whole
	Reason Text   // for people
}

func (e *InputError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s (%s)", e.Reason.EN, e.Code)
	}
	return fmt.Sprintf("%s: %s (%s)", e.Field, e.Reason.EN, e.Code)
}

// Unwrap returns the kind of e.
func (e *InputError) Unwrap() error { return e.Kind }

// Invalid returns an input error of kind [ErrInvalid].
func Invalid(code Code, field, zh, en string) *InputError {
	return &InputError{ErrInvalid, code, field, Text{zh, en}}
}

// NotFound returns an input error of kind [ErrNotFound].
func NotFound(code Code, field, zh, en string) *InputError {
	return &InputError{ErrNotFound, code, field, Text{zh, en}}
}

// Conflict returns an input error of kind [ErrConflict].
func Conflict(code Code, field, zh, en string) *InputError {
	return &InputError{ErrConflict, code, field, Text{zh, en}}
}

// Forbidden returns an input error of kind [ErrForbidden].
func Forbidden(code Code, field, zh, en string) *InputError {
	return &InputError{ErrForbidden, code, field, Text{zh, en}}
}
