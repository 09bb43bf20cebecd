package api

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// ReviewApplications implements [contract.StrictServerInterface].
func (s *Server) ReviewApplications(ctx context.Context, r contract.ReviewApplicationsRequestObject) (contract.ReviewApplicationsResponseObject, error) {
	s.scoped(ctx)
	batch := creditbank.Batch{
		By: callOf(ctx).by(), Key: r.Params.IdempotencyKey,
		Verdict: creditbank.Verdict{Approve: r.Body.Approve, Note: value(r.Body.Note), For: value(r.Body.For)},
	}
	for _, one := range r.Body.Applications {
		id := creditbank.LearnerID(one.Learner)
		if err := s.mayReview(ctx, id, one.Seq, r.Body.For); err != nil {
			return nil, inBody(err)
		}
		batch.Cases = append(batch.Cases, creditbank.BatchItem{Learner: id, Application: one.Seq})
	}
	answers, err := s.c.Bank.ReviewBatch(ctx, batch)
	if err != nil {
		return nil, inBody(err)
	}
	w := contract.ReviewApplications200JSONResponse{}
	for _, a := range answers {
		w.Results = append(w.Results, wireCaseAnswer(a))
	}
	return w, nil
}

// wireCaseAnswer returns what became of one application of a batch.
func wireCaseAnswer(a creditbank.BatchAnswer) contract.ReviewedApplication {
	w := contract.ReviewedApplication{Learner: string(a.Learner), Seq: a.Application}
	var input *creditbank.InputError
	if errors.As(a.Err, &input) {
		message := wireText(input.Reason)
		w.Code, w.Message = optional(string(input.Code)), &message
		return w
	}
	kind := contract.ReviewedApplicationKind(a.Act.Kind)
	w.Entry, w.Kind = &a.Act.Seq, &kind
	if d := a.Act.Body.Decision; d != nil {
		w.Approved = &d.Approved
	}
	return w
}

