package fuzz

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"creditbank/api/apitest/generate"
	"creditbank/api/contract"
	"creditbank/certify"
)

// harvest takes in what an answer of success tells, so that later requests can
// name it.
func (d *draw) harvest(header http.Header, body []byte) {
	op := d.q.Op.ID
	for _, all := range []map[string]func(*draw, http.Header, []byte){harvests, ruleHarvests, applicationHarvests} {
		if take, ok := all[op]; ok {
			take(d, header, body)
		}
	}
	var page struct {
		Next string `json:"next"`
	}
	if json.Unmarshal(body, &page) == nil && page.Next != "" {
		d.cursor(op).Add(page.Next)
	}
}

// cursor returns the cursors that an operation gave out.
func (s *scene) cursor(op string) *generate.Bag[string] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cursors[op] == nil {
		s.cursors[op] = &generate.Bag[string]{}
	}
	return s.cursors[op]
}

// taking is a harvest of one kind of answer.
func taking[T any](take func(*draw, T)) func(*draw, http.Header, []byte) {
	return func(d *draw, _ http.Header, body []byte) {
		var v T
		if err := json.Unmarshal(body, &v); err != nil {
			d.t.Errorf("%s: %v\n%.500s", d.q.Op.ID, err, body)
			return
		}
		take(d, v)
	}
}

// sent returns a field of the body that was sent, "" if there is none.
func (d *draw) sent(name string) string {
	o, _ := d.q.Tree.(object)
	v, _ := o[name].(string)
	return v
}

var (
	takeOutcome = taking(func(d *draw, o contract.Outcome) {
		found := row{string(o.Learner), o.Institution, o.ExternalId, o.Course, o.Seq, o.Revision}
		d.outcomes.Add(found)
		if o.Recognised {
			d.granted.Add(found)
		}
	})
	takeDecisions = func(d *draw, learner string, all []contract.Decision) {
		for _, c := range all {
			if c.Seq == nil {
				continue
			}
			found := row{learner: learner, seq: *c.Seq}
			d.decisions.Add(found)
			if c.Decision == contract.Pending {
				d.applications.Add(found)
			}
		}
	}
	takeClient = taking(func(d *draw, c contract.APIClient) {
		if !d.protected[c.Id] {
			d.clients.Add(c.Id)
		}
	})
	takeToken = taking(func(d *draw, t contract.Token) { d.spare.Add(t.AccessToken) })
	takeCode  = taking(func(d *draw, a contract.OpenedAccount) {
		if d.protected[a.Account.Id] {
			return
		}
		d.accounts.Add(a.Account.Id)
		if a.Code == nil {
			return
		}
		code := activation{account: a.Account.Account, code: *a.Code, name: d.sent("name"), sub: "user:" + a.Account.Id}
		if a.Account.Learner != nil {
			code.sub = "learner:" + *a.Account.Learner
			l, _ := d.learners.Where(d.Rand, func(l learner) bool { return l.id == *a.Account.Learner })
			code.name = l.name
		}
		d.mu.Lock()
		d.subs[code.account] = code.sub
		d.mu.Unlock()
		d.activations.Add(code)
	})
)

