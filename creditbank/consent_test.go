package creditbank_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// admission is a consent that I02 learns of outcomes until the end of 2027.
func admission() creditbank.Consent {
	return creditbank.Consent{
		Recipient: "I02", Purpose: creditbank.PurposeAdmission, Until: 20271231, TextVersion: creditbank.ConsentTextVersion,
		Fields: []creditbank.Field{creditbank.FieldOutcomes, creditbank.FieldProfile},
	}
}

func TestConsentErrors(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	for name, tt := range map[string]struct {
		change func(*creditbank.Consent)
		kind   error
		code   creditbank.Code
	}{
		"unknown recipient": {func(c *creditbank.Consent) { c.Recipient = "I99" }, creditbank.ErrNotFound, creditbank.CodeUnknownInstitution},
		"no recipient":      {func(c *creditbank.Consent) { c.Recipient = "" }, creditbank.ErrNotFound, creditbank.CodeUnknownInstitution},
		"any purpose":       {func(c *creditbank.Consent) { c.Purpose = "" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"unknown purpose":   {func(c *creditbank.Consent) { c.Purpose = "FUN" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"no fields":         {func(c *creditbank.Consent) { c.Fields = nil }, creditbank.ErrInvalid, creditbank.CodeMissing},
		"unknown field":     {func(c *creditbank.Consent) { c.Fields = []creditbank.Field{"ID_NUMBER"} }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"no text":           {func(c *creditbank.Consent) { c.TextVersion = "2025-9" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"until today":       {func(c *creditbank.Consent) { c.Until = 20260315 }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"beyond five years": {func(c *creditbank.Consent) { c.Until = 20310316 }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"for ever":          {func(c *creditbank.Consent) { c.Until = 0 }, creditbank.ErrInvalid, creditbank.CodeMalformed},
	} {
		consent := admission()
		tt.change(&consent)
		_, err := c.Consent(t.Context(), creditbank.Change{By: operator, Learner: l}, consent)
		wantCode(t, name, err, tt.kind, tt.code)
	}
	for _, until := range []creditbank.Date{20260316, 20310315} {
		consent := admission()
		consent.Until = until
		_, err := c.Consent(t.Context(), creditbank.Change{By: operator, Learner: l}, consent)
		must(t, err)
	}
	_, err := c.WithdrawConsent(t.Context(), creditbank.Change{By: operator, Learner: l}, 1)
	wantCode(t, "withdrawing what is no consent", err, creditbank.ErrNotFound, creditbank.CodeUnknownConsent)
	_, err = c.WithdrawConsent(t.Context(), creditbank.Change{By: operator, Learner: l}, 3)
	must(t, err)
	_, err = c.WithdrawConsent(t.Context(), creditbank.Change{By: operator, Learner: l}, 3)
	wantCode(t, "withdrawing twice", err, creditbank.ErrConflict, creditbank.CodeState)
	c.holds(l, "2026-03-15", "") // consents move nothing
}

// The same consent sent again is the same, whatever the order of its fields and
// however late.
func TestConsentIsIdempotent(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	change := creditbank.Change{By: operator, Learner: l, Key: "k"}
	consent := admission()
	first, err := c.Consent(t.Context(), change, consent)
	must(t, err)
	c.set("2028-01-01")
	slices.Reverse(consent.Fields)
	again, err := c.Consent(t.Context(), change, consent)
	if err != nil || again.Seq != first.Seq || creditbank.FormatFields(first.Body.Consent.Fields) != "PROFILE,OUTCOMES" {
		t.Errorf("sent again: %+v, %v; want %+v", again, err, first)
	}
	consent.Until = 20281231
	_, err = c.Consent(t.Context(), change, consent)
	wantCode(t, "same key, other consent", err, creditbank.ErrConflict, creditbank.CodeKeyReused)
}

func TestConsentTextSaysWhatTheLawAsksFor(t *testing.T) {
	text, ok := creditbank.ConsentText(creditbank.ConsentTextVersion)
	if !ok {
		t.Fatal("there is no text of the version in use")
	}
	for _, word := range []string{"接收方", "用途", "信息项", "截止日期", "撤回", "单独", "第十七条", "第二十三条", "第二十九条"} {
		if !strings.Contains(text.ZH, word) {
			t.Errorf("the Chinese text does not speak of %s", word)
		}
	}
	for _, word := range []string{"recipient", "purpose", "until the day", "withdraw", "separate", "17, 23 and 29"} {
		if !strings.Contains(text.EN, word) {
			t.Errorf("the English text does not speak of %s", word)
		}
	}
	if _, ok := creditbank.ConsentText(""); ok {
		t.Error("there is a text without a version")
	}
}

func TestBasis(t *testing.T) {
	type asks struct {
		who     []creditbank.InstitutionID
		fields  []creditbank.Field
		purpose creditbank.Purpose
		day     creditbank.Date
	}
	// Whoever asks is I02; the programme P1 is I01's.
	ask := asks{[]creditbank.InstitutionID{"I07", "I02"}, []creditbank.Field{creditbank.FieldOutcomes}, creditbank.PurposeAdmission, 20260401}
	leave := func(c *city, l creditbank.LearnerID) {
		must(c.t, c.Leave(c.t.Context(), creditbank.Change{By: operator, Learner: l}, "P1"))
	}
	consent := func(c *city, l creditbank.LearnerID) {
		_, err := c.Consent(c.t.Context(), creditbank.Change{By: operator, Learner: l}, admission())
		must(c.t, err)
	}
	for name, tt := range map[string]struct {
		setup func(*city, creditbank.LearnerID)
		ask   func(*asks)
		want  creditbank.Basis // "" is none
	}{
		"nothing to do with it": {func(*city, creditbank.LearnerID) {}, func(*asks) {}, ""},
		"nobody asks":           {consent, func(a *asks) { a.who = nil }, ""},
		"enrolled":              {func(*city, creditbank.LearnerID) {}, func(a *asks) { a.who = []creditbank.InstitutionID{"I01"} }, creditbank.BasisTarget},
		"enrolled no more":      {leave, func(a *asks) { a.who = []creditbank.InstitutionID{"I01"} }, ""},
		"posted, though refused": {func(c *city, l creditbank.LearnerID) { leave(c, l); c.post(l, "O1", "S1", "2025-01-01", "10") },
			func(a *asks) { a.who = []creditbank.InstitutionID{"I01"} }, creditbank.BasisSource},
		"consented":                   {consent, func(*asks) {}, creditbank.BasisConsent},
		"consented, any purpose":      {consent, func(a *asks) { a.purpose = "" }, creditbank.BasisConsent},
		"consented, other purpose":    {consent, func(a *asks) { a.purpose = creditbank.PurposeEmployment }, ""},
		"consented, other field":      {consent, func(a *asks) { a.fields = []creditbank.Field{creditbank.FieldBalance} }, ""},
		"consented, one field of two": {consent, func(a *asks) { a.fields = []creditbank.Field{creditbank.FieldOutcomes, creditbank.FieldBalance} }, ""},
		"consented again, to both": {func(c *city, l creditbank.LearnerID) {
			consent(c, l)
			both := admission()
			both.Fields = []creditbank.Field{creditbank.FieldBalance, creditbank.FieldOutcomes}
			_, err := c.Consent(c.t.Context(), creditbank.Change{By: operator, Learner: l}, both)
			must(c.t, err)
		}, func(a *asks) { a.fields = []creditbank.Field{creditbank.FieldOutcomes, creditbank.FieldBalance} }, creditbank.BasisConsent},
		"consented, other recipient":  {consent, func(a *asks) { a.who = []creditbank.InstitutionID{"I07"} }, ""},
		"consented, through that day": {consent, func(a *asks) { a.day = 20271231 }, creditbank.BasisConsent},
		"consented, too late":         {consent, func(a *asks) { a.day = 20280101 }, ""},
		"withdrawn": {func(c *city, l creditbank.LearnerID) {
			consent(c, l)
			_, err := c.WithdrawConsent(c.t.Context(), creditbank.Change{By: operator, Learner: l}, 3)
			must(c.t, err)
		}, func(*asks) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			l := c.open(0)
			tt.setup(c, l)
			a := ask
			tt.ask(&a)
			wantBasis(t, c, l, a.who, a.fields, a.purpose, a.day, tt.want)
		})
	}
}

func wantBasis(t *testing.T, c *city, l creditbank.LearnerID, who []creditbank.InstitutionID, f []creditbank.Field, p creditbank.Purpose, day creditbank.Date, want creditbank.Basis) {
	t.Helper()
	account, err := c.Account(t.Context(), l)
	must(t, err)
	got, err := account.Basis(who, func(p creditbank.ProgrammeID) creditbank.InstitutionID {
		programme, _ := c.Catalogue().Rules.Programme(p)
		return programme.Institution
	}, f, p, day)
	if want == "" {
		wantCode(t, "Basis", err, creditbank.ErrForbidden, creditbank.CodeConsentRequired)
	} else if got != want || err != nil {
		t.Errorf("Basis = %q, %v; want %q", got, err, want)
	}
	if given := account.ConsentFor(who, f, p, day); (given != nil) != (want == creditbank.BasisConsent) {
		t.Errorf("ConsentFor = %+v with the basis %q", given, want)
	}
}

// An application, and lines that were granted, make a target of the programme's
// institution though the learner is not enrolled any more.
func TestBasisOfATargetOutlastsEnrolment(t *testing.T) {
	c := reviewedCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	wantTarget := func(what string, want creditbank.Basis) {
		t.Helper()
		account, err := c.Account(t.Context(), l)
		must(t, err)
		// The programme is another's here, so that I01 is no source of it.
		got, _ := account.Basis([]creditbank.InstitutionID{"I02"}, func(creditbank.ProgrammeID) creditbank.InstitutionID { return "I02" }, []creditbank.Field{creditbank.FieldBalance}, "", c.Today())
		if got != want {
			t.Errorf("%s: basis %q, want %q", what, got, want)
		}
	}
	application := c.apply(l)
	must(t, c.Leave(t.Context(), creditbank.Change{By: operator, Learner: l}, "P1"))
	wantTarget("applied", creditbank.BasisTarget)
	c.review(l, application.Seq, false)
	wantTarget("applied in vain", creditbank.BasisTarget)

	l = c.open(1)
	c.post(l, "O1", "S2", "2025-01-01", "80")
	c.convert(l, "R4")
	must(t, c.Leave(t.Context(), creditbank.Change{By: operator, Learner: l}, "P1"))
	wantTarget("holds lines", creditbank.BasisTarget)
	c.revoke(l, "O1")
	wantTarget("holds lines no more", "")
}

func TestDisclose(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	l := c.open(0)
	act, err := c.Consent(ctx, creditbank.Change{By: operator, Learner: l}, admission())
	must(t, err)
	good := creditbank.Disclosure{
		Learner: l, Recipient: "I02", Basis: creditbank.BasisConsent, Consent: act.Seq, Request: "r-1",
		Fields: []creditbank.Field{creditbank.FieldOutcomes, creditbank.FieldProfile, creditbank.FieldOutcomes},
	}
	must(t, c.Disclose(ctx, operator, good))
	c.set("2026-03-16")
	must(t, c.Disclose(ctx, operator, creditbank.Disclosure{Learner: l, Authority: "9901", Basis: creditbank.BasisDuty, Fields: creditbank.Fields()}))
	for name, tt := range map[string]struct {
		change func(*creditbank.Disclosure)
		kind   error
		code   creditbank.Code
	}{
		"nobody known": {func(d *creditbank.Disclosure) {
			d.Learner, d.Basis, d.Consent = "00000000-0000-4000-8000-000000000000", "SOURCE", 0
		}, creditbank.ErrNotFound, creditbank.CodeUnknownLearner},
		"no recipient":      {func(d *creditbank.Disclosure) { d.Recipient = "" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"two recipients":    {func(d *creditbank.Disclosure) { d.Authority = "9901" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"unknown recipient": {func(d *creditbank.Disclosure) { d.Recipient = "I99" }, creditbank.ErrNotFound, creditbank.CodeUnknownInstitution},
		"unknown authority": {func(d *creditbank.Disclosure) {
			*d = creditbank.Disclosure{Learner: l, Authority: "99", Basis: "DUTY", Fields: d.Fields}
		}, creditbank.ErrNotFound, creditbank.CodeUnknownRegion},
		"authority by consent":   {func(d *creditbank.Disclosure) { d.Recipient, d.Authority = "", "9901" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"institution on duty":    {func(d *creditbank.Disclosure) { d.Basis, d.Consent = "DUTY", 0 }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"no basis":               {func(d *creditbank.Disclosure) { d.Basis = "" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"consent not named":      {func(d *creditbank.Disclosure) { d.Consent = 0 }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"consent for no reason":  {func(d *creditbank.Disclosure) { d.Basis = "SOURCE" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"no such consent":        {func(d *creditbank.Disclosure) { d.Consent = 1 }, creditbank.ErrForbidden, creditbank.CodeConsentRequired},
		"another's consent":      {func(d *creditbank.Disclosure) { d.Recipient = "I01" }, creditbank.ErrForbidden, creditbank.CodeConsentRequired},
		"beyond the consent":     {func(d *creditbank.Disclosure) { d.Fields = creditbank.Fields() }, creditbank.ErrForbidden, creditbank.CodeConsentRequired},
		"another purpose":        {func(d *creditbank.Disclosure) { d.Purpose = creditbank.PurposeSubsidy }, creditbank.ErrForbidden, creditbank.CodeConsentRequired},
		"unknown purpose":        {func(d *creditbank.Disclosure) { d.Purpose = "FUN" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"no fields":              {func(d *creditbank.Disclosure) { d.Fields = nil }, creditbank.ErrInvalid, creditbank.CodeMissing},
		"a request of two lines": {func(d *creditbank.Disclosure) { d.Request = "a\nb" }, creditbank.ErrInvalid, creditbank.CodeMalformed},
	} {
		d := good
		tt.change(&d)
		wantCode(t, name, c.Disclose(ctx, operator, d), tt.kind, tt.code)
	}
	if err := c.Disclose(ctx, creditbank.Caller{}, good); !errors.Is(err, creditbank.ErrInvalid) {
		t.Errorf("nobody asks: %v", err)
	}
	all, err := c.Disclosures(ctx, l, "", 10)
	must(t, err)
	if len(all) != 2 || all[0].Authority != "9901" || all[1].By != operator || all[1].Purpose != creditbank.PurposeAdmission || creditbank.FormatFields(all[1].Fields) != "PROFILE,OUTCOMES" {
		t.Errorf("on record: %+v", all)
	}
}
