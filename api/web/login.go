package web

import (
	"net/http"

	"creditbank/creditbank"
)

// loginForm asks people to log in.
func (s *Site) loginForm(v *visit) error {
	if v.LoggedIn {
		return v.to("/me")
	}
	return v.show(http.StatusOK, "login", form{Next: next(v.r.URL.Query().Get("next")), Demo: s.c.Demo()})
}

// next returns where to go on from logging in.
func next(s string) string {
	if s == "" {
		return "/me"
	}
	return local(s)
}

// login logs in with an account number and a password, as the operation logIn
// does.
func (s *Site) login(v *visit) error {
	account := v.r.PostFormValue("account")
	f := form{Values: map[string]string{"account": account}, Next: next(v.r.PostFormValue("next")), Demo: s.c.Demo()}
	if err := s.c.Server.MayTry(v.r, account); err != nil {
		return err
	}
	number, err := creditbank.ParseAccountNumber(account)
	if err != nil {
		return v.refill("login", f, err)
	}
	a, err := s.c.Registry.Login(v.r.Context(), number, v.r.PostFormValue("password"))
	if err != nil {
		return v.refill("login", f, err)
	}
	if err := s.c.Server.BeginSession(v.w, v.r, a); err != nil {
		return err
	}
	v.drop(cookieIdentity)
	return v.to(f.Next)
}

// activateForm asks for a one-time code and a password.
func (s *Site) activateForm(v *visit) error { return v.show(http.StatusOK, "activate", form{}) }

// activate sets the password of an account and logs its holder in.
func (s *Site) activate(v *visit) error {
	account, name := v.r.PostFormValue("account"), v.r.PostFormValue("name")
	f := form{Values: map[string]string{"account": account, "name": name}}
	password := v.r.PostFormValue("password")
	if v.r.PostFormValue("again") != password {
		return v.refill("activate", f, creditbank.Invalid(creditbank.CodeMalformed, "again", "两次输入的密码不一致", "the two passwords are not the same"))
	}
	if err := s.c.Server.MayTry(v.r, account); err != nil {
		return err
	}
	number, err := creditbank.ParseAccountNumber(account)
	if err != nil {
		return v.refill("activate", f, err)
	}
	a, err := s.c.Registry.Activate(v.r.Context(), number, name, v.r.PostFormValue("code"), password)
	if err != nil {
		return v.refill("activate", f, err)
	}
	if err := s.c.Server.BeginSession(v.w, v.r, a); err != nil {
		return err
	}
	v.drop(cookieIdentity)
	return v.to("/me")
}

// logout ends the session.
func (s *Site) logout(v *visit) error {
	if err := s.c.Server.EndSession(v.w, v.r); err != nil {
		return err
	}
	v.drop(cookieIdentity)
	return v.to("/")
}
