package fuzz

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"creditbank/api/apitest/generate"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// A draw is one request being made: of what the scene knows, so that it can be
// valid, for a caller who may send it.
type draw struct {
	*scene
	generate.Rand
	c *caller
	q *generate.Request
}

type object = map[string]any

func number[N int | int64](n N) json.Number { return json.Number(fmt.Sprint(n)) }

// pick returns one of a bag, or what stands in for it where that is empty.
func pick[T any](d *draw, b *generate.Bag[T], or T) T {
	if v, ok := b.Pick(d.Rand); ok {
		return v
	}
	return or
}

// nobody is an id that nobody has.
const nobody = "00000000-0000-4000-8000-000000000000"

// request makes a valid request for an operation.
func (s *scene) request(r generate.Rand, op *generate.Operation, c *caller) *draw {
	d := &draw{scene: s, Rand: r, c: c}
	d.q = generate.Valid(r, op, d.known)
	if make, ok := recipes[op.ID]; ok {
		make(d)
	} else if make, ok := ruleRecipes[op.ID]; ok {
		make(d)
	}
	if d.c.header != "" {
		d.q.Header.Set(d.c.header, d.c.value)
	}
	return d
}

// self returns the caller's own learner, mostly, or else any.
func (d *draw) self() string {
	if d.c.learner != "" && d.Chance(90) {
		return string(d.c.learner)
	}
	return pick(d, &d.learners, learner{id: nobody}).id
}

// candidate is a learner with an outcome that a rule with a reviewer is about.
func (d *draw) candidate() string {
	o, _ := d.outcomes.Where(d.Rand, func(o row) bool { return o.course == "S07" })
	return o.learner
}

// done takes a row out of a bag, mostly: what was decided or withdrawn is not
// asked for often again.
func (d *draw) done(b *generate.Bag[row]) row {
	o := d.mine(b)
	if d.Chance(80) {
		b.Remove(func(other row) bool { return other == o })
	}
	return o
}

// mine returns a row of the request's learner, mostly, or else any; then the
// request is about its learner.
func (d *draw) mine(b *generate.Bag[row]) row {
	found, ok := b.Where(d.Rand, func(o row) bool { return o.learner == d.q.Vars["learner"] })
	if !ok && d.c.learner == "" {
		found, ok = b.Pick(d.Rand)
	}
	if !ok {
		return row{learner: d.q.Vars["learner"], seq: 1}
	}
	d.q.Vars["learner"] = found.learner
	return found
}

// known supplies ids and codes that exist.
func (d *draw) known(r generate.Rand, name string) (any, bool) {
	switch name {
	case "learner":
		return d.self(), true
	case "institution", "recipient":
		return pick(d, &d.institutions, "I01"), true
	case "region":
		return pick(d, &d.regions, "9901"), true
	case "course":
		return pick(d, &d.courses, "S01"), true
	case "programme":
		return pick(d, &d.programmes, "P1"), true
	case "rule", "rules":
		return d.ruleOrRules(name), true
	case "account":
		return pick(d, &d.accounts, nobody), true
	case "client":
		return pick(d, &d.clients, "no-client"), true
	case "certificate":
		return pick(d, &d.certificates, "urn:uuid:"+nobody), true
	case "issuer":
		return pick(d, &d.issuers, "i01"), true
	case "list", "seq":
		return 1, true
	case "Idempotency-Key":
		return d.key(), true
	case "limit":
		return d.Between(1, 20), true
	case "min_version", "after", "Last-Event-ID":
		return d.Between(1, 4), true
	case "date":
		return d.day(-900, 900), true
	case "rule_set":
		return d.Between(1, d.newestRules()), true
	case "grants":
		return d.grants(), true
	}
	return nil, false
}

// ruleOrRules returns a rule, or a list of some; the list as a body has it.
func (d *draw) ruleOrRules(name string) any {
	if name == "rule" {
		return pick(d, &d.rules, "R10")
	}
	list := []any{pick(d, &d.rules, "R10")}
	for d.Chance(30) {
		list = append(list, pick(d, &d.rules, "R10"))
	}
	return list
}

// key returns a key that is new, mostly.
func (d *draw) key() string {
	if d.Chance(3) {
		if k, ok := d.keys.Pick(d.Rand); ok {
			return k
		}
	}
	k := fmt.Sprintf("key-%016x", d.Uint64())
	d.keys.Add(k)
	return k
}

