package roles_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"creditbank/api/apitest"
	"creditbank/certify"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// What is expected of whom, written down without the code that decides it.
var (
	// everyone: whoever has logged in.
	everyone = map[access.Role]reach{
		"learner": {ok: "*"}, "poster": {ok: "*"}, "reviewer": {ok: "*"}, "clerk": {ok: "*"}, "manager": {ok: "*"}, "operator": {ok: "*"}, "auditor": {ok: "*"},
	}

	// ofL2: what is on record about L2. Both ends of the credits may know; I09
	// needs consent; an authority knows its own region's people.
	ofL2 = reach{ok: "I06 I04 I01 990102 9901", consent: "I09"}

	// regionL2: L2's authority.
	regionL2 = reach{ok: "990102 9901"}

	// ofI06: what I06 does itself, those above it, and the authority of its
	// region.
	ofI06 = reach{ok: "I06 I04 990101 9901"}

	// ofI01: the same of I01, which is the city's own.
	ofI01 = reach{ok: "I01 9901"}

	// city: what is the whole bank's.
	city = reach{ok: "9901"}

	own        = reach{ok: "L2"}
	everywhere = reach{ok: "*"}
)

func roles(r reach, names ...access.Role) map[access.Role]reach {
	m := map[access.Role]reach{}
	for _, n := range names {
		m[n] = r
	}
	return m
}

func with(m map[access.Role]reach, r reach, names ...access.Role) map[access.Role]reach {
	for _, n := range names {
		m[n] = r
	}
	return m
}

// readers are those who may read about L2: the learner, staff, no posters.
func readers() map[access.Role]reach {
	return with(roles(ofL2, "reviewer", "clerk", "operator", "auditor"), own, "learner")
}

func get(path string) func(*scene, person) ask {
	return func(*scene, person) ask { return ask{method: "GET", path: path} }
}

// ofLearner asks for something about L2.
func ofLearner(rest string) func(*scene, person) ask {
	return func(s *scene, _ person) ask { return ask{method: "GET", path: s.about("L2", rest)} }
}

// ofNobody asks for something about a learner who does not exist.
func ofNobody(method, rest string, body any) func(*scene) ask {
	return func(*scene) ask { return ask{method: method, path: "/v1/learners/" + stranger() + rest, body: body} }
}

func fields(f ...creditbank.Field) []creditbank.Field { return f }

// operationsExpected is the table.
func operationsExpected() []operation {
	var all []operation
	for _, part := range [][]operation{
		publicOperations(), tokenOperations(), referenceOperations(), learnerOperations(), readingOperations(), outcomeOperations(),
		conversionOperations(), applicationOperations(), petitionOperations(), awardOperations(), inboxOperations(), certificateOperations(), consentOperations(), accountOperations(), clientOperations(),
		ruleOperations(),
	} {
		all = append(all, part...)
	}
	return all
}

