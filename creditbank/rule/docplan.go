// # How a plan is found
//
// A plan ([Set.Plan]) is the best set and order of the conversion rules of one
// programme on one account and day: most credits granted, then least forfeited, then
// soonest expiry used (the days on which what is used expires, sorted, compared
// one by one; a list that ends is sooner than one that goes on), then the rules' ids
// in their order. It uses each rule at most once. What needs a reviewer is planned with as if
// approved; a rule whose application is open is left out, since there cannot be a
// second one; so is what is suspended, or not in force. Rules towards other
// programmes are no part of it: a "line" is what stands there already.
//
// The order of steps matters: a pool takes what a course needed, a line closes a slot
// that another leaves open, a condition asks what stands already. So the search is over
// sequences. Every step is decided by the evaluator itself, on the account as it
// would be, never by a model of it; and the plan is decided once more, step by step,
// before it is returned.
//
//   - What a rule could reach is worked out once: the goods it could take,
//     the slots and limits it could fill, what it depends on. A rule about which
//     that cannot be said is unsure: anything may matter to it, which is right and slow.
//   - Rules that have nothing to do with each other are planned apart.
//   - Each group is a branch and bound, rule by rule: used or not. A rule that does
//     the same whenever it is used, and blocks nobody, is used at once; others
//     in every order that could matter. States from which the same can follow are looked
//     at once.
//   - The bound: whatever is converted takes room, in slots, under caps, of outcomes
//     that serve once. At any prices of room, no set of rules grants more than
//     the room costs and the rules are worth beyond it. Good prices are the duals of
//     a linear programme, solved in integers; bad ones make the bound weaker, never wrong.
//     The same bound serves for credits, for what is forfeited and for expiries, in turn.
//   - Credits, and what is forfeited, are looked for from the bound downwards: to see
//     that there is nothing close to the bound takes little, and what is found there is
//     the best or nearly so.
//   - Where each solution of these uses an outcome of the latest day, no list of
//     expiries ends early, and more of a sooner day is better whatever follows. Then one
//     search goes through all days: a state that can only be as good as the best by
//     some days is asked about the next ones. Otherwise day by day.
//   - The first of equally good orders is chosen step by step. A rule that could be
//     neither the next step nor a later one is not asked about again.
//
// The prices of the first bound are the proof ([creditbank.PlanProof]): parts that add up to
// what the room left is good for. Where that is more than the plan grants, the search
// has gone through what lies between. A search ends after a fixed number of
// states, not after a time, so that the same question has the same answer everywhere: then the
// proof says that it is not exact, and Gap how much is open.
//
// A random city's plan is held against all orders of all sets of its rules in the
// tests, over everything the language has.
package rule
