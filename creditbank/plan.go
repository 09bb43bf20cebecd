package creditbank

// A Plan is the best set and order of conversions towards a programme: most
// credits granted, then least forfeited, then soonest expiry used, then the
// rules' ids. It holds if reviewers approve of the steps in Reviewed.
type Plan struct {
	Learner   LearnerID
	Programme ProgrammeID
	Day       Date
	Credits   Credits // granted by the steps
	Forfeited Credits
	Steps     []RuleID
	Reviewed  []RuleID // those of the steps that need a reviewer
	Proof     PlanProof
}

// A PlanProof says why no other plan is better, or how much better one could be.
//
// Whatever is converted, it takes room: in slots, under caps, of outcomes that
// can be used once. The parts are room that every conversion possible has to take
// some of, so together they bound what all of them can grant; anyone can add them
// up. That sum is Limit. Where it is more than the plan grants, the search has gone
// through what lies between and found nothing: Bound is what is left.
type PlanProof struct {
	// Exact: no plan is better, ties included. Otherwise the search was ended by
	// its limit, and this is the best plan it had found.
	Exact bool

	Bound  Credits // no plan grants more; of an exact plan, what it grants
	Limit  Credits // what the parts come to, rounded down to the hundredth
	Parts  []BoundPart
	Visits int // states the search looked at
}

// Gap returns by how much a plan could be better than p, in credits: zero where p
// grants as much as can be granted.
func (p Plan) Gap() Credits { return p.Proof.Bound - p.Credits }

// A BoundKind says what bounds a plan.
type BoundKind string

// What bounds a plan.
const (
	BoundCap     BoundKind = "cap"     // what a cap of the programme leaves
	BoundSlot    BoundKind = "slot"    // what is left in a slot
	BoundOutcome BoundKind = "outcome" // an outcome, which one conversion can use
	BoundPool    BoundKind = "pool"    // the credits available of a category
	BoundRule    BoundKind = "rule"    // what one rule can grant at most
)

// A BoundPart is one part of the bound of a plan.
type BoundPart struct {
	Kind BoundKind

	// Name is the cap as findings name it ("cap all 40.0"), or the id of the slot,
	// course, category or rule.
	Name string

	Lot     int64   // of an outcome: which
	Credits Credits // its part of the bound
}
