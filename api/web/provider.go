package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"creditbank/api/oidc"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// loginLife is how long the cookies of a log-in at the provider are kept. What
// they hold does not serve for longer.
const loginLife = 10 * time.Minute

// toProvider sends the browser to the provider.
func (s *Site) toProvider(v *visit) error {
	address, pending, err := s.c.OIDC.Begin(v.r.Context())
	if err != nil {
		return s.providerFault(v, err)
	}
	sealed, err := s.c.OIDC.Seal(pending)
	if err != nil {
		return err
	}
	then := base64.RawURLEncoding.EncodeToString([]byte(next(v.r.URL.Query().Get("next"))))
	v.keep(cookieLogin, sealed+"."+then, loginLife)
	http.Redirect(v.w, v.r, address, http.StatusSeeOther)
	return nil
}

// providerFault shows the log-in form again with what went wrong at the
// provider, which is logged in full.
func (s *Site) providerFault(v *visit, err error) error {
	s.c.Log.WarnContext(v.r.Context(), "log-in at the provider failed", "request", v.Request, "err", err)
	var input *creditbank.InputError
	if !errors.As(err, &input) {
		return err
	}
	status := s.c.Server.Explain(err).Status
	if errors.Is(err, oidc.ErrUnavailable) {
		status = http.StatusServiceUnavailable
	}
	return v.show(status, "login", form{Fault: v.text(input.Reason), Next: "/me", Demo: s.c.Demo()})
}

// fromProvider is where the provider sends the browser back to. Who is known is
// logged in; whoever is not is asked whose account it is.
func (s *Site) fromProvider(v *visit) error {
	sent := v.cookie(cookieLogin)
	v.drop(cookieLogin)
	sealed, then, _ := strings.Cut(sent, ".")
	pending, err := s.c.OIDC.Open(sealed)
	if err != nil {
		return s.providerFault(v, err)
	}
	who, err := s.c.OIDC.Finish(v.r.Context(), pending, v.r.URL.Query())
	if err != nil {
		return s.providerFault(v, err)
	}
	a, err := s.c.Registry.ByIdentity(v.r.Context(), who.Issuer, who.Subject)
	switch {
	case errors.Is(err, creditbank.ErrNotFound):
		sealed, err := s.c.OIDC.SealIdentity(who)
		if err != nil {
			return err
		}
		v.keep(cookieIdentity, sealed, loginLife)
		return v.to("/auth/link")
	case err != nil:
		return err
	case v.LoggedIn && v.Principal.ID != string(a.ID):
		return creditbank.Conflict(creditbank.CodeDuplicate, "subject", "该身份已关联其他账户", "the identity is linked to another account")
	case v.LoggedIn:
		return v.to("/me")
	}
	if err := s.c.Server.BeginSession(v.w, v.r, a); err != nil {
		return err
	}
	where, err := base64.RawURLEncoding.DecodeString(then)
	if err != nil {
		return v.to("/me")
	}
	return v.to(next(string(where)))
}

// linkForm asks somebody whom the provider knows and this bank does not whose
// account it is; of whoever is logged in already, whether it is theirs.
func (s *Site) linkForm(v *visit) error {
	if _, err := s.c.OIDC.OpenIdentity(v.cookie(cookieIdentity)); err != nil {
		return s.providerFault(v, err)
	}
	f, err := s.linkable(v)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "link", f)
}

// linkable returns the form of whoever asks: the account number of whoever is
// logged in stands in it.
func (s *Site) linkable(v *visit) (form, error) {
	f := form{Values: map[string]string{}}
	if !v.LoggedIn {
		return f, nil
	}
	a, err := s.c.Registry.Account(v.r.Context(), access.AccountID(v.Principal.ID))
	f.Values["own"] = grouped(a.Number)
	return f, err
}

// link links the account, by its one-time code or since its holder is logged in,
// to who logged in at the provider.
func (s *Site) link(v *visit) error {
	who, err := s.c.OIDC.OpenIdentity(v.cookie(cookieIdentity))
	if err != nil {
		return s.providerFault(v, err)
	}
	f, err := s.linkable(v)
	if err != nil {
		return err
	}
	if v.LoggedIn {
		if err := s.c.Registry.LinkIdentity(v.r.Context(), access.AccountID(v.Principal.ID), who.Issuer, who.Subject); err != nil {
			return v.refill("link", f, err)
		}
		v.drop(cookieIdentity)
		return v.to("/me")
	}
	account, name := v.r.PostFormValue("account"), v.r.PostFormValue("name")
	f.Values["account"], f.Values["name"] = account, name
	if err := s.c.Server.MayTry(v.r, account); err != nil {
		return err
	}
	number, err := creditbank.ParseAccountNumber(account)
	if err != nil {
		return v.refill("link", f, err)
	}
	a, err := s.c.Registry.ActivateIdentity(v.r.Context(), number, name, v.r.PostFormValue("code"), who.Issuer, who.Subject)
	if err != nil {
		return v.refill("link", f, err)
	}
	if err := s.c.Server.BeginSession(v.w, v.r, a); err != nil {
		return err
	}
	v.drop(cookieIdentity)
	return v.to("/me")
}