// day returns a day so many days from today.
func (d *draw) day(from, to int) string {
	return d.Bank.Today().Time(time.UTC).AddDate(0, 0, d.Between(from, to)).Format(time.DateOnly)
}

func (d *draw) newestRules() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ruleSet
}

// grants are what a manager or operator may grant.
func (d *draw) grants() []any {
	list := []any{}
	for range d.Between(0, 2) {
		scope := generate.Pick(d.Rand, "institution:", "branch:") + pick(d, &d.institutions, "I01")
		if d.Chance(20) {
			scope = "region:" + pick(d, &d.regions, "9901")
		}
		list = append(list, object{"role": generate.Pick(d.Rand, "poster", "reviewer", "clerk", "manager", "auditor"), "scope": scope})
	}
	return list
}

// tag is something new.
func (d *draw) tag() string { return fmt.Sprintf("%06x", d.Uint32()>>8) }

// posting is a posting of somebody's, by the institution that the caller posts
// for where that is one.
func (d *draw) posting() object {
	cat := d.Bank.Catalogue()
	course := cat.Courses[creditbank.CourseCode(pick(d, &d.courses, "S01"))]
	if d.Chance(25) {
		course = cat.Courses[generate.Pick(d.Rand, creditbank.CourseCode("S07"), "S05", "S06")] // what the rules feed on
	}
	institution := string(course.Institution)
	if at, _, _ := strings.Cut(d.c.name, " "); strings.HasPrefix(at, "I") && d.Chance(80) {
		institution = at
	}
	p := object{"external_id": "X-" + d.tag() + d.tag(), "institution": institution, "course": string(course.Code), "issued_on": d.day(-1500, -1)}
	if d.Chance(90) {
		p["score"] = generate.Pick(d.Rand, "60", "72.5", "88", "100", "0", "合格", "优秀", "不合格", "59")
	}
	if course.Hours > 0 && d.Chance(90) {
		p["attended_hours"] = (course.Hours * creditbank.Hours(generate.Pick(d.Rand, 100, 100, 80, 50, 0)) / 100).String()
	}
	who := pick(d, &d.learners, learner{id: nobody})
	switch d.IntN(5) {
	case 0:
		p["account"] = who.account
	case 1:
		p["id_number"], p["learner_name"] = who.idNumber, who.name
	default:
		p["learner"] = who.id
	}
	if old, ok := d.outcomes.Pick(d.Rand); ok && d.Chance(15) {
		for _, name := range []string{"account", "id_number", "learner_name"} {
			delete(p, name)
		}
		p["learner"], p["institution"], p["external_id"], p["course"] = old.learner, old.institution, old.externalID, old.course
		p["revision"] = number(old.revision + d.IntN(3))
		delete(p, "attended_hours")
	}
	return p
}