func publicOperations() []operation {
	all := []operation{
		{id: "getTile", ask: func(s *scene, _ person) ask {
			size := strings.Split(string(s.get("", "/certlog/checkpoint", nil).body), "\n")[1]
			return ask{method: "GET", path: "/certlog/tile/0/000.p/" + size}
		}},
		{id: "getCertificateProof", ask: func(s *scene, _ person) ask { return ask{method: "GET", path: s.certificatePath("/proof")} },
			none: noCertificate("GET", "/proof", nil)},
		{id: "getIssuerKey", ask: func(s *scene, _ person) ask {
			s.keep("JWT", func() string {
				token, err := s.Office.JWT(s.t.Context(), s.certificate())
				s.must(err)
				return string(token)
			})
			return ask{method: "GET", path: "/keys/i01.rs256-1"}
		}, none: func(*scene) ask { return ask{method: "GET", path: "/keys/i01.rs256-9"} }},
		{id: "findCertificate", ask: func(s *scene, _ person) ask {
			code := s.keep("code", func() string {
				c, err := s.Office.Find(s.t.Context(), s.certificate())
				s.must(err)
				return certify.CodeOf(c.Leaf.SHA256).String()
			})
			return ask{method: "GET", path: "/v1/certificates/by-code/" + code}
		}, none: func(*scene) ask { return ask{method: "GET", path: "/v1/certificates/by-code/WERC-8GMR-ZGE1-96Y8"} }},
		{id: "verifyCertificate", ask: func(s *scene, _ person) ask {
			credential := s.keep("credential", func() string {
				h, err := s.Office.Fetch(s.t.Context(), s.certificate())
				s.must(err)
				return string(h.Bundle.Credential)
			})
			return ask{method: "POST", path: "/v1/certificates/verify", body: map[string]any{"credential": json.RawMessage(credential)}}
		}},
	}
	for id, path := range map[string]string{
		"getJWKS": "/.well-known/jwks.json", "getAuthorizationServer": "/.well-known/oauth-authorization-server",
		"getIssuerDID": "/issuers/i01/did.json", "getStatusList": "/issuers/i01/status/1", "getTrust": "/v1/trust", "getCheckpoint": "/certlog/checkpoint",
		"getConsentText": "/v1/consent-texts/2026-1", "getHealth": "/healthz", "getReadiness": "/readyz", "getMetrics": "/metrics",
		"getContract": "/openapi.yaml", "getProblem": "/problems/forbidden",
		"listRegions": "/v1/regions", "listInstitutions": "/v1/institutions", "getInstitution": "/v1/institutions/I06", "listCourses": "/v1/courses",
		"getCourse": "/v1/courses/S01", "listProgrammes": "/v1/programmes", "getProgramme": "/v1/programmes/P1", "listRules": "/v1/rules",
		"listPublicity": "/v1/publicity", "listCalendars": "/v1/calendars",
		"getRule": "/v1/rules/R05", "listRuleSets": "/v1/rule-sets", "getRuleSet": "/v1/rule-sets/1",
	} {
		o := operation{id: id, ask: get(path)}
		if missing, named := map[string]string{
			"getIssuerDID": "/issuers/none/did.json", "getStatusList": "/issuers/none/status/1", "getConsentText": "/v1/consent-texts/1900-1",
			"getProblem": "/problems/none", "getInstitution": "/v1/institutions/none", "getCourse": "/v1/courses/none", "getProgramme": "/v1/programmes/none",
			"getRule": "/v1/rules/none", "getRuleSet": "/v1/rule-sets/9999",
		}[id]; named {
			o.none = func(*scene) ask { return ask{method: "GET", path: missing} }
		}
		all = append(all, o)
	}
	return all
}

func tokenOperations() []operation {
	const formType = "application/x-www-form-urlencoded"
	return []operation{
		{id: "createToken", ask: func(s *scene, _ person) ask {
			secret := s.keep("secret", func() string {
				secret, err := s.Registry.AddSecret(s.t.Context(), s.owner, s.machine(), s.now().AddDate(0, 1, 0))
				s.must(err)
				return secret
			})
			return ask{method: "POST", path: "/oauth/token", kind: formType, body: form("grant_type", "client_credentials", "client_id", s.machine(), "client_secret", secret)}
		}},
		{id: "revokeToken", by: everyone, ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: "/oauth/revoke", kind: formType, body: form("token", s.tokenOf("client:"+s.machine()))}
		}},
		{id: "getMe", by: everyone, ask: get("/v1/me")},
		{id: "logOut", by: everyone, each: true, ask: func(*scene, person) ask { return ask{method: "DELETE", path: "/v1/session"} }},
		{id: "logIn", ask: func(s *scene, _ person) ask {
			number := s.keep("number", func() string { return string(s.staff("I06", "poster institution:I06").account.Number) })
			return ask{method: "POST", path: "/v1/session", body: map[string]any{"account": number, "password": firstPassword}}
		}},
		{id: "activateAccount", ask: func(s *scene, _ person) ask {
			a, code, err := s.Registry.OpenAccount(s.t.Context(), s.owner, access.NewAccount{Name: "钱某", Institution: "I06", Grants: apitest.Grants(s.t, "poster institution:I06")})
			s.must(err)
			return ask{method: "POST", path: "/v1/activation", body: map[string]any{"account": string(a.Number), "name": "钱某", "code": code, "password": firstPassword}}
		}},
		{id: "changePassword", by: everyone, ask: func(_ *scene, p person) ask {
			return ask{method: "PUT", path: "/v1/password", body: map[string]any{"old": orPassword(p.password), "new": p.password + " and another"}}
		}, done: func(_ *scene, p *person) { p.password += " and another" }},
		{id: "streamEvents", by: map[access.Role]reach{
			"learner": everywhere, "poster": everywhere, "reviewer": everywhere, "clerk": everywhere, "operator": everywhere, "auditor": everywhere,
		}, ask: get("/v1/events")},
		{id: "listAudit", by: roles(everywhere, "auditor"), ask: get("/v1/audit")},
	}
}

