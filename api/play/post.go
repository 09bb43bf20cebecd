package play

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/scenario"
)

// batchSize is how many outcomes are posted with one request; the contract lets
// an array have 1000.
const batchSize = 500

// senders is how many institutions post at the same time.
const senders = 8

// A batch are outcomes that one institution posts one after the other.
type batch struct {
	institution creditbank.InstitutionID
	outcomes    []scenario.Outcome
}

// waves divides outcomes so that those of a learner come in file order, which
// decides what a yearly cap leaves of them, though each institution posts its
// own: in each wave a learner appears with one institution only.
func waves(outcomes []scenario.Outcome) [][]batch {
	type standing struct {
		wave        int
		institution creditbank.InstitutionID
	}
	at := map[string]standing{}
	var all [][]batch
	for _, o := range outcomes {
		s, known := at[o.Alias]
		if known && s.institution != o.Posting.Institution {
			s.wave++
		}
		s.institution = o.Posting.Institution
		at[o.Alias] = s
		if s.wave == len(all) {
			all = append(all, nil)
		}
		wave := &all[s.wave]
		i := slices.IndexFunc(*wave, func(b batch) bool { return b.institution == s.institution })
		if i < 0 {
			i = len(*wave)
			*wave = append(*wave, batch{institution: s.institution})
		}
		(*wave)[i].outcomes = append((*wave)[i].outcomes, o)
	}
	return all
}

// postOutcomes posts the outcomes, each institution its own.
func (p *player) postOutcomes(ctx context.Context) error {
	done := 0
	for _, wave := range waves(p.city.Outcomes) {
		var wait sync.WaitGroup
		errs := make([]error, len(wave))
		slots := make(chan struct{}, senders)
		for i, b := range wave {
			slots <- struct{}{}
			wait.Go(func() {
				errs[i] = p.postBatch(ctx, b)
				<-slots
			})
		}
		wait.Wait()
		for i, b := range wave {
			if errs[i] != nil {
				return errs[i]
			}
			done += len(b.outcomes)
		}
		p.progress("outcomes", done, len(p.city.Outcomes))
	}
	return p.afterPosting(ctx)
}

// postBatch posts the outcomes of a batch in the city's way.
func (p *player) postBatch(ctx context.Context, b batch) error {
	known := slices.DeleteFunc(slices.Clone(b.outcomes), func(o scenario.Outcome) bool { _, ok := p.ids[o.Alias]; return !ok })
	if p.Way == OneByOne {
		for _, o := range known {
			if err := p.post(ctx, o); err != nil {
				return err
			}
		}
		return nil
	}
	for outcomes := range slices.Chunk(known, batchSize) {
		answers, err := p.send(ctx, b.institution, outcomes)
		if err != nil {
			return p.refused(outcomes[0].Place, err)
		}
		for i, a := range answers {
			p.answered(outcomes[i], a)
		}
	}
	return nil
}

// send sends outcomes with one request, again until each is answered.
func (p *player) send(ctx context.Context, institution creditbank.InstitutionID, outcomes []scenario.Outcome) ([]contract.PostingAnswer, error) {
	rows := make([]contract.Posting, 0, len(outcomes))
	for _, o := range outcomes {
		rows = append(rows, p.posting(o))
	}
	var answers []contract.PostingAnswer
	_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (a contract.Answer, err error) {
		if p.Way == InArrays {
			a, answers, err = array(ctx, c, rows)
		} else {
			a, answers, err = stream(ctx, c, rows)
		}
		unknown := func(a contract.PostingAnswer) bool { return a.Status == contract.UNKNOWN }
		if err == nil && a.StatusCode() == http.StatusOK && (len(answers) != len(rows) || slices.ContainsFunc(answers, unknown)) {
			err = errBrokeOff
		}
		return a, err
	}, grant(access.Poster, institution))
	return answers, err
}

func array(ctx context.Context, c *contract.ClientWithResponses, rows []contract.Posting) (contract.Answer, []contract.PostingAnswer, error) {
	r, err := c.PostOutcomesWithResponse(ctx, rows)
	if err != nil || r.JSON200 == nil {
		return r, nil, err
	}
	return r, r.JSON200.Answers, nil
}

func stream(ctx context.Context, c *contract.ClientWithResponses, rows []contract.Posting) (contract.Answer, []contract.PostingAnswer, error) {
	var file bytes.Buffer
	enc := json.NewEncoder(&file)
	for _, row := range rows {
		if err := enc.Encode(row); err != nil {
			return nil, nil, err
		}
	}
	r, err := c.StreamOutcomesWithBodyWithResponse(ctx, "application/x-ndjson", &file)
	if err != nil || r.StatusCode() != http.StatusOK {
		return r, nil, err
	}
	var answers []contract.PostingAnswer
	lines := bufio.NewScanner(bytes.NewReader(r.Body))
	for lines.Scan() {
		var a contract.PostingAnswer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return r, nil, err
		}
		answers = append(answers, a)
	}
	return r, answers, lines.Err()
}

// posting returns an outcome as it is sent.
func (p *player) posting(o scenario.Outcome) contract.Posting {
	id := string(p.ids[o.Alias])
	v := o.Posting
	return contract.Posting{
		ExternalId: v.ExternalID, Institution: string(v.Institution), Learner: &id, Course: string(v.Course), IssuedOn: v.IssuedOn.String(),
		Score: optional(v.Score.String()), AttendedHours: optional(v.Attended), Revision: optional(v.Revision),
		ValidUntil: optional(v.ValidUntil.String()),
	}
}

// post posts one outcome, if its learner has an account.
func (p *player) post(ctx context.Context, o scenario.Outcome) error {
	if _, ok := p.ids[o.Alias]; !ok {
		return nil // why is told where the account could not be opened
	}
	_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.PostOutcomeResponse, error) {
		return c.PostOutcomeWithResponse(ctx, p.posting(o))
	}, grant(access.Poster, o.Posting.Institution))
	if err == nil {
		p.onRecord(o)
	}
	return p.refused(o.Place, err)
}

// answered takes in the answer to a row.
func (p *player) answered(o scenario.Outcome, a contract.PostingAnswer) {
	if a.Status != contract.REFUSED {
		p.onRecord(o)
		return
	}
	field := ""
	if a.Column != nil {
		field = *a.Column
	}
	p.problem(o.Place, creditbank.Invalid(creditbank.Code(a.Code), field, a.Message.Zh, a.Message.En))
}

func (p *player) onRecord(o scenario.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posted.Add(o)
}
