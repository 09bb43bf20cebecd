package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"creditbank/api/contract"
	"creditbank/api/play"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

var _ play.Parties = (*parties)(nil)

// parties are the people and machines of the city. Each gets an account or a
// client the first time it acts, from the operator, and a token when it needs
// one.
type parties struct {
	url      string
	clock    *Clock
	random   io.Reader
	password string
	operator creditbank.AccountNumber

	mu       sync.Mutex
	tokens   map[string]token // by who they are
	learners map[creditbank.LearnerID]creditbank.AccountNumber
	machines map[string]string // secrets, by client
}

// A token is good for a while.
type token struct {
	value   string
	expires time.Time
}

// As implements [play.Parties].
func (p *parties) As(ctx context.Context, grants ...access.Grant) (*contract.ClientWithResponses, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	value, err := p.tokenOf(ctx, grants)
	if err != nil {
		return nil, err
	}
	return p.client(value)
}

func (p *parties) tokenOf(ctx context.Context, grants []access.Grant) (string, error) {
	written := make([]string, 0, len(grants))
	for _, g := range grants {
		written = append(written, string(g.Role)+" "+g.Scope.String())
	}
	slices.Sort(written)
	who := strings.Join(written, ", ")
	if t, ok := p.tokens[who]; ok && p.clock.Now().Before(t.expires) {
		return t.value, nil
	}
	t, err := p.fetch(ctx, grants, written)
	if err != nil {
		return "", fmt.Errorf("a token of %s: %w", who, err)
	}
	p.tokens[who] = t
	return t.value, nil
}

func (p *parties) fetch(ctx context.Context, grants []access.Grant, written []string) (token, error) {
	switch first := grants[0]; {
	case first.Role == access.Operator:
		return p.logIn(ctx, p.operator)
	case first.Role == access.Learner:
		number, err := p.learner(ctx, creditbank.LearnerID(first.Scope.ID))
		if err != nil {
			return token{}, err
		}
		return p.logIn(ctx, number)
	default:
		name := strings.ToLower(strings.NewReplacer(":", "-", " ", "-", ",", "").Replace(strings.Join(written, "-")))
		institution := ""
		if first.Scope.Kind == access.ScopeInstitution || first.Scope.Kind == access.ScopeBranch {
			institution = first.Scope.ID
		}
		secret, err := p.open(ctx, name, institution, written...)
		if err != nil {
			return token{}, err
		}
		return p.credentials(ctx, name, secret)
	}
}

// client returns a client that brings a token, none if it is "".
func (p *parties) client(value string) (*contract.ClientWithResponses, error) {
	return contract.NewClientWithResponses(p.url, contract.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if value != "" {
			r.Header.Set("Authorization", "Bearer "+value)
		}
		return nil
	}))
}

// asOperator returns the operator's client.
func (p *parties) asOperator(ctx context.Context) (*contract.ClientWithResponses, error) {
	value, err := p.tokenOf(ctx, []access.Grant{{Role: access.Operator, Scope: access.Scope{Kind: access.ScopeRegion, ID: "*"}}})
	if err != nil {
		return nil, err
	}
	return p.client(value)
}

// logIn logs in with an account.
func (p *parties) logIn(ctx context.Context, number creditbank.AccountNumber) (token, error) {
	c, err := p.client("")
	if err != nil {
		return token{}, err
	}
	r, err := c.LogInWithResponse(ctx, contract.LogInJSONRequestBody{Account: string(number), Password: p.password})
	if err != nil {
		return token{}, err
	}
	if r.JSON200 == nil {
		return token{}, status("log in", r)
	}
	return p.good(*r.JSON200), nil
}

// credentials gets a machine's token.
func (p *parties) credentials(ctx context.Context, client, secret string) (token, error) {
	c, err := p.client("")
	if err != nil {
		return token{}, err
	}
	r, err := c.CreateTokenWithFormdataBodyWithResponse(ctx, contract.TokenRequest{GrantType: "client_credentials", ClientId: &client, ClientSecret: &secret})
	if err != nil {
		return token{}, err
	}
	if r.JSON200 == nil {
		return token{}, status("get a token", r)
	}
	return p.good(*r.JSON200), nil
}

func (p *parties) good(t contract.Token) token {
	return token{t.AccessToken, p.clock.Now().Add(time.Duration(t.ExpiresIn)*time.Second - time.Minute)}
}

// key returns a fresh idempotency key.
func (p *parties) key() string { return "demo-" + random(p.random, 12) }