// orPassword returns something where there is no password, so that the request
// fits the contract.
func orPassword(p string) string {
	if p == "" {
		return firstPassword
	}
	return p
}

func referenceOperations() []operation {
	return []operation{
		{id: "putRegion", about: "below 990101", by: roles(reach{ok: "990101 9901"}, "operator"), ask: func(s *scene, _ person) ask {
			return ask{method: "PUT", path: "/v1/regions/99010101", body: map[string]any{"name": fmt.Sprint("石桥镇", s.number()), "level": "township", "parent": "990101"}}
		}},
		{id: "putRegion", about: "of the city", by: roles(city, "operator"), ask: func(s *scene, _ person) ask {
			return ask{method: "PUT", path: "/v1/regions/990101", body: map[string]any{"name": fmt.Sprint("东岭县", s.number()), "level": "county", "parent": "9901"}}
		}},
		{id: "putInstitution", by: roles(reach{ok: "990101 9901"}, "operator"), ask: func(s *scene, _ person) ask {
			return ask{method: "PUT", path: "/v1/institutions/I99", body: map[string]any{"name": fmt.Sprint("石桥教学点", s.number()), "kinds": []string{"learning_point"}, "region": "990101"}}
		}},
		{id: "putCourse", by: roles(ofI06, "manager", "operator"), ask: func(s *scene, _ person) ask {
			return ask{method: "PUT", path: "/v1/courses/Z01", body: map[string]any{"title": fmt.Sprint("剪纸", s.number()), "institution": "I06", "category": "NON_FORMAL", "level": 1, "hours": "16"}}
		}},
		{id: "publishRuleSet", by: roles(city, "operator"), ask: func(s *scene, _ person) ask { return s.ruleSet() }},
		{id: "tryRules", about: "on everybody", by: roles(city, "manager", "operator"), ask: func(s *scene, _ person) ask { return s.trial(nil) }},
		{id: "tryRules", about: "in 990102", by: roles(regionL2, "manager", "operator"), ask: func(s *scene, _ person) ask { return s.trial("990102") }},
		{id: "previewRerecognition", by: roles(city, "operator"), tells: fields("OUTCOMES"), ask: func(s *scene, _ person) ask {
			s.repeated()
			return ask{method: "GET", path: "/v1/rerecognition?reasons=DUPLICATE_SUBJECT"}
		}},
		{id: "rerecognise", by: roles(city, "operator"), ask: func(s *scene, _ person) ask {
			s.repeated()
			return ask{method: "POST", path: "/v1/rerecognition", body: map[string]any{"rule_set": s.Bank.Catalogue().Rules.Version(), "reasons": []string{"DUPLICATE_SUBJECT"}}}
		}},
	}
}