// ListPublicity implements [contract.StrictServerInterface].
func (s *Server) ListPublicity(ctx context.Context, r contract.ListPublicityRequestObject) (contract.ListPublicityResponseObject, error) {
	after, err := s.afterShown(ctx, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.c.Bank.Shown(ctx, after, pageSize(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	w := contract.ListPublicity200JSONResponse{}
	w.Applications = mapped(items, s.wireShown)
	if len(items) == pageSize(r.Params.Limit) {
		last := items[len(items)-1]
		w.Next = cursor(last.Due.String(), last.Number)
	}
	return w, nil
}

// wireShown returns an approval as anybody may see it.
func (s *Server) wireShown(item creditbank.WorkItem) contract.ShownApplication {
	w := contract.ShownApplication{
		Number: item.Number, Rule: string(item.Facts.Rule), Programme: string(item.Programme), Credits: item.Facts.Credits,
		Until: item.Due.String(), Disputed: item.Facts.Disputed,
	}
	for _, set := range slices.Backward(s.c.Bank.Catalogue().RuleSets) {
		if title, _, ok := set.RuleTitle(item.Facts.Rule); ok {
			w.Title = wireText(title)
			break
		}
	}
	return w
}

// afterShown finds where a page of the list ended, which a public cursor tells by
// the number: learners' ids are not for everybody. One that is not shown any more
// leads to the beginning of its day.
func (s *Server) afterShown(ctx context.Context, c *string) (creditbank.WorkPlace, error) {
	parts, err := after(c, 2)
	if err != nil || parts[0] == "" {
		return creditbank.WorkPlace{}, err
	}
	due, err := creditbank.ParseDate(parts[0])
	if err != nil {
		return creditbank.WorkPlace{}, badCursor()
	}
	item, err := s.c.Bank.ShownAs(ctx, parts[1])
	if missing(err) {
		return creditbank.WorkPlace{Due: due}, nil
	}
	return item.Place(), err
}

// ObjectToApplication implements [contract.StrictServerInterface]. Whoever has
// logged in may object to what is shown to all.
func (s *Server) ObjectToApplication(ctx context.Context, r contract.ObjectToApplicationRequestObject) (contract.ObjectToApplicationResponseObject, error) {
	c := s.scoped(ctx)
	item, err := s.c.Bank.ShownAs(ctx, r.Number)
	if missing(err) {
		return nil, creditbank.NotFound(creditbank.CodeUnknownApplication, "number", "没有正在公示的这项申请", "no application of that number is shown")
	}
	if err != nil {
		return nil, err
	}
	if c.principal.Learner == item.Learner {
		return nil, creditbank.Conflict(creditbank.CodeState, "number", "不能对本人的申请提出异议；可以撤回", "nobody objects to their own application; it can be withdrawn")
	}
	act, err := s.c.Bank.ObjectTo(ctx, s.change(ctx, string(item.Learner), r.Params.IdempotencyKey), item.Seq, r.Body.Text)
	if err != nil {
		return nil, err
	}
	return contract.ObjectToApplication200JSONResponse{Number: item.Number, At: act.At}, nil
}

// dueAtOnce bounds what one request sees to.
const dueAtOnce = 500

// RunApplicationsDue implements [contract.StrictServerInterface].
func (s *Server) RunApplicationsDue(ctx context.Context, _ contract.RunApplicationsDueRequestObject) (contract.RunApplicationsDueResponseObject, error) {
	if err := s.may(ctx, access.OnBank()); err != nil {
		return nil, err
	}
	done, err := s.c.Bank.ApplicationsDue(ctx, callOf(ctx).by(), dueAtOnce)
	if err != nil {
		s.fault(ctx, "applications due")(err)
	}
	return contract.RunApplicationsDue200JSONResponse{Done: len(done), Failed: err != nil}, nil
}

func wireDeputation(d creditbank.Deputation) contract.Deputation {
	return contract.Deputation{Id: d.ID, Reviewer: d.Reviewer, Deputy: d.Deputy, From: d.From.String(), To: d.To.String(), Reason: optional(d.Reason)}
}

// ListDeputies implements [contract.StrictServerInterface].
func (s *Server) ListDeputies(ctx context.Context, _ contract.ListDeputiesRequestObject) (contract.ListDeputiesResponseObject, error) {
	me := s.scoped(ctx).by().ID
	var own []creditbank.Deputation
	for _, d := range s.c.Bank.Catalogue().Deputations {
		if d.Reviewer == me || d.Deputy == me {
			own = append(own, d)
		}
	}
	slices.SortFunc(own, func(a, b creditbank.Deputation) int {
		return cmp.Or(cmp.Compare(b.From, a.From), cmp.Compare(a.Reviewer, b.Reviewer), cmp.Compare(a.ID, b.ID))
	})
	return contract.ListDeputies200JSONResponse{Deputations: mapped(own, wireDeputation)}, nil
}

// PutDeputy implements [contract.StrictServerInterface]. A reviewer names who stands
// in for them, and no other.
func (s *Server) PutDeputy(ctx context.Context, r contract.PutDeputyRequestObject) (contract.PutDeputyResponseObject, error) {
	d := creditbank.Deputation{ID: r.Deputation, Reviewer: s.scoped(ctx).by().ID, Deputy: r.Body.Deputy, Reason: value(r.Body.Reason)}
	var err error
	if d.From, err = parseDay(r.Body.From, "from"); err != nil {
		return nil, err
	}
	if d.To, err = parseDay(r.Body.To, "to"); err != nil {
		return nil, err
	}
	if _, err := s.publish(ctx, creditbank.Reference{Deputations: []creditbank.Deputation{d}}, func(*creditbank.Catalogue) error { return nil }); err != nil {
		return nil, err
	}
	return contract.PutDeputy200JSONResponse(wireDeputation(d)), nil
}

// ListCalendars implements [contract.StrictServerInterface].
func (s *Server) ListCalendars(context.Context, contract.ListCalendarsRequestObject) (contract.ListCalendarsResponseObject, error) {
	years := slices.Sorted(maps.Keys(s.c.Bank.Catalogue().CalendarYears))
	return contract.ListCalendars200JSONResponse{Years: append([]int{}, years...)}, nil
}

func wireCalendar(y creditbank.CalendarYear) contract.CalendarYear {
	return contract.CalendarYear{Year: y.Year, Days: mapped(y.Days, func(d creditbank.CalendarDay) contract.CalendarDay {
		return contract.CalendarDay{Date: d.Date.String(), Kind: contract.CalendarDayKind(d.Kind), Name: d.Name}
	})}
}

// GetCalendar implements [contract.StrictServerInterface].
func (s *Server) GetCalendar(_ context.Context, r contract.GetCalendarRequestObject) (contract.GetCalendarResponseObject, error) {
	y, ok := s.c.Bank.Catalogue().CalendarYears[r.Year]
	if !ok {
		return nil, creditbank.NotFound(creditbank.CodeUnknownCalendar, "year", "尚未导入该年的工作日历", "no calendar of that year was imported")
	}
	return contract.GetCalendar200JSONResponse(wireCalendar(y)), nil
}

// PutCalendar implements [contract.StrictServerInterface].
func (s *Server) PutCalendar(ctx context.Context, r contract.PutCalendarRequestObject) (contract.PutCalendarResponseObject, error) {
	if err := s.may(ctx, access.OnBank()); err != nil {
		return nil, err
	}
	y := creditbank.CalendarYear{Year: r.Year}
	for _, d := range r.Body.Days {
		date, err := parseDay(d.Date, "days")
		if err != nil {
			return nil, err
		}
		y.Days = append(y.Days, creditbank.CalendarDay{Date: date, Kind: string(d.Kind), Name: d.Name})
	}
	cat, err := s.publish(ctx, creditbank.Reference{Calendar: []creditbank.CalendarYear{y}}, func(*creditbank.Catalogue) error { return nil })
	if err != nil {
		return nil, err
	}
	return contract.PutCalendar200JSONResponse(wireCalendar(cat.CalendarYears[r.Year])), nil
}
