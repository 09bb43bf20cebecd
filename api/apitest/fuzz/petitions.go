package fuzz

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strings"

	"creditbank/api/apitest/generate"
	"creditbank/creditbank"
)

// petitionOf makes the request about an open petition, made for the scene where the
// learner has few.
func (d *draw) petitionOf() row {
	learner := d.somebody()
	if a, err := d.Bank.Account(d.t.Context(), creditbank.LearnerID(learner)); err == nil {
		if open := a.OpenPetitions(); len(open) > 2 || len(open) > 0 && d.Chance(50) {
			return d.about(row{learner: learner, seq: generate.Pick(d.Rand, open...).Seq})
		}
	}
	act, err := d.Bank.Petition(d.t.Context(), d.change("learner:"+learner, learner), creditbank.Petitioning{
		Claimed:       creditbank.Claimed{Institution: "I06", IssuedOn: 20250101 + creditbank.Date(d.IntN(27))},
		PetitionWords: creditbank.PetitionWords{Title: "一等奖 " + d.tag()},
	})
	d.refusedAtMost(err)
	return d.about(row{learner: learner, seq: max(act.Seq, 1)})
}

// about makes the request about a petition.
func (d *draw) about(o row) row {
	d.q.Vars["learner"], d.q.Vars["seq"] = o.learner, fmt.Sprint(o.seq)
	return o
}

// asLearner has the learner of a petition send the request, where they can log in.
func (d *draw) asLearner(o row) row {
	c := caller{name: "learner:" + o.learner, sub: "learner:" + o.learner, learner: creditbank.LearnerID(o.learner), roles: []string{"learner"}}
	if d.Chance(85) && d.issue(&c) == nil {
		d.c = &c
	}
	return o
}

// somebody is a learner that there is, if there is one.
func (d *draw) somebody() string {
	if id := d.candidate(); id != "" {
		return id
	}
	return pick(d, &d.learners, learner{id: nobody}).id
}

// file returns what may be evidence.
func (d *draw) file() []byte {
	if d.Chance(50) {
		return []byte("%PDF-1.4\n" + strings.Repeat("x", d.IntN(2000)) + d.tag() + "\nstartxref\n9\n%%EOF\n")
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, d.Between(1, 40), d.Between(1, 40)))); err != nil {
		d.t.Error(err)
	}
	return b.Bytes()
}

// petitionRecipes make valid what is asked of petitions.
var petitionRecipes = map[string]func(*draw){
	"petition": func(d *draw) {
		d.asLearner(row{learner: d.somebody()})
		if d.c.learner != "" {
			d.q.Vars["learner"] = string(d.c.learner)
		}
		d.q.Tree = object{"institution": "I06", "issued_on": d.day(-60, -1), "title": "一等奖 " + d.tag(), "text": "说明 " + d.tag()}
		if d.Chance(30) {
			d.q.Tree.(object)["valid_until"] = d.day(-30, 900)
		}
	},
	"listPetitions": func(d *draw) { d.q.Vars["learner"] = d.asLearner(row{learner: d.somebody()}).learner },
	"getPetition":   func(d *draw) { d.petitionOf() },
	"addEvidence": func(d *draw) {
		d.asLearner(d.petitionOf())
		d.q.Body = d.file()
	},
	"getEvidence": func(d *draw) {
		o := d.petitionOf()
		if d.Chance(50) {
			d.asLearner(o)
		}
		act, err := d.Bank.AddEvidence(d.t.Context(), d.change("learner:"+o.learner, o.learner), o.seq, d.file())
		d.refusedAtMost(err)
		d.q.Vars["evidence"] = fmt.Sprint(max(act.Seq, 1))
	},
	"supplementPetition": func(d *draw) {
		o := d.asLearner(d.petitionOf())
		_, err := d.Bank.ReturnPetition(d.t.Context(), d.change("user:reviewer-"+d.tag(), o.learner), o.seq, "缺页")
		d.refusedAtMost(err)
		d.q.Tree = d.words()
	},
	"withdrawPetition":   func(d *draw) { d.asLearner(d.petitionOf()); d.q.Tree = object{"reason": "误报"} },
	"returnPetition":     func(d *draw) { d.petitionOf(); d.q.Tree = object{"reason": "缺页"} },
	"refusePetition":     func(d *draw) { d.petitionOf(); d.q.Tree = object{"reason": "不符"} },
	"recuseFromPetition": func(d *draw) { d.petitionOf(); d.q.Tree = object{"reason": "亲属"} },
	"previewPetition":    func(d *draw) { d.petitionOf(); d.q.Tree = d.findings() },
	"acceptPetition":     func(d *draw) { d.petitionOf(); d.q.Tree = d.findings() },
}

// findings are what an institution found: the course, since the petitions of the
// scene name none.
func (d *draw) findings() object {
	found := object{"course": "S01", "score": generate.Pick(d.Rand, "55", "70", "90"), "attended_hours": "16"}
	if d.Chance(30) {
		found["valid_until"] = generate.Pick(d.Rand, "", d.day(-30, 900))
	}
	return found
}
