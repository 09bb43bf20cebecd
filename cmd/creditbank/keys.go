package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) keysCommand() *cobra.Command {
	return group("keys", "密钥 keys with which institutions sign certificates",
		"  creditbank keys list\n  creditbank keys make I06 --form jwt\n  creditbank keys rotate I06 --form jwt --from 2026-09-01",
		p.keysListCommand(), p.keysMakeCommand(), p.keysRotateCommand())
}

// A keyView is a key of an institution, as it is published.
type keyView struct {
	Institution creditbank.InstitutionID `json:"institution"`
	ID          string                   `json:"id"`
	Form        certify.Form             `json:"form"` // that it signs
	From        time.Time                `json:"from,omitzero"`
	Until       time.Time                `json:"until,omitzero"`
	State       string                   `json:"state"` // current, next or retired
}

// suiteOf returns the suite of keys that sign a form.
func suiteOf(form string) (certify.Suite, error) {
	switch certify.Form(form) {
	case certify.FormJSON:
		return certify.EdDSA, nil
	case certify.FormJWT:
		return certify.RS256, nil
	case certify.FormSDJWT:
		return certify.ES256, nil
	}
	return "", creditbank.Invalid(codeUsage, "--form", "--form 应为 json、jwt 或 sd-jwt", "--form is json, jwt or sd-jwt")
}

// formFlag adds --form to a command.
func formFlag(c *cobra.Command) *string {
	return c.Flags().String("form", string(certify.FormJSON), "哪种形式的证书：json、jwt 或 sd-jwt; the `FORM` of certificates: json, jwt or sd-jwt")
}

func (p *program) keysListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "list [INSTITUTION]",
		Short: "列出 keys, those that were retired too",
		Long: "各机构每种证书形式的签名密钥：在用、待用、已停用。停用的密钥仍然公布，它签过的证书照样可以核验。\n" +
			"The keys of each institution for each form of certificates. A retired one stays published: what it signed still\n" +
			"verifies.",
		Example: "  creditbank keys list\n  creditbank keys list I06 --json",
		Args:    cobra.MaximumNArgs(1),
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		var only creditbank.InstitutionID
		if len(args) > 0 {
			only = creditbank.InstitutionID(args[0])
			if err := s.knownInstitution(only); err != nil {
				return err
			}
		}
		return s.showKeys(ctx, only)
	})
	return c
}

func (p *program) keysMakeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "make INSTITUTION",
		Short: "生成 make the first key of a form, if there is none",
		Long: "首次签发时会自动生成；这里可提前生成，以便先公布、先备份。已有则不变。\n" +
			"It is made by itself when it is first needed; this makes it before, so that it can be published and copied. If\n" +
			"there is one it stays.",
		Example: "  creditbank keys make I06\n  creditbank keys make I06 --form sd-jwt",
		Args:    exactly("INSTITUTION"),
	}
	form := formFlag(c)
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		return s.changeKeys(ctx, args[0], *form, func(r keyring, did string, suite certify.Suite) error {
			now := s.Now()
			if _, err := r.Current(ctx, did, now); err != nil || suite == certify.EdDSA {
				return err
			}
			_, err := r.Token(ctx, did, suite, now)
			return err
		})
	})
	return c
}

func (p *program) keysRotateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate INSTITUTION",
		Short: "轮换 make the next key, and retire the one before",
		Long: "从所定时刻起用新密钥签发，旧密钥同时停用（仍公布、仍可核验）。时刻须在将来，使各处服务都先读到新密钥。\n" +
			"From the given time on the new key signs and the one before is retired: it stays published, and what it signed still\n" +
			"verifies. The time lies ahead, so that every process learns of the key before it is due.",
		Example: "  creditbank keys rotate I06\n  creditbank keys rotate I06 --form jwt --from 2026-09-01T00:00:00Z",
		Args:    exactly("INSTITUTION"),
	}
	form := formFlag(c)
	from := c.Flags().String("from", "", "启用时刻（默认24小时后）; `TIME` from which it signs, as a date or RFC 3339 (24 hours from now if left out)")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		at, err := s.rotateAt(*from)
		if err != nil {
			return err
		}
		return s.changeKeys(ctx, args[0], *form, func(r keyring, did string, suite certify.Suite) error {
			if suite == certify.EdDSA {
				return r.Rotate(ctx, did, at)
			}
			return r.RotateToken(ctx, did, suite, at)
		})
	})
	return c
}

// A keyring is what the commands ask of the folder of keys.
type keyring interface {
	Current(ctx context.Context, did string, at time.Time) (certify.Signer, error)
	Token(ctx context.Context, did string, suite certify.Suite, at time.Time) (certify.Signer, error)
	Rotate(ctx context.Context, did string, from time.Time) error
	RotateToken(ctx context.Context, did string, suite certify.Suite, from time.Time) error
}

