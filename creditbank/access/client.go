package access

import (
	"context"
	"regexp"
	"slices"
	"time"

	"creditbank/creditbank"
)

// A Client is a machine that uses the API.
type Client struct {
	ID          string
	Title       creditbank.Text
	Institution creditbank.InstitutionID // "" for none
	Grants      []Grant
	Disabled    bool
	Secrets     []Secret    // those that are still valid
	Keys        []PublicKey // for private_key_jwt
	Version     int
}

// Principal returns c as one that acts.
func (c Client) Principal() Principal {
	return Principal{ID: c.ID, Kind: Machine, Institution: c.Institution, Grants: c.Grants}
}

// A NewClient asks for a client.
type NewClient struct {
	ID          string // chosen by who opens it
	Title       creditbank.Text
	Institution creditbank.InstitutionID
	Grants      []Grant
}

// clientBody is what the record of a client says.
type clientBody struct {
	Title       creditbank.Text          `json:"title"`
	Institution creditbank.InstitutionID `json:"institution,omitempty"`
	Grants      []Grant                  `json:"grants,omitempty"`
	Disabled    bool                     `json:"disabled,omitempty"`
	Secrets     []secretBody             `json:"secrets,omitempty"`
	Keys        []PublicKey              `json:"keys,omitempty"`
}

// client returns the client that a record describes, with the secrets that are
// valid at an instant.
func (b clientBody) client(rec Record, at time.Time) Client {
	c := Client{rec.ID, b.Title, b.Institution, b.Grants, b.Disabled, nil, b.Keys, rec.Version}
	for _, s := range valid(b.Secrets, at) {
		c.Secrets = append(c.Secrets, s.Secret)
	}
	return c
}

// Ids of clients stand in URLs, headers and the names of callers.
var clientPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$`)

func (n NewClient) check(cat *creditbank.Catalogue) error {
	if !clientPattern.MatchString(n.ID) {
		return creditbank.Invalid(creditbank.CodeMalformed, "id", "客户端代码应为2至64个字母、数字或 . _ -", "a client's id is 2 to 64 letters, digits and . _ -")
	}
	if err := checkText("title", n.Title.ZH, 200); err != nil {
		return err
	}
	if n.Title.EN != "" {
		if err := checkText("title", n.Title.EN, 200); err != nil {
			return err
		}
	}
	if n.Institution == "" {
		return nil
	}
	return checkInstitution(cat, n.Institution)
}

// OpenClient makes a client. It has no secret and no key yet.
func (r *Registry) OpenClient(ctx context.Context, by By, n NewClient) (Client, error) {
	n.Grants = sortGrants(n.Grants)
	rec, _, err := r.change(ctx, by, []any{"open client", n}, func(at time.Time) ([]Record, error) {
		cat := r.catalogue()
		if err := n.check(cat); err != nil {
			return nil, err
		}
		if err := mayRegrant(cat, by.Principal, nil, n.Grants); err != nil {
			return nil, err
		}
		if err := mayManage(cat, by.Principal, managedAs(n.Institution, n.Grants)); err != nil {
			return nil, err
		}
		old, _, err := load[clientBody](ctx, r, KindClient, n.ID)
		if err != nil {
			return nil, err
		}
		if old.Version > 0 {
			return nil, creditbank.Conflict(creditbank.CodeDuplicate, "id", "该客户端代码已被使用", "there is a client of this id")
		}
		d := drafter{what: "opened", at: at, by: by.Caller()}
		d.add(old, clientBody{Title: n.Title, Institution: n.Institution, Grants: n.Grants}, time.Time{})
		return d.done()
	})
	if err != nil {
		return Client{}, err
	}
	return r.clientOf(rec)
}

// DisableClient has the client refused from now on.
func (r *Registry) DisableClient(ctx context.Context, by By, id string) (Client, error) {
	return r.changeClient(ctx, by, id, "disabled", nil, func(b *clientBody, _ time.Time) error {
		b.Disabled = true
		return nil
	})
}

// EnableClient takes [Registry.DisableClient] back.
func (r *Registry) EnableClient(ctx context.Context, by By, id string) (Client, error) {
	return r.changeClient(ctx, by, id, "enabled", nil, func(b *clientBody, _ time.Time) error {
		b.Disabled = false
		return nil
	})
}

// SetClientGrants replaces what the client was granted.
func (r *Registry) SetClientGrants(ctx context.Context, by By, id string, grants []Grant) (Client, error) {
	grants = sortGrants(grants)
	return r.changeClient(ctx, by, id, "granted", grants, func(b *clientBody, _ time.Time) error {
		if by.Kind == Machine && by.ID == id {
			return toOneself()
		}
		old := b.Grants
		b.Grants = grants
		return mayRegrant(r.catalogue(), by.Principal, old, grants)
	})
}

func toOneself() error {
	return notAllowed("grants", "不能给自己授权", "nobody grants to themselves")
}

// changeClient writes the next version of a client, as edit has it.
func (r *Registry) changeClient(ctx context.Context, by By, id, what string, asked any, edit func(*clientBody, time.Time) error) (Client, error) {
	rec, _, err := r.changeClientRecord(ctx, by, id, what, asked, edit)
	if err != nil {
		return Client{}, err
	}
	return r.clientOf(rec)
}

func (r *Registry) changeClientRecord(ctx context.Context, by By, id, what string, asked any, edit func(*clientBody, time.Time) error) (Record, bool, error) {
	return r.change(ctx, by, []any{"client", id, what, asked}, func(at time.Time) ([]Record, error) {
		rec, body, err := load[clientBody](ctx, r, KindClient, id)
		if err != nil {
			return nil, err
		}
		if rec.Version == 0 {
			return nil, unknown("client")
		}
		if err := mayManage(r.catalogue(), by.Principal, managedAs(body.Institution, body.Grants)); err != nil {
			return nil, err
		}
		body.Secrets = valid(body.Secrets, at)
		if err := edit(&body, at); err != nil {
			return nil, err
		}
		d := drafter{what: what, at: at, by: by.Caller()}
		d.add(rec, body, time.Time{})
		return d.done()
	})
}

// Client returns a client.
func (r *Registry) Client(ctx context.Context, id string) (Client, error) {
	rec, body, err := load[clientBody](ctx, r, KindClient, id)
	if err != nil {
		return Client{}, err
	}
	if rec.Version == 0 {
		return Client{}, unknown("client")
	}
	return body.client(rec, r.now()), nil
}

// Clients returns up to limit clients with ids above after, in order.
func (r *Registry) Clients(ctx context.Context, after string, limit int) ([]Client, error) {
	records, err := r.store.List(ctx, KindClient, after, limit)
	if err != nil {
		return nil, err
	}
	all := make([]Client, len(records))
	for i, rec := range records {
		if all[i], err = r.clientOf(rec); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (r *Registry) clientOf(rec Record) (Client, error) {
	body, err := decode[clientBody](rec)
	if err != nil {
		return Client{}, err
	}
	return body.client(rec, r.now()), nil
}

// valid returns the secrets that have not expired at an instant.
func valid(secrets []secretBody, at time.Time) []secretBody {
	return slices.DeleteFunc(slices.Clone(secrets), func(s secretBody) bool { return !s.Expires.After(at) })
}
