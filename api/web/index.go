package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// index is what the first page shows besides words: nothing about anybody.
type index struct {
	URL     string
	Contact creditbank.Text
	Demo    []Login

	Institutions, Courses, Rules int
	RuleSet                      int // the version in force, 0 for none
	Log                          int64

	// Of the example of a posting: they exist, so that it works as it stands.
	Institution creditbank.InstitutionID
	Course      creditbank.CourseCode
	Today       creditbank.Date
}

func (s *Site) index(v *visit) error {
	cat := s.c.Bank.Catalogue()
	i := index{
		URL: s.c.PublicURL, Contact: s.c.Contact, Demo: s.c.Demo(), Institutions: len(cat.Institutions), Courses: len(cat.Courses),
		Institution: "I06", Course: "K01", Today: s.c.Bank.Today(),
	}
	if cat.Rules != nil {
		i.RuleSet = cat.Rules.Version()
		if set, ok := cat.Rules.(*rule.Set); ok {
			i.Rules = len(set.Rules())
		}
	}
	if all := slices.Sorted(maps.Keys(cat.Courses)); len(all) > 0 {
		i.Course, i.Institution = all[0], cat.Courses[all[0]].Institution
	}
	var err error
	if i.Log, err = s.logSize(v.r.Context()); err != nil {
		return err
	}
	return v.show(http.StatusOK, "index", i)
}

// logSize returns how many entries the log of certificates has.
func (s *Site) logSize(ctx context.Context) (int64, error) {
	checkpoint, err := s.c.Office.LogFile(ctx, "checkpoint")
	if errors.Is(err, creditbank.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	lines := strings.SplitN(string(checkpoint), "\n", 3) // origin, size, …
	if len(lines) < 3 {
		return 0, errors.New("the checkpoint of the log has no size")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("size of the log: %w", err)
	}
	return size, nil
}