// rotateAt returns the time from which the next key signs.
func (s *session) rotateAt(text string) (time.Time, error) {
	if text == "" {
		return s.Now().Add(24 * time.Hour), nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	if err != nil || !at.After(s.Now()) {
		return time.Time{}, creditbank.Invalid(codeUsage, "--from", "启用时刻应为将来的日期或RFC 3339时刻", "the time is a date or an RFC 3339 time that lies ahead")
	}
	return at, nil
}

// changeKeys changes the keys of an institution, pins what is new, and shows
// them.
func (s *session) changeKeys(ctx context.Context, institution, form string, change func(r keyring, did string, suite certify.Suite) error) error {
	suite, err := suiteOf(form)
	if err != nil {
		return err
	}
	id := creditbank.InstitutionID(institution)
	if err := s.knownInstitution(id); err != nil {
		return err
	}
	office, err := s.Office(ctx)
	if err != nil {
		return err
	}
	// A key that was lost must be missed before one is made under its id.
	if _, _, err := office.Trust(ctx); err != nil {
		return err
	}
	did, err := office.DID(id)
	if err != nil {
		return err
	}
	ring, err := s.Keys()
	if err != nil {
		return err
	}
	if err := change(ring, did, suite); err != nil {
		return keyProblem(err, form)
	}
	return s.showKeys(ctx, id)
}

// keyProblem puts what the folder of keys refuses into words for people.
func keyProblem(err error, form string) error {
	switch {
	case errors.Is(err, issuance.ErrNoKey):
		return creditbank.Conflict("NO_KEY", "--form", "该机构还没有这种密钥，请先 keys make --form "+form, "the institution has no such key yet: keys make --form "+form)
	case errors.Is(err, issuance.ErrKeyLater):
		return creditbank.Conflict("KEY_IS_LATER", "--from", "已有一把更晚启用的密钥", "there is a key already that is of use later")
	}
	return err
}

func (s *session) knownInstitution(id creditbank.InstitutionID) error {
	if _, ok := s.Catalogue().Institutions[id]; !ok {
		return creditbank.NotFound("UNKNOWN_INSTITUTION", "INSTITUTION", "机构 "+string(id)+" 不存在", "institution "+string(id)+" does not exist")
	}
	return nil
}

// showKeys shows the keys of an institution, or of all.
func (s *session) showKeys(ctx context.Context, only creditbank.InstitutionID) error {
	office, err := s.Office(ctx)
	if err != nil {
		return err
	}
	if _, _, err := office.Trust(ctx); err != nil { // compares them with what is pinned
		return err
	}
	views := []keyView{}
	for _, id := range slices.Sorted(maps.Keys(s.Catalogue().Institutions)) {
		if only != "" && id != only {
			continue
		}
		d, err := office.Document(ctx, id)
		if errors.Is(err, creditbank.ErrNotFound) {
			continue // it has issued nothing
		}
		if err != nil {
			return err
		}
		for _, k := range d.Keys {
			views = append(views, s.keyView(id, k.ID, certify.FormJSON, k.From, k.Until))
		}
		for _, k := range d.Tokens {
			form := certify.FormJWT
			if k.Suite() == certify.ES256 {
				form = certify.FormSDJWT
			}
			views = append(views, s.keyView(id, k.ID, form, k.From, k.Until))
		}
	}
	return s.p.show(views, func(out *term.Screen) { writeKeys(out, views) })
}

func (s *session) keyView(id creditbank.InstitutionID, key string, form certify.Form, from, until time.Time) keyView {
	v := keyView{Institution: id, ID: key, Form: form, From: from, Until: until, State: "current"}
	switch now := s.Now(); {
	case now.Before(from):
		v.State = "next"
	case !until.IsZero() && !now.Before(until):
		v.State = "retired"
	}
	return v
}

func writeKeys(out *term.Screen, views []keyView) {
	if len(views) == 0 {
		out.Say(0, tx("还没有密钥：首次签发证书时生成", "no keys yet: the first is made when a certificate is issued"))
		return
	}
	states := map[string]creditbank.Text{"current": tx("在用", "current"), "next": tx("待用", "next"), "retired": tx("已停用", "retired")}
	when := func(t time.Time) term.Cell {
		if t.IsZero() {
			return term.Of("–")
		}
		return term.Of(t.UTC().Format(time.RFC3339))
	}
	var rows [][]term.Cell
	for _, v := range views {
		_, name, _ := strings.Cut(v.ID, "#")
		rows = append(rows, []term.Cell{term.Of(string(v.Institution)), term.Of(name), term.Of(string(v.Form)), {Text: out.Pick(states[v.State])}, when(v.From), when(v.Until)})
	}
	out.Table(0, []term.Column{{Head: tx("机构", "institution")}, {Head: tx("密钥", "key")}, {Head: tx("形式", "form")}, {Head: tx("状态", "state")}, {Head: tx("启用", "from")}, {Head: tx("停用", "until")}}, rows)
}
