package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
)

// Certificate fetches the newest certificate of a learner, as the learner, and
// writes a request that verifies it. It returns the file.
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
	r, err := c.GetCertificateWithResponse(ctx, id, nil)
	if err != nil {
		return "", err
	}
	if r.JSON200 == nil {
		return "", status("fetch a certificate", r, r.Body)
	}
	request, err := json.MarshalIndent(contract.VerifyCertificateJSONRequestBody{Credential: r.JSON200.Credential, Proof: &r.JSON200.Proof}, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "certificate-"+alias+".json")
	return path, os.WriteFile(path, request, 0o600)
}

// newest waits until issuing has come to the end of the ledger, and returns the
// newest certificate.
func newest(ctx context.Context, c *contract.ClientWithResponses, id creditbank.LearnerID) (string, error) {
	for try := 0; ; try++ {
		r, err := c.ListCertificatesWithResponse(ctx, string(id), nil)
		if err != nil {
			return "", err
		}
		if r.JSON200 == nil {
			return "", status("list certificates", r, r.Body)
		}
		if all := r.JSON200.Certificates; r.JSON200.Pending == 0 && len(all) > 0 {
			return all[len(all)-1].Id, nil
		}
		if try == 100 {
			return "", fmt.Errorf("the learner's certificate is not there yet")
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