// open registers a machine, once, and returns its secret.
func (p *parties) open(ctx context.Context, id, institution string, grants ...string) (string, error) {
	if secret, ok := p.machines[id]; ok {
		return secret, nil
	}
	c, err := p.asOperator(ctx)
	if err != nil {
		return "", err
	}
	body := contract.OpenClientJSONRequestBody{Id: id, Title: contract.Text{Zh: "演示：" + strings.Join(grants, "，"), En: "demo: " + strings.Join(grants, ", ")}, Grants: wire(grants)}
	if institution != "" {
		body.Institution = &institution
	}
	opened, err := c.OpenClientWithResponse(ctx, &contract.OpenClientParams{IdempotencyKey: p.key()}, body)
	if err != nil {
		return "", err
	}
	if opened.JSON201 == nil {
		return "", status("register "+id, opened)
	}
	made, err := c.AddClientSecretWithResponse(ctx, id, &contract.AddClientSecretParams{IdempotencyKey: p.key()}, contract.AddClientSecretJSONRequestBody{})
	if err != nil {
		return "", err
	}
	if made.JSON201 == nil || made.JSON201.Secret == nil {
		return "", status("secret of "+id, made)
	}
	if p.machines == nil {
		p.machines = map[string]string{}
	}
	p.machines[id] = *made.JSON201.Secret
	return p.machines[id], nil
}

func wire(grants []string) []contract.Grant {
	out := make([]contract.Grant, 0, len(grants))
	for _, g := range grants {
		role, scope, _ := strings.Cut(g, " ")
		out = append(out, contract.Grant{Role: contract.Role(role), Scope: scope})
	}
	return out
}

// learner returns the account that a learner logs in with.
func (p *parties) learner(ctx context.Context, id creditbank.LearnerID) (creditbank.AccountNumber, error) {
	if number, ok := p.learners[id]; ok {
		return number, nil
	}
	c, err := p.asOperator(ctx)
	if err != nil {
		return "", err
	}
	// The operator knows the name; the learner proves it with the code.
	who, err := c.GetLearnerWithResponse(ctx, string(id), nil)
	if err != nil {
		return "", err
	}
	if who.JSON200 == nil || who.JSON200.Name == nil {
		return "", status("read a learner", who)
	}
	learner := string(id)
	number, err := p.openAccount(ctx, c, *who.JSON200.Name, contract.OpenAccountJSONRequestBody{Learner: &learner})
	if err == nil {
		p.learners[id] = number
	}
	return number, err
}

func (p *parties) openAccount(ctx context.Context, c *contract.ClientWithResponses, name string, body contract.OpenAccountJSONRequestBody) (creditbank.AccountNumber, error) {
	r, err := c.OpenAccountWithResponse(ctx, &contract.OpenAccountParams{IdempotencyKey: p.key()}, body)
	if err != nil {
		return "", err
	}
	if r.JSON201 == nil || r.JSON201.Code == nil {
		return "", status("open an account", r)
	}
	number := creditbank.AccountNumber(r.JSON201.Account.Account)
	return number, p.activate(ctx, number, name, *r.JSON201.Code)
}

// activate activates an account, as its holder does.
func (p *parties) activate(ctx context.Context, number creditbank.AccountNumber, name, code string) error {
	c, err := p.client("")
	if err != nil {
		return err
	}
	r, err := c.ActivateAccountWithResponse(ctx, contract.ActivateAccountJSONRequestBody{Account: string(number), Name: name, Code: code, Password: p.password})
	if err != nil {
		return err
	}
	if r.StatusCode() != http.StatusNoContent {
		return status("activate an account", r)
	}
	return nil
}

// account returns the account that a learner logs in with, from outside.
func (p *parties) account(ctx context.Context, id creditbank.LearnerID) (creditbank.AccountNumber, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.learner(ctx, id)
}

// staff opens the account of a member of staff.
func (p *parties) staff(ctx context.Context, name, institution string, grants ...string) (creditbank.AccountNumber, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, err := p.asOperator(ctx)
	if err != nil {
		return "", err
	}
	list := wire(grants)
	body := contract.OpenAccountJSONRequestBody{Name: &name, Grants: &list}
	if institution != "" {
		body.Institution = &institution
	}
	return p.openAccount(ctx, c, name, body)
}

// machine registers a machine for people to try.
func (p *parties) machine(ctx context.Context, id, institution string, grants ...string) (client, secret string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	secret, err = p.open(ctx, id, institution, grants...)
	return id, secret, err
}
