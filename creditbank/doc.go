// Package creditbank is the domain of a learner credit bank (学分银行): its words
// and its arithmetic, without SQL, HTTP, files, clock or randomness.
//
// # How a credit flows
//
// An institution says what somebody learned: a [Posting] (登记). A rule turns it
// into a [Lot] (批次) of so many credits, or refuses it with every reason: a
// [Recognition] (认定). Lots add up to a [Balance] (积累). A conversion rule takes
// lots and grants lines of a programme: a [Decision] (转换). Where the rule asks
// for a reviewer the decision waits as an [Application] (申请), which holds what it
// would consume and is decided on what the account has by then ([Bank.Review]). How
// many reviewers decide, within what time, what publicity (公示) comes before the
// effect and what appeals there are is the rule's [Process]; deadlines run on a
// [Calendar] of working days and stand with the acts that set them.
// What nobody posted, such as a prize, a learner asks an institution to recognise: a
// [Petition] (认定申请) with [Evidence] (证明材料), which accepting posts.
// Nothing is edited or deleted; what turns out wrong is revised, revoked or
// reversed, and stays in the history.
//
// A line of one programme can be a source in another ([HeldLine]), and so on: what
// loses its source falls with everything that rests on it, deepest first, in one
// write. Where an [Award] (授予) hangs on it a [Case] (复核) is opened instead. The
// learner hears of it all by [Notice] (通知), institutions by [Concern] (知会).
//
// # Who is told what
//
// An institution that posted an outcome of the learner, or that the learner
// converts credits at, may see the account; anybody else needs the learner's
// [Consent] (同意). [Account.Basis] says which it is, and each [Disclosure] is on
// record before anything is told.
//
// Evidence is no field of an account: the applicant sees it, and those who decide the
// petition and have not recused themselves ([Petition.Shown]).
//
// # How rules live
//
// A [RuleDraft] (草案) is written on a version of the rules, reviewed by a quorum of
// people who did not write it, made public ([RuleObjection], 异议) and published; a
// rule in force can be suspended, resumed and given an end ([RuleStanding]). What a
// draft must pass is the bank's [RulePolicy]. Each [RuleAct] is a reference document;
// what is suspended is said by a version of the rules, so that every decision still
// follows from the version it names.
//
// # Where things are
//
// An [Account] is what the [History] of a learner adds up to. The [Bank] reads a
// history, lets pure code decide, and appends rows through a [Store], each write
// conditional on the account's version; a [Poster] does so for many postings at
// once. Accounts that the bank hands out are shared, and never changed. What
// outcomes are worth and what they may become is for [Rules], which
// package rule makes from files that a city writes.
//
// # What always holds
//
//   - Every [Transfer] moves credits of one category between two accounts, so all
//     accounts of a category sum to zero.
//   - No lot goes below zero, and an outcome is consumed at most once.
//   - An acknowledged write is durable, and sent again has no second effect.
//   - A write whose outcome is unknown is [ErrOutcomeUnknown], never success.
//   - Nobody acts without a [Caller], who is recorded in the same transaction.
//   - Nobody reviews what they applied for, petitions included, nor rules that they
//     drafted, votes twice on an application, or decides an appeal against their own
//     decision.
//   - Evidence is sealed under its learner's key and stands with its act, or not at all.
//   - Nobody forfeits more than they agreed to, where they were asked.
//   - Credits are hundredths in integers; rounding happens where a rule names it.
package creditbank
