package demo

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
)

// Certificate fetches the newest certificate of a learner, as the learner, and
// writes it to a file, which can be sent to be verified as it is.
func Certificate(ctx context.Context, url, dir string, made *City, alias string) (string, error) {
	p := &parties{url: url, clock: NewClock(time.Now), password: made.Password, tokens: map[string]token{}, learners: map[creditbank.LearnerID]creditbank.AccountNumber{}}
	var who Login
	for _, l := range made.Logins {
		if l.Alias == alias {
			who = l
		}
	}
	t, err := p.logIn(ctx, who.Account)
	if err != nil {
		return "", err
	}
	c, err := p.client(t.value)
	if err != nil {
		return "", err
	}
	id, err := newest(ctx, c, who.Learner)
	if err != nil {
		return "", err
	}
	bundle, err := anchored(ctx, c, id)
	if err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(bundle, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "certificate-"+alias+".json")
	return path, os.WriteFile(path, data, 0o600)
}

// newest waits until issuing has come to the end of the ledger, and returns the
// newest certificate.
func newest(ctx context.Context, c *contract.ClientWithResponses, id creditbank.LearnerID) (newest string, err error) {
	err = wait(ctx, "the learner's certificate is not there yet", func() (bool, error) {
		r, err := c.ListCertificatesWithResponse(ctx, string(id), nil)
		if err != nil {
			return false, err
		}
		if r.JSON200 == nil {
			return false, status("list certificates", r)
		}
		all := r.JSON200.Certificates
		if r.JSON200.Pending > 0 || len(all) == 0 {
			return false, nil
		}
		newest = all[len(all)-1].Id
		return true, nil
	})
	return newest, err
}

// anchored waits until a certificate's place in the log was confirmed by the
// anchor, and returns it with the proof of that.
func anchored(ctx context.Context, c *contract.ClientWithResponses, id string) (bundle contract.CertificateBundle, err error) {
	err = wait(ctx, "the certificate is not anchored yet", func() (bool, error) {
		r, err := c.GetCertificateWithResponse(ctx, id, nil)
		if err != nil {
			return false, err
		}
		if r.JSON200 == nil {
			return false, status("fetch a certificate", r)
		}
		bundle = *r.JSON200
		return slices.ContainsFunc(bundle.Receipts, func(r contract.Receipt) bool { return r.Cosigned }), nil
	})
	return bundle, err
}

// wait asks again until it is so, for a quarter of a minute.
func wait(ctx context.Context, otherwise string, so func() (bool, error)) error {
	for range 150 {
		if ok, err := so(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New(otherwise)
}
