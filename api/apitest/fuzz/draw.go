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
	for _, all := range []map[string]func(*draw){recipes, ruleRecipes, applicationRecipes, petitionRecipes} {
		if make, ok := all[op.ID]; ok {
			make(d)
		}
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
	if d.Chance(15) {
		p["valid_until"] = d.day(-300, 900) // past, now and then, and before its day of issue
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
	columns := []string{"external_id", "institution", "learner", "account", "id_number", "learner_name", "course", "issued_on", "score", "attended_hours", "valid_until", "revision"}
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
