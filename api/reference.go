package api

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

func wireRegion(r creditbank.Region) contract.Region {
	return contract.Region{Code: string(r.Code), Name: r.Name, Level: r.Level, Parent: optional(string(r.Parent))}
}

// ListRegions implements [contract.StrictServerInterface].
func (s *Server) ListRegions(context.Context, contract.ListRegionsRequestObject) (contract.ListRegionsResponseObject, error) {
	cat := s.c.Bank.Catalogue()
	all := slices.SortedFunc(maps.Values(cat.Regions), func(a, b creditbank.Region) int {
		return cmp.Or(cmp.Compare(depth(cat, a), depth(cat, b)), cmp.Compare(a.Code, b.Code))
	})
	return contract.ListRegions200JSONResponse{Regions: mapped(all, wireRegion)}, nil
}

// depth returns how many regions stand above r.
func depth(cat *creditbank.Catalogue, r creditbank.Region) int {
	n := 0
	for r.Parent != "" && n < len(cat.Regions) {
		r = cat.Regions[r.Parent]
		n++
	}
	return n
}

// publish publishes reference data and answers with what is known then. may is
// asked about the very catalogue that it follows: what this replica knew a moment
// ago may not be what is replaced.
func (s *Server) publish(ctx context.Context, r creditbank.Reference, may func(*creditbank.Catalogue) error) (*creditbank.Catalogue, error) {
	if err := s.c.Bank.PublishIf(ctx, callOf(ctx).by(), r, may); err != nil {
		return nil, inBody(err)
	}
	s.c.Shared.Signals.Publish(ctx, topicReference, nil)
	return s.c.Bank.Catalogue(), nil
}

// PutRegion implements [contract.StrictServerInterface]. A region is its
// parent's to change, the one it has and the one it is to have; one at the top
// is the whole bank's.
func (s *Server) PutRegion(ctx context.Context, r contract.PutRegionRequestObject) (contract.PutRegionResponseObject, error) {
	code := creditbank.RegionCode(r.Region)
	region := creditbank.Region{Code: code, Name: r.Body.Name, Level: string(r.Body.Level), Parent: creditbank.RegionCode(value(r.Body.Parent))}
	cat, err := s.publish(ctx, creditbank.Reference{Regions: []creditbank.Region{region}}, func(cat *creditbank.Catalogue) error {
		if old, known := cat.Regions[code]; known {
			if err := s.may(ctx, onParent(old.Parent)); err != nil {
				return err
			}
		}
		return s.may(ctx, onParent(region.Parent))
	})
	if err != nil {
		return nil, err
	}
	return contract.PutRegion200JSONResponse(wireRegion(cat.Regions[code])), nil
}

// onParent returns what a region below parent belongs to.
func onParent(parent creditbank.RegionCode) access.Target {
	if parent == "" {
		return access.OnBank()
	}
	return access.OnRegion(parent)
}

func (s *Server) wireInstitution(i creditbank.Institution) contract.Institution {
	w := contract.Institution{
		Id: string(i.ID), Name: i.Name, Kinds: append([]string{}, i.Kinds...), Tier: optional(i.Tier), Parent: optional(string(i.Parent)),
		Region: string(i.Region), Uscc: optional(i.USCC),
	}
	if did, err := s.c.Office.DID(i.ID); err == nil {
		w.Did = &did
	}
	return w
}

// ListInstitutions implements [contract.StrictServerInterface].
func (s *Server) ListInstitutions(_ context.Context, r contract.ListInstitutionsRequestObject) (contract.ListInstitutionsResponseObject, error) {
	cat := s.c.Bank.Catalogue()
	region := creditbank.RegionCode(value(r.Params.Region))
	if _, known := cat.Regions[region]; region != "" && !known {
		return nil, creditbank.NotFound(creditbank.CodeUnknownRegion, "region", "没有这个地区", "there is no such region")
	}
	within := access.Scope{Kind: access.ScopeRegion, ID: string(region)}
	var all []creditbank.Institution
	for _, id := range slices.Sorted(maps.Keys(cat.Institutions)) {
		if region == "" || within.Covers(cat, access.OnInstitution(id)) {
			all = append(all, cat.Institutions[id])
		}
	}
	found, next, err := page(all, func(i creditbank.Institution) string { return string(i.ID) }, r.Params.Cursor, r.Params.Limit)
	return contract.ListInstitutions200JSONResponse{Institutions: mapped(found, s.wireInstitution), Next: next}, err
}

// GetInstitution implements [contract.StrictServerInterface].
func (s *Server) GetInstitution(_ context.Context, r contract.GetInstitutionRequestObject) (contract.GetInstitutionResponseObject, error) {
	i, known := s.c.Bank.Catalogue().Institutions[creditbank.InstitutionID(r.Institution)]
	if !known {
		return nil, creditbank.NotFound(creditbank.CodeUnknownInstitution, "institution", "没有这个机构", "there is no such institution")
	}
	return contract.GetInstitution200JSONResponse(s.wireInstitution(i)), nil
}