func learnerOperations() []operation {
	study := func(method string) func(*scene, person) ask {
		return func(s *scene, _ person) ask {
			studies := len(s.account("L2").Enrolments()) > 0
			if method == "PUT" && studies {
				s.must(s.Bank.Leave(s.t.Context(), s.change("L2"), "P1"))
			}
			if method == "DELETE" && !studies {
				s.must(s.Bank.Enrol(s.t.Context(), s.change("L2"), "P1"))
			}
			return ask{method: method, path: s.about("L2", "/programmes/P1")}
		}
	}
	enrolled := func(s *scene) { s.must(s.Bank.Enrol(s.t.Context(), s.change("L2"), "P1")) }
	reason := map[string]any{"reason": "核查"}
	return []operation{
		{id: "openLearner", by: with(roles(everywhere, "clerk"), regionL2, "operator"), ask: func(s *scene, _ person) ask {
			p := s.person("990102")
			return ask{method: "POST", path: "/v1/learners", body: map[string]any{"name": p.Name, "id_number": string(p.IDNumber), "region": "990102"}}
		}},
		{id: "openLearner", about: "who has an account", by: with(roles(everywhere, "clerk"), regionL2, "operator"), tells: fields("PROFILE"), basis: basisShown,
			ask: func(*scene, person) ask {
				return ask{method: "POST", path: "/v1/learners", body: map[string]any{"name": "李建国", "id_number": "990102198105190335", "region": "990102"}}
			}},
		{id: "findLearner", by: roles(everywhere, "poster", "reviewer", "clerk", "operator"), tells: fields("PROFILE"), basis: basisShown,
			ask: func(*scene, person) ask {
				return ask{method: "POST", path: "/v1/learners/find", body: map[string]any{"name": "李建国", "id_number": "990102198105190335"}}
			},
			none: func(s *scene) ask {
				return ask{method: "POST", path: "/v1/learners/find", body: map[string]any{"name": "李建国", "id_number": string(s.person("990102").IDNumber)}}
			}},
		{id: "enrol", by: with(roles(ofI01, "clerk"), city, "operator"), ask: study("PUT"), none: ofNobody("PUT", "/programmes/P1", nil)},
		{id: "withdraw", by: with(with(roles(ofI01, "clerk"), city, "operator"), own, "learner"), ask: study("DELETE"), after: enrolled,
			none: ofNobody("DELETE", "/programmes/P1", nil)},
		{id: "freeze", by: roles(regionL2, "operator"), none: ofNobody("POST", "/freeze", reason), ask: func(s *scene, _ person) ask {
			s.must(s.Bank.Unfreeze(s.t.Context(), s.change("L2"), "x"))
			return ask{method: "POST", path: s.about("L2", "/freeze"), body: reason}
		}},
		{id: "unfreeze", by: roles(regionL2, "operator"), none: ofNobody("POST", "/unfreeze", reason), ask: func(s *scene, _ person) ask {
			s.must(s.Bank.Freeze(s.t.Context(), s.change("L2"), "x"))
			return ask{method: "POST", path: s.about("L2", "/unfreeze"), body: reason}
		}, after: func(s *scene) { s.must(s.Bank.Unfreeze(s.t.Context(), s.change("L2"), "x")) }},
	}
}

func readingOperations() []operation {
	withPosters := func() map[access.Role]reach { return with(readers(), ofL2, "poster") }
	return []operation{
		{id: "getLearner", by: readers(), tells: fields("PROFILE"), ask: ofLearner(""), none: ofNobody("GET", "", nil)},
		{id: "getBalance", by: withPosters(), tells: fields("BALANCE"), ask: ofLearner("/balance"), none: ofNobody("GET", "/balance", nil)},
		{id: "getStatement", by: readers(), tells: fields("OUTCOMES", "CONVERSIONS"), ask: ofLearner("/statement"), none: ofNobody("GET", "/statement", nil)},
		{id: "listLots", by: withPosters(), tells: fields("OUTCOMES"), ask: ofLearner("/lots"), none: ofNobody("GET", "/lots", nil)},
		{id: "getPlan", by: readers(), tells: fields("OUTCOMES", "CONVERSIONS"), ask: ofLearner("/plan?programme=P1"), none: ofNobody("GET", "/plan?programme=P1", nil)},
		{id: "getOutcome", by: withPosters(), tells: fields("OUTCOMES"), ask: func(s *scene, _ person) ask {
			return ask{method: "GET", path: s.about("L2", fmt.Sprint("/outcomes/", s.outcome("O007")))}
		}, none: ofNobody("GET", "/outcomes/2", nil)},
	}
}

func outcomeOperations() []operation {
	byI06 := func() map[access.Role]reach { return roles(ofI06, "poster") }
	posting := func(s *scene) map[string]any { return s.posting("L2", "I06", "S01", "80") }
	return []operation{
		{id: "postOutcome", by: byI06(), ask: func(s *scene, _ person) ask { return ask{method: "POST", path: "/v1/outcomes", body: posting(s)} }},
		{id: "postOutcomes", by: byI06(), rows: true, ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: "/v1/outcomes/batch", body: []any{posting(s)}}
		}},
		{id: "streamOutcomes", by: byI06(), rows: true, ask: func(s *scene, _ person) ask {
			row, err := json.Marshal(posting(s))
			s.must(err)
			return ask{method: "POST", path: "/v1/outcomes/stream", kind: "application/x-ndjson", body: string(row) + "\n"}
		}},
		{id: "revokeOutcome", by: roles(ofI06, "poster", "operator"), ask: func(s *scene, _ person) ask {
			id := s.keep("revocable", func() string { id, _ := s.post("L2", "I06", "S01", "80"); return id })
			return ask{method: "POST", path: "/v1/outcomes/revoke", body: map[string]any{"learner": string(s.ids["L2"]), "institution": "I06", "external_id": id, "reason": "误登"}}
		}, none: func(*scene) ask {
			return ask{method: "POST", path: "/v1/outcomes/revoke", body: map[string]any{"learner": stranger(), "institution": "I06", "external_id": "O007", "reason": "误登"}}
		}},
	}
}

