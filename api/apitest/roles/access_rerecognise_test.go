package roles_test

import (
	"fmt"

	"creditbank/creditbank"
)

// repeated has L2 repeat a course that counts once, the first time being revoked
// since: there is something to recognise anew.
func (s *scene) repeated() {
	s.t.Helper()
	ctx := s.t.Context()
	by := creditbank.Caller{ID: "operator:test"}
	course := creditbank.Course{
		Code: creditbank.CourseCode(fmt.Sprint("ZR", s.number())), Title: "剪纸", Institution: "I06", Category: creditbank.NonFormal,
		Hours: 16 * creditbank.Hour, Repeat: creditbank.RepeatOnce,
	}
	s.must(s.Bank.Publish(ctx, by, creditbank.Reference{Courses: []creditbank.Course{course}}))
	poster := s.Bank.NewPoster(ctx, creditbank.PosterConfig{})
	defer poster.Close()
	score, err := creditbank.ParseScore("80")
	s.must(err)
	for _, id := range []string{"first", "second"} {
		_, err := poster.Post(ctx, by, creditbank.Posting{
			OutcomeKey: creditbank.OutcomeKey{Learner: s.ids["L2"], Institution: "I06", ExternalID: fmt.Sprint(course.Code, "-", id), Revision: 1},
			Course:     course.Code, IssuedOn: 20260301, Score: score, Attended: 16 * creditbank.Hour,
		}, "")
		s.must(err)
	}
	_, err = s.Bank.Revoke(ctx, s.change("L2"), creditbank.Revoking{Institution: "I06", ExternalID: fmt.Sprint(course.Code, "-first"), Reason: "重复登记"})
	s.must(err)
}