// rows is a file of postings.
func (d *draw) rows() []byte {
	var b strings.Builder
	columns := []string{"external_id", "institution", "learner", "account", "id_number", "learner_name", "course", "issued_on", "score", "attended_hours", "revision"}
	csv := d.q.Header.Get("Content-Type") == "text/csv"
	if csv {
		b.WriteString(strings.Join(columns, ",") + "\n")
	}
	for range d.Between(1, 8) {
		p := d.posting()
		if !csv {
			line, err := json.Marshal(p)
			must(d.t, err)
			b.Write(append(line, '\n'))
			continue
		}
		cells := make([]string, len(columns))
		for i, name := range columns {
			if v, ok := p[name]; ok {
				cells[i] = fmt.Sprint(v)
			}
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	return []byte(b.String())
}

// stranger is a person whom the bank does not know yet.
func (d *draw) stranger() person {
	birth := time.Date(1950+d.IntN(55), time.Month(1+d.IntN(12)), 1+d.IntN(28), 0, 0, 0, 0, time.UTC).Format("20060102")
	stem := fmt.Sprintf("99010%d%s%03d", 1+d.IntN(3), birth, d.IntN(1000))
	p := person{name: "欧阳" + string([]rune("梅兰竹菊松柏桃李荷莲")[d.IntN(10)]) + d.tag()}
	for _, check := range "0123456789X" {
		if n, err := creditbank.ParseIDNumber(stem + string(check)); err == nil {
			p.idNumber = string(n)
		}
	}
	d.hide(p)
	return p
}

// jwk returns a new key pair and its public half as a JWK.
func (d *draw) jwk() (clientKey, object) {
	seed := make([]byte, ed25519.SeedSize)
	for i := 0; i < len(seed); i += 8 {
		binary.LittleEndian.PutUint64(seed[i:], d.Uint64())
	}
	k := clientKey{kid: "k" + d.tag(), private: ed25519.NewKeyFromSeed(seed)}
	x := base64.RawURLEncoding.EncodeToString(k.private.Public().(ed25519.PublicKey))
	return k, object{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": k.kid, "x": x}
}

// assertion is a client's, signed.
func (d *draw) assertion(k clientKey) string {
	now := time.Date(2026, 10, 1, 1, 0, 0, 0, time.UTC)
	if t, _, err := d.Server.Issue(d.t.Context(), d.callers[0].sub); err == nil {
		var claims jwt.RegisteredClaims
		if _, _, err := jwt.NewParser().ParseUnverified(t, &claims); err == nil {
			now = claims.IssuedAt.Time // the clock of the service
		}
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.RegisteredClaims{
		Issuer: k.client, Subject: k.client, Audience: jwt.ClaimStrings{d.URL + "/oauth/token"}, ID: d.tag() + d.tag(),
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
	})
	t.Header["kid"] = k.kid
	signed, err := t.SignedString(k.private)
	must(d.t, err)
	return signed
}

// spareToken is a token that may be ended.
func (d *draw) spareToken() string {
	if t, ok := d.spare.Take(); ok {
		return t
	}
	t, _, err := d.Server.Issue(d.t.Context(), generate.Pick(d.Rand, d.callers...).sub)
	must(d.t, err)
	return t
}

// as has the request sent by somebody else.
func (d *draw) as(sub string) {
	c := caller{name: sub, sub: sub}
	must(d.t, d.issue(&c))
	d.c = &c
}

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
		body := object{"title": "课程" + d.tag(), "institution": string(old.Institution), "category": string(old.Category), "hours": old.Hours.String(), "credits": old.Credits.String()}
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
			d.q.Vars["learner"], d.q.Tree = d.candidate(), object{"rules": []any{generate.Pick(d.Rand, "R05", "R10")}}
		}
	},
	"getOutcome":    func(d *draw) { d.q.Vars["seq"] = fmt.Sprint(d.mine(&d.outcomes).seq) },
	"getConversion": func(d *draw) { d.q.Vars["seq"] = fmt.Sprint(d.mine(&d.decisions).seq) },
	"reviewConversion": func(d *draw) {
		d.q.Vars["seq"] = fmt.Sprint(d.done(&d.applications).seq)
		d.q.Tree = object{"approve": d.Chance(70), "note": "已核对"}
	},
	"conferAward":      conferAward,
	"withdrawAward":    withdrawAward,
	"decideCase":       decideCase,
	"issueCertificate": func(d *draw) { d.q.Tree = object{"outcome": number(d.mine(&d.granted).seq)} },
	"verifyCertificate": func(d *draw) {
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

// pendingKey remembers a key until the answer says whether it was taken.
func (s *scene) pendingKey(k clientKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newKeys[k.client+" "+k.kid] = k
}

// clone returns a copy that can be spoilt.
func clone(o object) object {
	out := maps.Clone(o)
	for name, v := range out {
		switch v := v.(type) {
		case object:
			out[name] = clone(v)
		case []any:
			list := slices.Clone(v)
			for i, e := range list {
				if o, ok := e.(object); ok {
					list[i] = clone(o)
				}
			}
			out[name] = list
		}
	}
	return out
}

// who chooses the caller of an operation: mostly one who has a role that it
// takes, sometimes any, sometimes nobody or a token that is none.
func (s *scene) who(r generate.Rand, op *generate.Operation) *caller {
	fit := slices.DeleteFunc(slices.Clone(s.callers), func(c *caller) bool { return !slices.ContainsFunc(op.Roles, c.has) })
	wide := slices.DeleteFunc(slices.Clone(fit), func(c *caller) bool { return c.narrow })
	public := slices.Contains(op.Roles, "anyone")
	switch n := r.IntN(100); {
	case n < 3:
		return &caller{name: "garbage", header: "Authorization", value: generate.Pick(r, "Bearer x", "Bearer", "Basic eDp5", "Bearer a.b.c", "Digest a", "bearer "+s.stale)}
	case n < 6 || public && n < 60:
		return &caller{name: "nobody"}
	case n < 14 || public:
		return s.own(generate.Pick(r, s.callers...))
	case n < 70 && len(wide) > 0:
		return s.own(generate.Pick(r, wide...))
	default:
		return s.own(generate.Pick(r, fit...))
	}
}
