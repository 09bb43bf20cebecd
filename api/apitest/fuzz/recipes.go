package fuzz

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"creditbank/api/apitest/generate"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// recipes make valid what the schema alone does not.
var recipes = map[string]func(*draw){
	"createToken": func(d *draw) {
		form := object{"grant_type": "client_credentials"}
		d.c = &caller{}
		k, keyed := d.clientKeys.Pick(d.Rand)
		known := pick(d, &d.secrets, secret{"no-client", "none"})
		switch {
		case keyed && d.Chance(40):
			form["client_assertion_type"], form["client_assertion"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", d.assertion(k)
		case d.Chance(50):
			d.c = &caller{header: "Authorization", value: "Basic " + base64.StdEncoding.EncodeToString([]byte(known.client+":"+known.secret))}
		default:
			form["client_id"], form["client_secret"] = known.client, known.secret
		}
		if d.Chance(10) {
			form["scope"] = generate.Pick(d.Rand, "poster", "clerk manager", " ", "nobody")
		}
		d.q.SetForm(form)
	},
	"revokeToken": func(d *draw) {
		t := generate.Pick(d.Rand, "garbage", "a.b.c", "")
		if d.Chance(80) {
			t = d.spareToken()
		}
		d.q.SetForm(object{"token": t})
	},
	"logOut": func(d *draw) {
		if opaque, ok := d.sessions.Take(); ok && d.Chance(70) {
			d.c = &caller{header: "Cookie", value: "creditbank=" + opaque}
			return
		}
		d.c = &caller{header: "Authorization", value: "Bearer " + d.spareToken()}
	},
	"getMe": func(d *draw) {
		if opaque, ok := d.sessions.Pick(d.Rand); ok && d.Chance(50) {
			d.c = &caller{header: "Cookie", value: "creditbank=" + opaque}
		}
	},
	"putRegion": func(d *draw) {
		code := creditbank.RegionCode(d.q.Vars["region"])
		old := d.Bank.Catalogue().Regions[code]
		if old.Parent == "" || d.Chance(20) {
			d.q.Vars["region"], old = "9901"+d.tag(), creditbank.Region{Level: "county", Parent: "9901"}
		}
		d.q.Tree = object{"name": "地区" + d.tag(), "level": old.Level, "parent": string(old.Parent)}
	},
	"putInstitution": func(d *draw) {
		old := d.Bank.Catalogue().Institutions[creditbank.InstitutionID(d.q.Vars["institution"])]
		if d.Chance(20) {
			d.q.Vars["institution"], old.Parent, old.Tier = "N"+d.tag(), "", 0
		}
		body := object{"name": "机构" + d.tag(), "kinds": []any{"university"}, "region": string(old.Region)}
		if old.Parent != "" {
			body["parent"], body["tier"] = string(old.Parent), number(old.Tier)
		}
		if d.Chance(20) {
			body["uscc"] = generate.Pick(d.Rand, "91350100M000100Y43", "12100000400010000X")
		}
		d.q.Tree = body
	},
	"putCourse": func(d *draw) {
		old := d.Bank.Catalogue().Courses[creditbank.CourseCode(d.q.Vars["course"])]
		if d.Chance(20) {
			d.q.Vars["course"] = "C" + d.tag()
		}
		body := object{"title": "课程" + d.tag(), "repeat": generate.Pick(d.Rand, "once", "best", "yearly", "every"), "institution": string(old.Institution), "category": string(old.Category), "hours": old.Hours.String(), "credits": old.Credits.String()}
		if old.Level > 0 {
			body["level"] = number(int(old.Level))
		}
		d.q.Tree = body
	},
	"publishRuleSet": func(d *draw) {
		rules := strings.Replace(string(d.files.Rules), "Save small, redeem whole", "Save small, redeem whole "+d.tag(), 1)
		d.q.Tree = object{"replaces": number(d.newestRules()), "rules": rules, "programmes": string(d.files.Programmes)}
	},
	"tryRules": func(d *draw) {
		rules := strings.Replace(string(d.files.Rules), `hours_per_credit: "18"`, `hours_per_credit: "`+generate.Pick(d.Rand, "16", "18", "20")+`"`, 1)
		d.q.Tree = object{"rules": rules, "programmes": string(d.files.Programmes)}
		if d.Chance(50) {
			d.q.Tree.(object)["region"] = generate.Pick(d.Rand, "9901", "990101", "990102")
		}
		if d.Chance(50) {
			d.q.Tree.(object)["learners"] = true
		}
	},
	"previewRerecognition": func(d *draw) { d.q.Query.Set("reasons", d.refusal()) },
	"rerecognise": func(d *draw) {
		d.q.Tree = object{"rule_set": number(d.newestRules()), "reasons": []any{d.refusal()}}
	},
	"getRuleSet":     func(d *draw) { d.q.Vars["version"] = fmt.Sprint(d.Between(1, d.newestRules())) },
	"getConsentText": func(d *draw) { d.q.Vars["version"] = creditbank.ConsentTextVersion },
	"getProblem": func(d *draw) {
		d.q.Vars["problem"] = generate.Pick(d.Rand, "invalid", "forbidden", "erased", "busy", "key-reused", "nothing")
	},
	"openLearner": func(d *draw) {
		p := pick(d, &d.persons, person{"无名", "990101195811030283"})
		if d.persons.Len() < 200 && d.Chance(60) {
			p = d.stranger()
		}
		d.q.Tree = object{"name": p.name, "id_number": p.idNumber, "region": generate.Pick(d.Rand, "990101", "990102", "990103")}
	},
	"findLearner": func(d *draw) {
		who := pick(d, &d.learners, learner{id: nobody})
		d.q.Tree = object{"name": who.name, "id_number": who.idNumber}
		if d.Chance(50) {
			d.q.Tree = object{"name": who.name, "account": who.account}
		}
	},
	"postOutcome": func(d *draw) { d.q.Tree = d.posting() },
	"postOutcomes": func(d *draw) {
		list := []any{}
		for range d.Between(1, 8) {
			list = append(list, d.posting())
		}
		d.q.Tree = list
	},
	"streamOutcomes": func(d *draw) { d.q.Body = d.rows() },
	"revokeOutcome": func(d *draw) {
		o := pick(d, &d.outcomes, row{learner: nobody, institution: "I01", externalID: "none"})
		d.q.Tree = object{"learner": o.learner, "institution": o.institution, "external_id": o.externalID, "reason": "登记有误 " + d.tag()}
	},
	"enrol": func(d *draw) {
		if d.Chance(50) {
			d.q.Vars["learner"], d.q.Vars["programme"] = d.candidate(), "P1"
		}
	},
	"convert": func(d *draw) {
		if d.c.learner == "" && d.Chance(50) {
			d.q.Vars["learner"], d.q.Tree = d.candidate(), object{"rules": []any{generate.Pick(d.Rand, "R05", "R10", "R90")}}
		}
	},
	"getOutcome":    func(d *draw) { d.q.Vars["seq"] = fmt.Sprint(d.mine(&d.outcomes).seq) },
	"getConversion": func(d *draw) { d.q.Vars["seq"] = fmt.Sprint(d.mine(&d.decisions).seq) },
	"reviewConversion": func(d *draw) {
		d.spent(&d.applications)
		d.q.Tree = object{"approve": d.Chance(70), "note": "已核对"}
	},
	"conferAward":      conferAward,
	"withdrawAward":    withdrawAward,
	"decideCase":       decideCase,
	"issueCertificate": func(d *draw) { d.q.Tree = object{"outcome": number(d.mine(&d.granted).seq)} },
	"findCertificate":  func(d *draw) { d.q.Vars["code"] = pick(d, &d.codes, "WERC-8GMR-ZGE1-96Y8") },
	"verifyCertificate": func(d *draw) {
		if token, ok := d.forms.Pick(d.Rand); ok && d.Chance(40) {
			d.q.Tree = object{"token": token}
			return
		}
		b, ok := d.bundles.Pick(d.Rand)
		if !ok {
			d.q.Tree = object{"credential": object{"id": "urn:uuid:" + nobody}}
			return
		}
		d.q.Tree = object{"credential": clone(b.credential)}
		if d.Chance(50) {
			d.q.Tree = object{"credential": clone(b.credential), "proof": b.proof, "status_list": clone(b.status)}
		}
	},
	"getIssuerKey": func(d *draw) {
		d.q.Vars["kid"] = "i01.rs256-1"
		token, _ := d.forms.Pick(d.Rand)
		var header struct {
			Kid string `json:"kid"`
		}
		first, _, _ := strings.Cut(token, ".")
		data, err := base64.RawURLEncoding.DecodeString(first)
		if err != nil || json.Unmarshal(data, &header) != nil {
			return
		}
		if _, kid, ok := strings.Cut(header.Kid, "/keys/"); ok {
			d.q.Vars["kid"] = kid
		}
	},
	"getTile": func(d *draw) {
		d.mu.Lock()
		size := max(1, d.size)
		d.mu.Unlock()
		n := d.Int64N(size) + 1
		d.q.Vars["tile"] = fmt.Sprintf("%s/%03d.p/%d", generate.Pick(d.Rand, "0", "entries"), (n-1)/256, min(255, (n-1)%256+1))
		if d.Chance(20) {
			d.q.Vars["tile"] = generate.Pick(d.Rand, "0/000", "entries/000", "1/000.p/1", "0/x001/067", "63/000")
		}
	},
	"giveConsent": func(d *draw) {
		fields := []any{"PROFILE", "BALANCE", "OUTCOMES", "CONVERSIONS", "CERTIFICATES"}
		d.q.Tree = object{
			"recipient": pick(d, &d.institutions, "I01"), "purpose": generate.Pick(d.Rand, "CONVERSION", "ADMISSION", "EMPLOYMENT", "SUBSIDY"),
			"fields": fields[:d.Between(1, 5)], "text_version": creditbank.ConsentTextVersion, "until": d.day(1, 1700),
		}
	},
	"withdrawConsent": func(d *draw) { d.q.Vars["seq"] = fmt.Sprint(d.done(&d.consents).seq) },
	"activateAccount": func(d *draw) {
		a, ok := d.activations.Take()
		if !ok {
			a = activation{account: "100000000000", name: "无名", code: "AAAAAAAAAA"}
		}
		d.q.Tree = object{"account": a.account, "name": a.name, "code": a.code, "password": "a good one " + d.tag()}
	},
	"logIn": func(d *draw) {
		l := pick(d, &d.logins, login{account: "100000000000", password: "nothing"})
		d.q.Tree = object{"account": l.account, "password": l.password, "cookie": d.Chance(60)}
	},
	"changePassword": func(d *draw) {
		l, ok := d.logins.Take()
		if !ok {
			l = login{password: "nothing"}
		} else if l.sub != "" { // else whose it is was not told
			d.as(l.sub)
		}
		d.q.Tree = object{"old": l.password, "new": "another one " + d.tag()}
		d.q.Vars["account"] = l.account // for the harvest; the path has no such variable
	},
	"openAccount": func(d *draw) {
		d.q.Tree = object{"learner": pick(d, &d.learners, learner{id: nobody}).id}
		if d.Chance(60) {
			p := person{name: "司徒" + d.tag()}
			d.hide(person{p.name, p.name})
			d.q.Tree = object{"name": p.name, "institution": pick(d, &d.institutions, "I01"), "grants": d.grants()}
		}
	},
	"openClient": func(d *draw) {
		d.q.Tree = object{"id": "m-" + d.tag() + d.tag(), "title": object{"zh": "机器", "en": "machine"}, "institution": pick(d, &d.institutions, "I01"), "grants": d.grants()}
	},
	"addClientSecret": func(d *draw) {
		d.q.Tree = object{}
		if d.Chance(50) {
			d.q.Tree = object{"expires_on": d.day(1, 300)}
		}
	},
	"addClientKey": func(d *draw) {
		k, public := d.jwk()
		k.client = d.q.Vars["client"]
		d.pendingKey(k)
		d.q.Tree = object{"jwk": public}
	},
	"removeClientSecret": func(d *draw) {
		d.q.Vars["secret"] = "00000000"
		if s, ok := d.secrets.Pick(d.Rand); ok && d.Chance(30) {
			d.q.Vars["client"], d.q.Vars["secret"] = s.client, access.SecretID(s.secret)
		}
	},
	"removeClientKey": func(d *draw) {
		d.q.Vars["kid"] = "none"
		if k, ok := d.clientKeys.Pick(d.Rand); ok {
			d.q.Vars["client"], d.q.Vars["kid"] = k.client, k.kid
		}
	},
}
