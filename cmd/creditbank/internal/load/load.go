// Package load makes synthetic learners and postings for tests of a bank under
// load. The same seed makes the same ones every time, so that a run that was
// killed can be run again and sends everything again.
package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"creditbank/cmd/creditbank/internal/qinghe"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// A Plan says what to send.
type Plan struct {
	Seed     int64
	Learners int
	Count    int // of postings; 0: without end
}

// openBatch is how many accounts are opened in one transaction.
const openBatch = 500

// Prepare publishes the reference data of Qinghe and opens the accounts, unless
// they are there. It returns the learners in the order of the plan.
func (p Plan) Prepare(ctx context.Context, bank *creditbank.Bank, by creditbank.Caller) ([]creditbank.LearnerID, error) {
	city, err := scenario.Read(qinghe.City())
	if err != nil {
		return nil, err
	}
	if err := bank.Publish(ctx, by, city.Reference); err != nil {
		return nil, err
	}
	ids := make([]creditbank.LearnerID, 0, p.Learners)
	for len(ids) < p.Learners {
		var openings []creditbank.Opening
		for n := len(ids); n < min(len(ids)+openBatch, p.Learners); n++ {
			openings = append(openings, p.opening(n))
		}
		opened, errs := bank.Open(ctx, by, openings)
		for i, o := range opened {
			if errs[i] != nil {
				return nil, errs[i]
			}
			ids = append(ids, o.Learner.ID)
		}
	}
	return ids, nil
}

// opening makes the n-th learner. The identity numbers are those of nobody:
// the area code 9901 does not exist.
func (p Plan) opening(n int) creditbank.Opening {
	day := time.Date(1940, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n/1000%20000)
	number := fmt.Sprintf("99%02d%02d%s%03d", p.Seed%100, n/20_000_000%100, day.Format("20060102"), n%1000)
	for check := range 11 {
		digit := strconv.Itoa(check)
		if check == 10 {
			digit = "X"
		}
		if id, err := creditbank.ParseIDNumber(number + digit); err == nil {
			return creditbank.Opening{Person: creditbank.Person{Name: fmt.Sprintf("学员%d", n), IDNumber: id}, Region: "9901"}
		}
	}
	panic("load: no check digit fits " + number) // one of eleven always does
}

// courses that are posted: code, institution, hours.
var courses = [...]struct {
	code        creditbank.CourseCode
	institution creditbank.InstitutionID
	hours       creditbank.Hours
}{
	{"S01", "I06", 16 * creditbank.Hour}, {"S02", "I05", 24 * creditbank.Hour}, {"S03", "I04", 32 * creditbank.Hour},
	{"S04", "I08", 18 * creditbank.Hour}, {"S05", "I07", 120 * creditbank.Hour}, {"S06", "I10", 72 * creditbank.Hour},
	{"S09", "I13", 64 * creditbank.Hour}, {"S10", "I11", 40 * creditbank.Hour}, {"S12", "I09", 4 * creditbank.Hour},
}

// Posting makes the n-th posting.
func (p Plan) Posting(n int, learners []creditbank.LearnerID) creditbank.Posting {
	draw := rand.New(rand.NewPCG(uint64(p.Seed), uint64(n)))
	course := courses[draw.IntN(len(courses))]
	score, err := creditbank.ParseScore(strconv.Itoa(50 + draw.IntN(51)))
	if err != nil {
		panic("load: " + err.Error()) // 50 to 100 are scores
	}
	issued := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, draw.IntN(1800))
	return creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{
			Learner: learners[draw.IntN(len(learners))], Institution: course.institution,
			ExternalID: fmt.Sprintf("B%d-%09d", p.Seed, n), Revision: 1,
		},
		Course: course.code, IssuedOn: creditbank.DateOf(issued), Score: score,
		Attended: course.hours * creditbank.Hours(7+draw.IntN(4)) / 10,
	}
}
