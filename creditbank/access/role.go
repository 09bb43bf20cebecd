package access

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// A Role is what a principal may act as.
type Role string

// The roles.
const (
	Anyone   Role = "anyone"   // the public: needs no grant
	Learner  Role = "learner"  // acts on an account of their own; comes with it and is never granted
	Poster   Role = "poster"   // posts what people learned
	Reviewer Role = "reviewer" // reviews conversions
	Clerk    Role = "clerk"    // opens accounts at the counter
	Manager  Role = "manager"  // manages an institution's staff and clients
	Operator Role = "operator" // runs the bank, or its part in a region
	Auditor  Role = "auditor"  // reads everything, changes nothing
)

// Roles lists the roles that a principal can have.
func Roles() []Role {
	return []Role{Learner, Poster, Reviewer, Clerk, Manager, Operator, Auditor}
}

// Text returns what r is called.
func (r Role) Text() creditbank.Text {
	switch r {
	case Anyone:
		return creditbank.Text{ZH: "任何人", EN: "anyone"}
	case Learner:
		return creditbank.Text{ZH: "学习者", EN: "learner"}
	case Poster:
		return creditbank.Text{ZH: "成果登记员", EN: "poster"}
	case Reviewer:
		return creditbank.Text{ZH: "转换审核员", EN: "reviewer"}
	case Clerk:
		return creditbank.Text{ZH: "柜台经办员", EN: "clerk"}
	case Manager:
		return creditbank.Text{ZH: "机构管理员", EN: "manager"}
	case Operator:
		return creditbank.Text{ZH: "学分银行运营员", EN: "operator"}
	case Auditor:
		return creditbank.Text{ZH: "审计员", EN: "auditor"}
	}
	return creditbank.Text{ZH: string(r), EN: string(r)}
}

// ParseRole parses the name of a role that a principal can have.
func ParseRole(s string) (Role, error) {
	if !slices.Contains(Roles(), Role(s)) {
		return "", creditbank.Invalid(creditbank.CodeMalformed, "role", fmt.Sprintf("“%s”不是角色", s), fmt.Sprintf("%q is no role", s))
	}
	return Role(s), nil
}
