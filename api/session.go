package api

import (
	"context"
	"net/http"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// GetMe implements [contract.StrictServerInterface].
func (s *Server) GetMe(ctx context.Context, _ contract.GetMeRequestObject) (contract.GetMeResponseObject, error) {
	c := s.scoped(ctx)
	return contract.GetMe200JSONResponse{
		Id: c.by().ID, Learner: optional(string(c.principal.Learner)), Institution: optional(string(c.principal.Institution)),
		Grants: mapped(c.principal.Grants, wireGrant), ExpiresAt: optional(c.claims.Expires),
	}, nil
}

// ActivateAccount implements [contract.StrictServerInterface].
func (s *Server) ActivateAccount(ctx context.Context, r contract.ActivateAccountRequestObject) (contract.ActivateAccountResponseObject, error) {
	if err := s.mayTry(callOf(ctx), r.Body.Account); err != nil {
		return nil, err
	}
	number, err := creditbank.ParseAccountNumber(r.Body.Account)
	if err != nil {
		return nil, inBody(err)
	}
	a, err := s.c.Registry.Activate(ctx, number, r.Body.Name, r.Body.Code, r.Body.Password)
	if err != nil {
		return nil, inBody(err)
	}
	s.changed(ctx, a.Principal().Caller().ID) // earlier sessions end
	return contract.ActivateAccount204Response{}, nil
}

// LogIn implements [contract.StrictServerInterface].
func (s *Server) LogIn(ctx context.Context, r contract.LogInRequestObject) (contract.LogInResponseObject, error) {
	if err := s.mayTry(callOf(ctx), r.Body.Account); err != nil {
		return nil, err
	}
	number, err := creditbank.ParseAccountNumber(r.Body.Account)
	if err != nil {
		return nil, inBody(err)
	}
	a, err := s.c.Registry.Login(ctx, number, r.Body.Password)
	if err != nil {
		return nil, inBody(err)
	}
	t, err := s.issue(ctx, a.Principal().Caller().ID, nil)
	if err != nil {
		return nil, err
	}
	w := contract.LogIn200JSONResponse{Body: t, Headers: contract.LogIn200ResponseHeaders{CacheControl: "no-store"}}
	if value(r.Body.Cookie) {
		cookie, err := s.begin(ctx, a)
		if err != nil {
			return nil, err
		}
		w.Headers.SetCookie = optional(cookie.String())
	}
	return w, nil
}

// begin begins a session and returns its cookie.
func (s *Server) begin(ctx context.Context, a access.Account) (*http.Cookie, error) {
	opaque, _, err := s.c.Registry.NewSession(ctx, a)
	if err != nil {
		return nil, err
	}
	return s.sessionCookie(opaque, s.c.Registry.LongestSession()), nil
}

// sessionCookie returns the cookie of a session; none ends it.
func (s *Server) sessionCookie(opaque string, lasts time.Duration) *http.Cookie {
	c := &http.Cookie{Name: s.cookie(), Value: opaque, Path: "/", HttpOnly: true, Secure: !s.c.InsecureCookies, SameSite: http.SameSiteLaxMode, MaxAge: int(lasts.Seconds())}
	if opaque == "" {
		c.MaxAge = -1
	}
	return c
}

// LogOut implements [contract.StrictServerInterface].
func (s *Server) LogOut(ctx context.Context, _ contract.LogOutRequestObject) (contract.LogOutResponseObject, error) {
	c := s.scoped(ctx)
	var w contract.LogOut204Response
	if c.session != "" {
		if err := s.endSession(ctx); err != nil {
			return nil, err
		}
		w.Headers.SetCookie = optional(s.sessionCookie("", 0).String())
		return loggedOut(w), nil
	}
	return loggedOut(w), s.deny(ctx, c.by(), c.claims)
}

// loggedOut leaves out the header where there is no cookie to end.
type loggedOut contract.LogOut204Response

// VisitLogOutResponse implements [contract.LogOutResponseObject].
func (l loggedOut) VisitLogOutResponse(w http.ResponseWriter) error {
	if l.Headers.SetCookie != nil {
		w.Header().Set("Set-Cookie", *l.Headers.SetCookie)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// ChangePassword implements [contract.StrictServerInterface].
func (s *Server) ChangePassword(ctx context.Context, r contract.ChangePasswordRequestObject) (contract.ChangePasswordResponseObject, error) {
	c := s.scoped(ctx)
	if c.principal.Kind != access.Person {
		return nil, refuse(problemForbidden, "NO_PASSWORD", "机器客户端没有密码", "a machine has no password")
	}
	if wait, ok := s.take(c.request, s.c.Limits.Login, "try-at", c.principal.ID); !ok {
		return nil, tooOften(wait)
	}
	if err := s.c.Registry.ChangePassword(ctx, access.AccountID(c.principal.ID), r.Body.Old, r.Body.New); err != nil {
		return nil, inBody(err)
	}
	s.changed(ctx, c.by().ID) // sessions end
	return contract.ChangePassword204Response{}, nil
}
