package fuzz

import (
	"errors"
	"fmt"
	"net/http"

	"creditbank/api/apitest/generate"
	"creditbank/api/contract"
	"creditbank/creditbank"
)

// stepOn makes the request about an application of a bag.
func (d *draw) stepOn(b *generate.Bag[row]) row {
	o := d.mine(b)
	d.q.Vars["seq"] = fmt.Sprint(o.seq)
	return o
}

// spent is stepOn for what can be done once. Most are kept: what failed leaves the
// application as it was, and another can make it so again.
func (d *draw) spent(b *generate.Bag[row]) {
	o := d.stepOn(b)
	if d.Chance(20) {
		b.Remove(func(other row) bool { return other == o })
	}
}

// theirs is spent by the applicant, if that is somebody who can log in.
func (d *draw) theirs(b *generate.Bag[row]) {
	if o, ok := b.Pick(d.Rand); ok && d.Chance(80) {
		c := caller{name: "learner:" + o.learner, sub: "learner:" + o.learner, learner: creditbank.LearnerID(o.learner), roles: []string{"learner"}}
		if d.issue(&c) == nil {
			d.c, d.q.Vars["learner"] = &c, o.learner
		}
	}
	d.spent(b)
}

// forfeits returns what the rules of the request would forfeit, as a learner who
// looked first knows.
func (d *draw) forfeits() {
	tree, ok := d.q.Tree.(object)
	if !ok {
		return
	}
	list, _ := tree["rules"].([]any)
	var rules []creditbank.RuleID
	for _, r := range list {
		rules = append(rules, creditbank.RuleID(fmt.Sprint(r)))
	}
	decisions, err := d.Bank.Preview(d.t.Context(), creditbank.LearnerID(d.q.Vars["learner"]), rules)
	if err != nil {
		return // of nobody, or by no rule
	}
	var sum creditbank.Credits
	for _, one := range decisions {
		sum += one.Forfeited
	}
	delete(tree, "confirm_forfeited")
	if sum != 0 {
		tree["confirm_forfeited"] = sum.String()
	}
}

// change returns a request to change something about a learner, which sets the
// scene for what is sent.
func (d *draw) change(who, learner string) creditbank.Change {
	return creditbank.Change{By: creditbank.Caller{ID: who}, Learner: creditbank.LearnerID(learner), Key: "scene-" + d.tag() + d.tag()}
}

// refusedAtMost fails the test if the bank failed: that it refuses is no fault,
// since others act meanwhile.
func (d *draw) refusedAtMost(err error) {
	var input *creditbank.InputError
	if err != nil && !errors.As(err, &input) && !errors.Is(err, creditbank.ErrNotFound) {
		d.t.Error(err)
	}
}

// words are what people write; they are sealed, and must be told to nobody else.
func (d *draw) words() object { return object{"text": "说明 " + d.tag()} }