func conversionOperations() []operation {
	rules := map[string]any{"rules": []string{"R10"}}
	return []operation{
		{id: "previewConversions", by: with(roles(ofL2, "reviewer", "clerk", "operator"), own, "learner"), tells: fields("OUTCOMES", "CONVERSIONS"),
			ask: func(s *scene, _ person) ask {
				return ask{method: "POST", path: s.about("L2", "/conversions/preview"), body: rules}
			},
			none: ofNobody("POST", "/conversions/preview", rules)},
		{id: "listConversions", by: readers(), tells: fields("CONVERSIONS"), ask: ofLearner("/conversions"), none: ofNobody("GET", "/conversions", nil)},
		{id: "getConversion", by: readers(), tells: fields("CONVERSIONS"), ask: func(s *scene, _ person) ask {
			return ask{method: "GET", path: s.about("L2", fmt.Sprint("/conversions/", s.account("L2").Conversions[0].Seq))}
		}, none: ofNobody("GET", "/conversions/2", nil)},
		{id: "convert", by: with(roles(ofI01, "clerk"), own, "learner"), tells: fields("OUTCOMES", "CONVERSIONS"),
			ask: func(s *scene, _ person) ask {
				return ask{method: "POST", path: s.about("L2", "/conversions"), body: rules}
			},
			none: ofNobody("POST", "/conversions", rules)},
		{id: "reviewConversion", by: roles(ofI01, "reviewer"), ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: s.about("L2", fmt.Sprintf("/conversions/%d/review", s.application("L2", "R20"))), body: map[string]any{"approve": false, "note": "材料不全"}}
		}, none: ofNobody("POST", "/conversions/2/review", map[string]any{"approve": false}), after: func(s *scene) { s.reject("L2", "R20") }},
		{id: "listApplications", by: roles(everywhere, "reviewer"), ask: func(s *scene, _ person) ask {
			s.application("L3", "R21") // of L3 only: what is told of it is not told of L2
			return ask{method: "GET", path: "/v1/applications"}
		}},
	}
}

func certificateOperations() []operation {
	outcome := func(s *scene) map[string]any { return map[string]any{"outcome": s.outcome("O007")} }
	reason := map[string]any{"reason": "误发"}
	return []operation{
		{id: "listCertificates", by: readers(), tells: fields("CERTIFICATES"), ask: ofLearner("/certificates"), none: ofNobody("GET", "/certificates", nil)},
		{id: "issueCertificate", tells: fields("CERTIFICATES"), ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: s.about("L2", "/certificates"), body: outcome(s)}
		}, by: map[access.Role]reach{
			// I01 may read L2's certificates, and asks for its own outcomes' only; so
			// 990102 and 990101, of which one knows L2 and the other I06.
			"learner": own, "poster": {ok: "I06 I04 9901", consent: "I09"}, "clerk": {ok: "I06 I04 9901", consent: "I09"},
		}, none: ofNobody("POST", "/certificates", map[string]any{"outcome": 2})},
		{id: "getCertificate", by: readers(), tells: fields("CERTIFICATES"),
			ask: func(s *scene, _ person) ask { return ask{method: "GET", path: s.certificatePath("")} }, none: noCertificate("GET", "", nil)},
		{id: "getCertificateJWT", by: readers(), tells: fields("CERTIFICATES"),
			ask: func(s *scene, _ person) ask { return ask{method: "GET", path: s.certificatePath("/jwt")} }, none: noCertificate("GET", "/jwt", nil)},
		{id: "getCertificateSDJWT", by: readers(), tells: fields("CERTIFICATES"),
			ask: func(s *scene, _ person) ask {
				return ask{method: "GET", path: s.certificatePath("/sd-jwt?disclose=nothing")}
			},
			none: noCertificate("GET", "/sd-jwt", nil)},
		{id: "getCertificatePDF", by: readers(), tells: fields("CERTIFICATES"),
			ask: func(s *scene, _ person) ask { return ask{method: "GET", path: s.certificatePath("/pdf")} }, none: noCertificate("GET", "/pdf", nil)},
		{id: "revokeCertificate", by: roles(ofI06, "clerk", "operator"), ask: func(s *scene, _ person) ask {
			id := s.keep("certificate of I06", func() string { return s.certificateOf("L2") })
			return ask{method: "POST", path: "/v1/certificates/" + id + "/revoke", body: reason}
		}, none: noCertificate("POST", "/revoke", reason)},
	}
}

