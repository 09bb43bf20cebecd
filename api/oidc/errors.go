package oidc

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/oauth2"

	"creditbank/creditbank"
)

// ErrUnavailable: the provider does not answer. Nobody did anything wrong; it
// can be tried again.
var ErrUnavailable = errors.New("the log-in provider does not answer")

// The codes of log-ins that failed.
const (
	CodeExpired     creditbank.Code = "LOGIN_EXPIRED"     // it took too long
	CodeLost        creditbank.Code = "LOGIN_LOST"        // this browser did not begin it
	CodeDenied      creditbank.Code = "LOGIN_DENIED"      // the person said no, or the provider did
	CodeRefused     creditbank.Code = "LOGIN_REFUSED"     // what the provider sent is not in order
	CodeUnavailable creditbank.Code = "LOGIN_UNAVAILABLE" // the provider does not answer
)

// A failure is an InputError for the person, and a detail for the log.
type failure struct {
	input  *creditbank.InputError
	detail error
}

// Error is for the log. The detail is bounded, and in one line.
func (f *failure) Error() string { return fmt.Sprintf("%v: %s", f.input, clip(f.detail.Error())) }

func (f *failure) Unwrap() []error { return []error{f.input, f.detail} }

func fail(code creditbank.Code, zh, en string, detail error) error {
	return &failure{creditbank.Invalid(code, "", zh, en), detail}
}

func expired() error {
	return fail(CodeExpired, "登录超时，请重新登录", "the log-in took too long; please log in again", errors.New("the log-in has expired"))
}

func lost(detail error) error {
	return fail(CodeLost, "登录没有在这个浏览器中开始，或已经完成，请重新登录", "the log-in was not begun in this browser, or is over; please log in again", detail)
}

func denied() error {
	return fail(CodeDenied, "登录已取消或未获许可", "the log-in was cancelled or not permitted", errors.New("the provider answers access_denied"))
}

func refuse(detail error) error {
	return fail(CodeRefused, "登录失败，请重新登录；如仍失败，请联系管理员", "the log-in failed; please log in again, and tell the administrator if it fails again", detail)
}

func unavailable(detail error) error {
	return fail(CodeUnavailable, "登录服务暂时没有响应，请稍后再试", "the log-in service does not answer; please try again later",
		fmt.Errorf("%w: %w", ErrUnavailable, detail))
}

// exchangeError tells a refusal from an outage. Of a refusal, no more than the
// code of RFC 6749, 5.2 is kept: the description may repeat what we sent.
func exchangeError(err error) error {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) {
		return unavailable(fmt.Errorf("exchange the code: %w", err))
	}
	status := 0
	if r.Response != nil {
		status = r.Response.StatusCode
	}
	detail := fmt.Errorf("exchange the code: the provider answers %d %q", status, clip(r.ErrorCode))
	if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
		return unavailable(detail)
	}
	return refuse(detail)
}

// clip makes a text of a stranger fit for a log.
func clip(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
