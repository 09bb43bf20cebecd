package oidc_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"creditbank/api/oidc"
)

func TestSealedPendingFinishesElsewhere(t *testing.T) {
	s := newSetup(t, nil)
	pending, query := s.begin(t)
	sealed, err := s.Seal(pending)
	if err != nil {
		t.Fatal(err)
	}
	replica, err := oidc.New(s.config)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := replica.Open(sealed)
	if err != nil || opened != pending {
		t.Fatalf("Open = %v, %v, want %v", opened, err, pending)
	}
	if _, err := replica.Finish(context.Background(), opened, query); err != nil {
		t.Error(err)
	}
}

func TestSealedPendingHidesItsSecrets(t *testing.T) {
	s := newSetup(t, nil)
	pending, query := s.begin(t)
	a, err := s.Seal(pending)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Seal(pending)
	if err != nil || a == b {
		t.Errorf("two seals of one are the same: %v", err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(a)
	if err != nil || bytes.Contains(raw, []byte(query.Get("state"))) || len(a) > 512 {
		t.Errorf("sealed in %d letters: %v", len(a), err)
	}
	for _, s := range []string{fmt.Sprint(pending), fmt.Sprintf("%+v", pending), fmt.Sprintf("%#v", pending)} {
		if strings.Contains(s, query.Get("state")) {
			t.Errorf("it prints its state: %s", s)
		}
	}
}

func TestTamperedCookieIsRefused(t *testing.T) {
	s := newSetup(t, nil)
	pending, _ := s.begin(t)
	sealed, err := s.Seal(pending)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		b := bytes.Clone(raw)
		b[i/8] ^= 1 << (i % 8)
		_, err := s.Open(base64.RawURLEncoding.EncodeToString(b))
		wantRefused(t, err, oidc.CodeLost)
	}
	for n := range raw {
		_, err := s.Open(base64.RawURLEncoding.EncodeToString(raw[:n]))
		wantRefused(t, err, oidc.CodeLost)
	}
	for _, text := range []string{"", "!", sealed + "=", strings.Repeat("A", 100), strings.Repeat("A", 1<<20)} {
		_, err := s.Open(text)
		wantRefused(t, err, oidc.CodeLost)
	}
}

func TestCookieOfAnotherConfigurationIsRefused(t *testing.T) {
	s := newSetup(t, nil)
	pending, _ := s.begin(t)
	sealed, err := s.Seal(pending)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*oidc.Config){
		"another key":      func(c *oidc.Config) { c.Key = make([]byte, 32) },
		"another issuer":   func(c *oidc.Config) { c.Issuer = "https://other.example" },
		"another client":   func(c *oidc.Config) { c.ClientID = "other" },
		"another redirect": func(c *oidc.Config) { c.RedirectURL = "https://other.example" },
	} {
		t.Run(name, func(t *testing.T) {
			c := s.config
			change(&c)
			p, err := oidc.New(c)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Open(sealed)
			wantRefused(t, err, oidc.CodeLost)
		})
	}
}

func TestSealedIdentity(t *testing.T) {
	s := newSetup(t, nil)
	for _, subject := range []string{"wang", strings.Repeat("<", 255)} {
		who := oidc.Identity{Issuer: s.config.Issuer, Subject: subject}
		sealed, err := s.SealIdentity(who)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.OpenIdentity(sealed); err != nil || got != who {
			t.Errorf("OpenIdentity = %v, %v", got, err)
		}
		_, err = s.Open(sealed)
		wantRefused(t, err, oidc.CodeLost)
		s.ahead.Add(int64(10 * time.Minute))
		_, err = s.OpenIdentity(sealed)
		wantRefused(t, err, oidc.CodeExpired)
	}
	pending, _ := s.begin(t)
	sealed, err := s.Seal(pending)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.OpenIdentity(sealed)
	wantRefused(t, err, oidc.CodeLost)
}