func noCertificate(method, rest string, body any) func(*scene) ask {
	return func(*scene) ask {
		return ask{method: method, path: "/v1/certificates/urn:uuid:" + stranger() + rest, body: body}
	}
}

func consentOperations() []operation {
	give := map[string]any{"recipient": "I12", "purpose": "ADMISSION", "fields": []string{"BALANCE"}, "text_version": "2026-1", "until": "2027-01-01"}
	// Whom L2 lets know what is no business of those who are let.
	watched := with(roles(regionL2, "auditor", "operator"), own, "learner")
	return []operation{
		{id: "listConsents", by: watched, tells: fields("PROFILE"), ask: ofLearner("/consents"), none: ofNobody("GET", "/consents", nil)},
		{id: "listDisclosures", by: watched, tells: fields("PROFILE"), ask: ofLearner("/disclosures"), none: ofNobody("GET", "/disclosures", nil)},
		{id: "giveConsent", by: roles(own, "learner"), none: ofNobody("POST", "/consents", give),
			ask: func(s *scene, _ person) ask { return ask{method: "POST", path: s.about("L2", "/consents"), body: give} }},
		{id: "withdrawConsent", by: roles(own, "learner"), none: ofNobody("POST", "/consents/2/withdraw", nil), ask: func(s *scene, _ person) ask {
			seq := s.keep("consent", func() string { return fmt.Sprint(s.consent("L2", "I12", "ADMISSION", "2027-01-01", "BALANCE")) })
			return ask{method: "POST", path: s.about("L2", "/consents/"+seq+"/withdraw")}
		}},
	}
}

func accountOperations() []operation {
	managed := roles(ofI06, "manager", "operator")
	seen := func(r reach) map[access.Role]reach { return roles(r, "clerk", "manager", "operator", "auditor") }
	ofStaff := func(method, rest string, body any) func(*scene, person) ask {
		return func(s *scene, _ person) ask {
			return ask{method: method, path: "/v1/accounts/" + s.colleague() + rest, body: body}
		}
	}
	none := func(method, rest string, body any) func(*scene) ask {
		return func(*scene) ask { return ask{method: method, path: "/v1/accounts/" + stranger() + rest, body: body} }
	}
	grants := map[string]any{"grants": []any{map[string]any{"role": "clerk", "scope": "institution:I06"}}}
	return []operation{
		{id: "listAccounts", by: roles(everywhere, "manager", "operator", "auditor"), ask: get("/v1/accounts")},
		{id: "openAccount", about: "of staff", by: roles(reach{ok: "I06 I04 990101 9901", otherwise: "NOT_ALLOWED"}, "manager", "operator"), ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: "/v1/accounts", body: map[string]any{
				"name": "吴某", "institution": "I06", "grants": []any{map[string]any{"role": "poster", "scope": "institution:I06"}}}}
		}},
		{id: "openAccount", about: "of a learner", by: roles(ofL2, "clerk", "manager", "operator"), ask: func(s *scene, _ person) ask {
			alias := s.keep("newcomer", func() string { return s.newcomer() })
			return ask{method: "POST", path: "/v1/accounts", body: map[string]any{"learner": string(s.ids[alias])}}
		}, none: func(*scene) ask {
			return ask{method: "POST", path: "/v1/accounts", body: map[string]any{"learner": stranger()}}
		}},
		{id: "getAccount", about: "of staff", by: seen(ofI06), ask: ofStaff("GET", "", nil), none: none("GET", "", nil)},
		{id: "getAccount", about: "of a learner", by: seen(ofL2), tells: fields("PROFILE"), ask: func(s *scene, _ person) ask {
			return ask{method: "GET", path: "/v1/accounts/" + s.login("L2")}
		}},
		{id: "newCode", about: "of staff", ask: ofStaff("POST", "/code", nil), none: none("POST", "/code", nil),
			by: with(roles(ofI06, "manager", "operator"), reach{refused: "I06 I04 990101 9901"}, "clerk")},
		// The account of a learner that was opened at I06: I01 has a ground to know
		// the learner, and yet did not open it.
		{id: "newCode", about: "of a learner", by: roles(reach{ok: "I06 I04 990102 9901", consent: "I09", refused: "I01"}, "clerk", "manager", "operator"),
			ask: func(s *scene, _ person) ask {
				id := s.keep("login", func() string {
					a, _, err := s.Registry.OpenAccount(s.t.Context(), s.owner, access.NewAccount{Learner: s.ids[s.newcomer()], Institution: "I06"})
					s.must(err)
					return string(a.ID)
				})
				return ask{method: "POST", path: "/v1/accounts/" + id + "/code"}
			}},
		{id: "setAccountGrants", by: managed, ask: ofStaff("PUT", "/grants", grants), none: none("PUT", "/grants", grants)},
		{id: "disableAccount", by: managed, ask: ofStaff("POST", "/disable", nil), none: none("POST", "/disable", nil)},
		{id: "enableAccount", by: managed, ask: ofStaff("POST", "/enable", nil), none: none("POST", "/enable", nil)},
	}
}

func clientOperations() []operation {
	managed := roles(ofI06, "manager", "operator")
	ofClient := func(method, rest string, body any) func(*scene, person) ask {
		return func(s *scene, _ person) ask {
			return ask{method: method, path: "/v1/clients/" + s.machine() + rest, body: body}
		}
	}
	none := func(method, rest string, body any) func(*scene) ask {
		return func(*scene) ask { return ask{method: method, path: "/v1/clients/none" + rest, body: body} }
	}
	grant := []any{map[string]any{"role": "poster", "scope": "institution:I06"}}
	key := map[string]any{"jwk": json.RawMessage(publicJWK)}
	return []operation{
		{id: "listClients", by: roles(everywhere, "manager", "operator", "auditor"), ask: get("/v1/clients")},
		{id: "openClient", by: managed, ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: "/v1/clients", body: map[string]any{
				"id": fmt.Sprint("opened-", s.number()), "title": map[string]any{"zh": "测试", "en": "test"}, "institution": "I06", "grants": grant}}
		}},
		{id: "getClient", by: roles(ofI06, "manager", "operator", "auditor"), ask: ofClient("GET", "", nil), none: none("GET", "", nil)},
		{id: "addClientSecret", by: managed, ask: ofClient("POST", "/secrets", map[string]any{}), none: none("POST", "/secrets", map[string]any{})},
		{id: "removeClientSecret", by: managed, none: none("DELETE", "/secrets/00000000", nil), ask: func(s *scene, _ person) ask {
			id := s.keep("secret to remove", func() string {
				secret, err := s.Registry.AddSecret(s.t.Context(), s.owner, s.machine(), time.Time{})
				s.must(err)
				return access.SecretID(secret)
			})
			return ask{method: "DELETE", path: "/v1/clients/" + s.machine() + "/secrets/" + id}
		}},
		{id: "addClientKey", by: managed, ask: ofClient("POST", "/keys", key), none: none("POST", "/keys", key)},
		{id: "removeClientKey", by: managed, none: none("DELETE", "/keys/k1", nil), ask: func(s *scene, _ person) ask {
			s.keep("key", func() string {
				_, err := s.Registry.AddKey(s.t.Context(), s.owner, s.machine(), access.PublicKey{KID: "k1", JWK: json.RawMessage(publicJWK)})
				s.must(err)
				return "k1"
			})
			return ask{method: "DELETE", path: "/v1/clients/" + s.machine() + "/keys/k1"}
		}},
		{id: "setClientGrants", by: managed, ask: ofClient("PUT", "/grants", map[string]any{"grants": grant}), none: none("PUT", "/grants", map[string]any{"grants": grant})},
		{id: "disableClient", by: managed, ask: ofClient("POST", "/disable", nil), none: none("POST", "/disable", nil)},
		{id: "enableClient", by: managed, ask: ofClient("POST", "/enable", nil), none: none("POST", "/enable", nil)},
	}
}