// PutInstitution implements [contract.StrictServerInterface]. Both where it is
// and where it is to be must lie within the caller's scope.
func (s *Server) PutInstitution(ctx context.Context, r contract.PutInstitutionRequestObject) (contract.PutInstitutionResponseObject, error) {
	i := creditbank.Institution{
		ID: creditbank.InstitutionID(r.Institution), Name: r.Body.Name, Kinds: r.Body.Kinds, Tier: value(r.Body.Tier),
		Parent: creditbank.InstitutionID(value(r.Body.Parent)), Region: creditbank.RegionCode(r.Body.Region), USCC: value(r.Body.Uscc),
	}
	cat, err := s.publish(ctx, creditbank.Reference{Institutions: []creditbank.Institution{i}}, func(cat *creditbank.Catalogue) error {
		if old, known := cat.Institutions[i.ID]; known {
			if err := s.may(ctx, access.OnRegion(old.Region)); err != nil {
				return err
			}
		}
		return s.may(ctx, access.OnRegion(i.Region))
	})
	if err != nil {
		return nil, err
	}
	return contract.PutInstitution200JSONResponse(s.wireInstitution(cat.Institutions[i.ID])), nil
}

func wireCourse(c creditbank.Course) contract.Course {
	return contract.Course{
		Code: string(c.Code), Version: c.Version, Title: c.Title, Institution: string(c.Institution), Category: contract.Category(c.Category),
		Level: optional(int(c.Level)), Hours: c.Hours, Credits: c.Credits, Family: optional(c.Family), Tags: append([]string{}, c.Tags...),
		Repeat: optional(contract.Repeat(c.Repeat)), NotionalHours: optional(c.NotionalHours), ValidFor: optional(c.ValidFor.String()), ValidUntil: day(c.ValidUntil),
	}
}

// ListCourses implements [contract.StrictServerInterface].
func (s *Server) ListCourses(_ context.Context, r contract.ListCoursesRequestObject) (contract.ListCoursesResponseObject, error) {
	cat := s.c.Bank.Catalogue()
	var all []creditbank.Course
	for _, code := range slices.Sorted(maps.Keys(cat.Courses)) {
		c := cat.Courses[code]
		if r.Params.Institution != nil && string(c.Institution) != *r.Params.Institution || r.Params.Category != nil && string(c.Category) != string(*r.Params.Category) {
			continue
		}
		all = append(all, c)
	}
	found, next, err := page(all, func(c creditbank.Course) string { return string(c.Code) }, r.Params.Cursor, r.Params.Limit)
	return contract.ListCourses200JSONResponse{Courses: mapped(found, wireCourse), Next: next}, err
}

// GetCourse implements [contract.StrictServerInterface].
func (s *Server) GetCourse(_ context.Context, r contract.GetCourseRequestObject) (contract.GetCourseResponseObject, error) {
	c, known := s.c.Bank.Catalogue().Courses[creditbank.CourseCode(r.Course)]
	if !known {
		return nil, creditbank.NotFound(creditbank.CodeUnknownCourse, "course", "没有这门课程", "there is no such course")
	}
	return contract.GetCourse200JSONResponse(wireCourse(c)), nil
}

// PutCourse implements [contract.StrictServerInterface].
func (s *Server) PutCourse(ctx context.Context, r contract.PutCourseRequestObject) (contract.PutCourseResponseObject, error) {
	c := creditbank.Course{
		Code: creditbank.CourseCode(r.Course), Title: r.Body.Title, Institution: creditbank.InstitutionID(r.Body.Institution),
		Category: creditbank.Category(r.Body.Category), Level: creditbank.Level(value(r.Body.Level)), Hours: value(r.Body.Hours), Credits: value(r.Body.Credits),
		Family: value(r.Body.Family), Tags: value(r.Body.Tags), Repeat: creditbank.Repeat(value(r.Body.Repeat)), NotionalHours: value(r.Body.NotionalHours),
	}
	if r.Body.ValidFor != nil {
		var err error
		if c.ValidFor, err = creditbank.ParsePeriod(*r.Body.ValidFor); err != nil {
			return nil, inBody(field(err, "valid_for"))
		}
	}
	if r.Body.ValidUntil != nil {
		var err error
		if c.ValidUntil, err = parseDay(*r.Body.ValidUntil, "valid_until"); err != nil {
			return nil, inBody(err)
		}
	}
	cat, err := s.publish(ctx, creditbank.Reference{Courses: []creditbank.Course{c}}, func(cat *creditbank.Catalogue) error {
		if old, known := cat.Courses[c.Code]; known {
			if err := s.may(ctx, access.OnInstitution(old.Institution)); err != nil {
				return err
			}
		}
		return s.may(ctx, access.OnInstitution(c.Institution))
	})
	if err != nil {
		return nil, err
	}
	w := wireCourse(cat.Courses[c.Code])
	if c.Repeat == "" {
		w.Warnings = &[]contract.Text{wireText(creditbank.Text{
			ZH: "课程未注明重修是否计分（repeat），按每次都计",
			EN: "the course does not say whether a repeat counts (repeat): each does",
		})}
	}
	return contract.PutCourse200JSONResponse(w), nil
}