// applicationRecipes make valid what is asked of applications.
var applicationRecipes = map[string]func(*draw){
	"convert": func(d *draw) {
		if d.c.learner != "" && d.Chance(60) {
			d.q.Vars["learner"], d.q.Tree = string(d.c.learner), object{"rules": []any{generate.Pick(d.Rand, "R05", "R10", "R90", "R90")}}
		}
		if d.Chance(85) {
			d.forfeits()
		}
	},
	"getApplication": func(d *draw) { d.stepOn(&d.applications) },
	"claimApplication": func(d *draw) {
		d.stepOn(&d.applications)
		free, _, err := d.Bank.Worklist(d.t.Context(), creditbank.WorkQuery{Programmes: []creditbank.ProgrammeID{"P1"}, Filter: creditbank.WorkUnclaimed, Limit: 100})
		if err == nil && len(free) > 0 && d.Chance(70) {
			w := generate.Pick(d.Rand, free...)
			d.q.Vars["learner"], d.q.Vars["seq"] = string(w.Learner), fmt.Sprint(w.Seq)
		}
		d.q.Tree = object{}
	},
	"releaseApplication": func(d *draw) {
		o := d.stepOn(&d.applications)
		if d.Chance(70) { // else there is seldom a claim of the caller's own
			_, err := d.Bank.Claim(d.t.Context(), d.change(d.c.sub, o.learner), o.seq, "")
			d.refusedAtMost(err)
		}
	},
	"recuseFromApplication": func(d *draw) { d.stepOn(&d.applications); d.q.Tree = object{"reason": "亲属"} },
	"returnApplication": func(d *draw) {
		d.stepOn(&d.applications)
		d.q.Tree = object{"reason": "缺材料", "days": number(d.Between(1, 30)), "working": d.Chance(50)}
	},
	"supplementApplication": func(d *draw) {
		d.theirs(&d.returned)
		d.q.Tree = d.words()
	},
	"withdrawApplication": func(d *draw) {
		d.theirs(&d.applications)
		d.q.Tree = object{"reason": "误报"}
	},
	"appealApplication": func(d *draw) {
		d.theirs(&d.denied)
		d.q.Tree = d.words()
	},
	"objectToApplication": func(d *draw) {
		d.q.Vars["number"] = pick(d, &d.numbers, "AAAAAAAAAAAAAAAAA")
		d.q.Tree = d.words()
	},
	"answerObjection": func(d *draw) {
		o := pick(d, &d.disputed, row{learner: d.q.Vars["learner"], seq: 1})
		if shown, err := d.Bank.Shown(d.t.Context(), creditbank.WorkPlace{}, 100); err == nil && len(shown) > 0 && d.Chance(70) {
			w := generate.Pick(d.Rand, shown...)
			act, err := d.Bank.ObjectTo(d.t.Context(), d.change("user:objector-"+d.tag(), string(w.Learner)), w.Seq, "材料不实")
			d.refusedAtMost(err)
			o = row{learner: string(w.Learner), seq: w.Seq, revision: int(act.Seq)}
		}
		d.q.Vars["learner"] = o.learner
		d.q.Vars["seq"], d.q.Vars["objection"] = fmt.Sprint(o.seq), fmt.Sprint(max(o.revision, 1))
		d.q.Tree = object{"text": "属实", "uphold": d.Chance(5)}
	},
	"reviewApplications": func(d *draw) {
		list := []any{}
		for range d.Between(1, 3) {
			o := pick(d, &d.applications, row{learner: nobody, seq: 1})
			list = append(list, object{"learner": o.learner, "seq": number(o.seq)})
		}
		d.q.Tree = object{"approve": d.Chance(50), "applications": list[:d.Between(1, len(list))]}
	},
	"putDeputy": func(d *draw) {
		d.q.Vars["deputation"] = "leave"
		d.q.Tree = object{"deputy": "user:" + nobody, "from": d.day(0, 5), "to": d.day(6, 60)}
	},
	"getCalendar": func(d *draw) { d.q.Vars["year"] = fmt.Sprint(d.Between(2024, 2027)) },
	"putCalendar": func(d *draw) {
		d.q.Vars["year"] = fmt.Sprint(d.Between(2025, 2026))
		d.q.Tree = object{"days": []any{object{"date": d.q.Vars["year"] + fmt.Sprintf("-05-%02d", d.Between(1, 30)), "kind": "holiday", "name": "假 " + d.tag()}}}
	},
}

// takeStep sorts an application by where it stands.
var takeStep = taking(func(d *draw, c contract.Decision) {
	if c.Seq == nil || c.Progress == nil {
		return
	}
	found := row{learner: *c.Learner, seq: *c.Seq}
	switch c.Progress.State {
	case contract.ProgressStateReturned:
		d.returned.Add(found)
	case contract.ProgressStateDenied:
		d.denied.Add(found)
	case contract.ProgressStateSubmitted, contract.ProgressStateAppealed:
		d.applications.Add(found)
	case contract.ProgressStatePublicity:
		if c.Progress.Number != nil {
			d.numbers.Add(*c.Progress.Number)
		}
	}
})

// applicationHarvests are what is taken from the answers about applications.
var applicationHarvests = map[string]func(*draw, http.Header, []byte){
	"claimApplication": takeStep, "releaseApplication": takeStep, "recuseFromApplication": takeStep, "returnApplication": takeStep,
	"supplementApplication": takeStep, "appealApplication": takeStep, "answerObjection": takeStep,
	"reviewConversion": taking(func(d *draw, c contract.Decision) {
		if c.Application != nil && c.Decision == contract.Deny {
			d.denied.Add(row{learner: *c.Learner, seq: *c.Application})
		}
		if c.Progress != nil && c.Progress.Number != nil {
			d.numbers.Add(*c.Progress.Number)
			d.applications.Add(row{learner: *c.Learner, seq: *c.Seq})
		}
	}),
	"getApplication": taking(func(d *draw, a contract.Application) {
		for _, o := range a.Objections {
			if o.Upheld == nil && a.Decision.Seq != nil {
				d.disputed.Add(row{learner: a.Learner, seq: *a.Decision.Seq, revision: int(o.Seq)})
			}
		}
	}),
	"listPublicity": taking(func(d *draw, p contract.Publicity) {
		for _, a := range p.Applications {
			d.numbers.Add(a.Number)
		}
	}),
}