// harvests are what is taken from the answers of operations.
var harvests = map[string]func(*draw, http.Header, []byte){
	"postOutcome":     takeOutcome,
	"getOutcome":      takeOutcome,
	"openClient":      takeClient,
	"setClientGrants": takeClient,
	"createToken":     takeToken,
	"openAccount":     takeCode,
	"newCode":         takeCode,
	"logIn": func(d *draw, h http.Header, body []byte) {
		takeToken(d, h, body)
		for _, c := range (&http.Response{Header: h}).Cookies() {
			d.sessions.Add(c.Value)
		}
	},
	"openLearner": taking(func(d *draw, l contract.Learner) {
		p := person{d.sent("name"), d.sent("id_number")}
		d.persons.Add(p)
		d.learners.Add(learner{l.Id, l.Account, p})
	}),
	"putInstitution": taking(func(d *draw, i contract.Institution) { d.institutions.Add(i.Id) }),
	"putRegion": taking(func(d *draw, r contract.Region) {
		d.regions.Add(r.Code)
		if r.Parent == nil {
			d.widen()
		}
	}),
	"putCourse":      taking(func(d *draw, c contract.Course) { d.courses.Add(c.Code) }),
	"publishRuleSet": taking(func(d *draw, r contract.RuleSetSummary) { d.published(r.Version) }),
	"listRules": taking(func(d *draw, r struct {
		RuleSet int `json:"rule_set"`
	}) {
		d.published(r.RuleSet)
	}),
	"convert": taking(func(d *draw, c contract.Decisions) { takeDecisions(d, c.Learner, c.Decisions) }),
	"listApplications": taking(func(d *draw, p contract.ApplicationPage) {
		for _, a := range p.Applications {
			takeDecisions(d, *a.Learner, []contract.Decision{a})
		}
	}),
	"conferAward": taking(func(d *draw, a contract.Award) { d.awards.Add(row{learner: d.q.Vars["learner"], seq: a.Seq}) }),
	"listCases": taking(func(d *draw, p contract.CasePage) {
		for _, k := range p.Cases {
			d.cases.Add(row{learner: k.Learner, seq: k.Seq})
		}
	}),
	"listCertificates": taking(func(d *draw, c contract.Certificates) {
		for _, one := range c.Certificates {
			d.certificates.Add(one.Id)
		}
	}),
	"issueCertificate":    taking(func(d *draw, c contract.Certificate) { d.certificates.Add(c.Id) }),
	"getCertificate":      taking(takeBundle),
	"getCertificateJWT":   func(d *draw, _ http.Header, body []byte) { d.forms.Add(string(body)) },
	"getCertificateSDJWT": func(d *draw, _ http.Header, body []byte) { d.forms.Add(string(body)) },
	"giveConsent": taking(func(d *draw, c contract.Consent) {
		d.consents.Add(row{learner: d.q.Vars["learner"], seq: c.Seq})
	}),
	"addClientSecret": taking(func(d *draw, s contract.ClientSecret) {
		if s.Secret != nil {
			d.secrets.Add(secret{s.Client, *s.Secret})
		}
	}),
	"addClientKey": taking(func(d *draw, c contract.APIClient) {
		for _, kid := range c.Keys {
			d.mu.Lock()
			k, ok := d.newKeys[c.Id+" "+kid]
			delete(d.newKeys, c.Id+" "+kid)
			d.mu.Unlock()
			if ok {
				d.clientKeys.Add(k)
			}
		}
	}),
	"activateAccount": func(d *draw, _ http.Header, _ []byte) {
		d.logins.Add(login{d.sent("account"), d.sent("password"), d.subOf(d.sent("account"))})
	},
	"changePassword": func(d *draw, _ http.Header, _ []byte) {
		d.logins.Add(login{d.q.Vars["account"], d.sent("new"), d.c.sub})
	},
	"getCheckpoint": func(d *draw, _ http.Header, body []byte) {
		if lines := strings.Split(string(body), "\n"); len(lines) > 1 {
			n, err := strconv.ParseInt(lines[1], 10, 64)
			if err != nil {
				d.t.Errorf("size of the log: %v", err)
			}
			d.mu.Lock()
			d.size = max(d.size, n)
			d.mu.Unlock()
		}
	},
}

// published notes a version of the rules.
func (s *scene) published(version int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ruleSet = max(s.ruleSet, version)
}

// subOf returns who logs in with an account, by its number as it was sent.
func (d *draw) subOf(number string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.subs[number]
}

func takeBundle(d *draw, c contract.CertificateBundle) {
	b := bundle{proof: c.Proof}
	for _, part := range []struct {
		json json.RawMessage
		to   *map[string]any
	}{{c.Credential, &b.credential}, {c.StatusList, &b.status}} {
		dec := json.NewDecoder(strings.NewReader(string(part.json)))
		dec.UseNumber()
		if err := dec.Decode(part.to); err != nil {
			d.t.Errorf("a certificate's bundle: %v", err)
			return
		}
	}
	d.bundles.Add(b)
	code, err := certify.CodeOfCredential(c.Credential)
	if err != nil {
		d.t.Errorf("the code of a certificate: %v", err)
		return
	}
	d.codes.Add(code.String())
}
