package access

import "creditbank/creditbank"

// A subject is what is being managed, as far as it matters who may: where it
// belongs, whose it is, and what it was granted.
type subject struct {
	targets []Target // any of them being covered will do
	roles   []Role   // in one of these roles
	grants  []Grant
}

// managedAs returns the subject of a client or of a member of staff. One that
// belongs to no institution is managed by those who could have given its grants.
func managedAs(i creditbank.InstitutionID, grants []Grant) subject {
	s := subject{roles: []Role{Manager, Operator}, grants: grants}
	if i != "" {
		s.targets = []Target{OnInstitution(i)}
	}
	return s
}

// managedWith returns the subject of a learner's account: a clerk may manage it
// too, at the institution that opened it or in the learner's region.
func managedWith(i creditbank.InstitutionID, l creditbank.Learner, grants []Grant) subject {
	s := subject{[]Target{OnLearner(l.ID, l.Region)}, []Role{Clerk, Manager, Operator}, grants}
	if i != "" {
		s.targets = append(s.targets, OnInstitution(i))
	}
	return s
}

// mayManage reports why by may not open, change or give a new code to s. Who
// could not have granted what s has may not take it over either, by way of a new
// code or a secret.
func mayManage(cat *creditbank.Catalogue, by Principal, s subject) error {
	if by.May(cat, []Role{Operator}, OnBank()) {
		return nil
	}
	refused := notAllowed("", "无权管理该用户或客户端", "you may not manage this account or client")
	covered := len(s.targets) == 0 && len(s.grants) > 0
	for _, t := range s.targets {
		covered = covered || by.May(cat, s.roles, t)
	}
	if !covered {
		return refused
	}
	for _, g := range s.grants {
		if MayGrant(cat, by, g) != nil {
			return refused
		}
	}
	return nil
}
