package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	maxCode    = 4096
	maxSubject = 255 // OpenID Connect Core, 2
)

// An Identity is who the provider says somebody is: the subject is unique at
// the issuer and never given to anybody else. It says nothing about the person.
type Identity struct {
	Issuer  string
	Subject string
}

// Finish returns who logged in, given what [Provider.Begin] returned and the
// query of the address to which the provider sent the browser. An error is a
// [creditbank.InputError] with words for the person; the whole of it, which
// says more, is for the log. If the provider does not answer, it wraps
// [ErrUnavailable] too. The Pending is not to be used again.
func (p *Provider) Finish(ctx context.Context, pending Pending, query url.Values) (Identity, error) {
	if pending.expired(p.c.Now()) {
		return Identity{}, expired()
	}
	code, err := p.code(pending, query)
	if err != nil {
		return Identity{}, err
	}
	d, err := p.discover(ctx)
	if err != nil {
		return Identity{}, unavailable(err)
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.c.HTTPClient), patience)
	defer cancel()
	answer, err := d.oauth2.Exchange(ctx, code, oauth2.VerifierOption(pending.verifier))
	if err != nil {
		return Identity{}, exchangeError(err)
	}
	raw, ok := answer.Extra("id_token").(string)
	if !ok {
		return Identity{}, refuse(errors.New("the provider sent no ID token"))
	}
	id, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, refuse(fmt.Errorf("verify the ID token: %w", err))
	}
	if err := p.check(id, pending); err != nil {
		return Identity{}, refuse(err)
	}
	return Identity{p.c.Issuer, id.Subject}, nil
}

// code returns the code that the browser brings, if it is the answer to our
// question.
func (p *Provider) code(pending Pending, query url.Values) (string, error) {
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(query[name]) > 1 {
			return "", refuse(fmt.Errorf("%s stands twice", name))
		}
	}
	if !equal(query.Get("state"), pending.state) {
		return "", lost(errors.New("the state is that of another log-in"))
	}
	// RFC 9207: the answer of another provider.
	if iss := query.Get("iss"); query.Has("iss") && iss != p.c.Issuer {
		return "", refuse(errors.New("the answer is that of another issuer"))
	}
	if e := query.Get("error"); e == "access_denied" {
		return "", denied()
	} else if query.Has("error") {
		return "", refuse(fmt.Errorf("the provider answers %q", clip(e)))
	}
	code := query.Get("code")
	if code == "" || len(code) > maxCode {
		return "", refuse(errors.New("no code, or too long a one"))
	}
	return code, nil
}

// check looks at what the library does not: the nonce, and who the token is for
// if for several (OpenID Connect Core, 3.1.3.7).
func (p *Provider) check(id *oidc.IDToken, pending Pending) error {
	if !equal(id.Nonce, pending.nonce) {
		return errors.New("the nonce is that of another log-in")
	}
	var more struct {
		AZP *string `json:"azp"`
	}
	if err := id.Claims(&more); err != nil {
		return errors.New("the ID token is malformed")
	}
	if more.AZP == nil && len(id.Audience) > 1 || more.AZP != nil && *more.AZP != p.c.ClientID {
		return errors.New("the ID token was issued to another client")
	}
	if id.Subject == "" || len(id.Subject) > maxSubject || !utf8.ValidString(id.Subject) || strings.ContainsFunc(id.Subject, isControl) {
		return errors.New("the ID token names no subject")
	}
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }
