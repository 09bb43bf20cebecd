package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"creditbank/api/contract"
	"creditbank/api/token"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

func wireClient(c access.Client) contract.APIClient {
	w := contract.APIClient{
		Id: c.ID, Title: wireText(c.Title), Institution: optional(string(c.Institution)), State: contract.APIClientStateActive,
		Grants: mapped(c.Grants, wireGrant), Secrets: mapped(c.Secrets, wireSecret), Keys: mapped(c.Keys, func(k access.PublicKey) string { return k.KID }),
	}
	if c.Disabled {
		w.State = contract.APIClientStateDisabled
	}
	return w
}

func wireSecret(s access.Secret) contract.SecretOnRecord {
	return contract.SecretOnRecord{Id: s.ID, AddedAt: s.Added, ExpiresAt: s.Expires}
}

// onClient returns what a client belongs to.
func onClient(institution creditbank.InstitutionID) []access.Target {
	targets := []access.Target{access.OnBank()}
	if institution != "" {
		targets = append(targets, access.OnInstitution(institution))
	}
	return targets
}

// ListClients implements [contract.StrictServerInterface].
func (s *Server) ListClients(ctx context.Context, r contract.ListClientsRequestObject) (contract.ListClientsResponseObject, error) {
	c := s.scoped(ctx) // what is listed is within the scope
	parts, err := after(r.Params.Cursor, 1)
	if err != nil {
		return nil, err
	}
	found, next, err := within(parts[0], pageSize(r.Params.Limit), func(from string, n int) ([]access.Client, error) {
		return s.c.Registry.Clients(ctx, from, n)
	}, func(cl access.Client) string { return cl.ID }, func(cl access.Client) (bool, error) {
		for _, t := range onClient(cl.Institution) {
			if c.principal.May(s.c.Bank.Catalogue(), permissions[c.op.id], t) {
				return true, nil
			}
		}
		return false, nil
	})
	return contract.ListClients200JSONResponse{Clients: mapped(found, wireClient), Next: next}, err
}

// OpenClient implements [contract.StrictServerInterface].
func (s *Server) OpenClient(ctx context.Context, r contract.OpenClientRequestObject) (contract.OpenClientResponseObject, error) {
	institution := creditbank.InstitutionID(value(r.Body.Institution))
	if err := s.mayAny(ctx, onClient(institution)...); err != nil {
		return nil, err
	}
	grants, err := readGrants(r.Body.Grants)
	if err != nil {
		return nil, inBody(err)
	}
	c, err := s.c.Registry.OpenClient(ctx, s.asked(ctx, r.Params.IdempotencyKey), access.NewClient{
		ID: r.Body.Id, Title: text(r.Body.Title.Zh, r.Body.Title.En), Institution: institution, Grants: grants,
	})
	if err != nil {
		return nil, inBody(err)
	}
	return contract.OpenClient201JSONResponse(wireClient(c)), nil
}

// machine returns a client, which must lie within the caller's scope.
func (s *Server) machine(ctx context.Context, id string) (access.Client, error) {
	s.scoped(ctx)
	c, err := s.c.Registry.Client(ctx, id)
	if err != nil {
		return c, err
	}
	return c, s.mayAny(ctx, onClient(c.Institution)...)
}

// GetClient implements [contract.StrictServerInterface].
func (s *Server) GetClient(ctx context.Context, r contract.GetClientRequestObject) (contract.GetClientResponseObject, error) {
	c, err := s.machine(ctx, r.Client)
	if err != nil {
		return nil, err
	}
	return contract.GetClient200JSONResponse(wireClient(c)), nil
}

// AddClientSecret implements [contract.StrictServerInterface].
func (s *Server) AddClientSecret(ctx context.Context, r contract.AddClientSecretRequestObject) (contract.AddClientSecretResponseObject, error) {
	c, err := s.machine(ctx, r.Client)
	if err != nil {
		return nil, err
	}
	var expires time.Time // the registry's to set: what is sent again the next day is the same request
	if r.Body.ExpiresOn != nil {
		on, err := parseDay(*r.Body.ExpiresOn, "expires_on")
		if err != nil {
			return nil, inBody(err)
		}
		expires = on.Time(s.location()).AddDate(0, 0, 1)
	}
	secret, err := s.c.Registry.AddSecret(ctx, s.asked(ctx, r.Params.IdempotencyKey), c.ID, expires)
	if err != nil {
		return nil, inBody(err)
	}
	w := contract.AddClientSecret201JSONResponse{Headers: contract.AddClientSecret201ResponseHeaders{CacheControl: "no-store"}}
	w.Body.Client = c.ID
	if secret == "" {
		return w, nil
	}
	w.Body.Secret, w.Body.Id = &secret, optional(access.SecretID(secret))
	if c, err = s.c.Registry.Client(ctx, c.ID); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(c.Secrets, func(one access.Secret) bool { return one.ID == *w.Body.Id }); i >= 0 {
		w.Body.ExpiresAt = &c.Secrets[i].Expires
	}
	return w, nil
}

// RemoveClientSecret implements [contract.StrictServerInterface].
func (s *Server) RemoveClientSecret(ctx context.Context, r contract.RemoveClientSecretRequestObject) (contract.RemoveClientSecretResponseObject, error) {
	c, err := s.takeFrom(ctx, r.Client, func(id string) (access.Client, error) {
		return s.c.Registry.RemoveSecret(ctx, s.asked(ctx, r.Params.IdempotencyKey), id, r.Secret)
	})
	return contract.RemoveClientSecret200JSONResponse(wireClient(c)), err
}

// AddClientKey implements [contract.StrictServerInterface].
func (s *Server) AddClientKey(ctx context.Context, r contract.AddClientKeyRequestObject) (contract.AddClientKeyResponseObject, error) {
	key, err := token.ParseJWK(r.Body.Jwk)
	if err != nil {
		return nil, inBody(creditbank.Invalid(creditbank.CodeMalformed, "jwk", "不是可用的公钥："+err.Error(), "is no public key that can be used: "+err.Error()))
	}
	c, err := s.changeClient(ctx, r.Client, func(id string) (access.Client, error) {
		return s.c.Registry.AddKey(ctx, s.asked(ctx, r.Params.IdempotencyKey), id, access.PublicKey{KID: key.KID, JWK: r.Body.Jwk})
	})
	return contract.AddClientKey201JSONResponse(wireClient(c)), err
}

// RemoveClientKey implements [contract.StrictServerInterface].
func (s *Server) RemoveClientKey(ctx context.Context, r contract.RemoveClientKeyRequestObject) (contract.RemoveClientKeyResponseObject, error) {
	c, err := s.takeFrom(ctx, r.Client, func(id string) (access.Client, error) {
		return s.c.Registry.RemoveKey(ctx, s.asked(ctx, r.Params.IdempotencyKey), id, r.Kid)
	})
	return contract.RemoveClientKey200JSONResponse(wireClient(c)), err
}

// SetClientGrants implements [contract.StrictServerInterface].
func (s *Server) SetClientGrants(ctx context.Context, r contract.SetClientGrantsRequestObject) (contract.SetClientGrantsResponseObject, error) {
	grants, err := readGrants(r.Body.Grants)
	if err != nil {
		return nil, inBody(err)
	}
	c, err := s.changeClient(ctx, r.Client, func(id string) (access.Client, error) {
		return s.c.Registry.SetClientGrants(ctx, s.asked(ctx, r.Params.IdempotencyKey), id, grants)
	})
	return contract.SetClientGrants200JSONResponse(wireClient(c)), err
}

// DisableClient implements [contract.StrictServerInterface].
func (s *Server) DisableClient(ctx context.Context, r contract.DisableClientRequestObject) (contract.DisableClientResponseObject, error) {
	c, err := s.changeClient(ctx, r.Client, func(id string) (access.Client, error) {
		return s.c.Registry.DisableClient(ctx, s.asked(ctx, r.Params.IdempotencyKey), id)
	})
	return contract.DisableClient200JSONResponse(wireClient(c)), err
}

// EnableClient implements [contract.StrictServerInterface].
func (s *Server) EnableClient(ctx context.Context, r contract.EnableClientRequestObject) (contract.EnableClientResponseObject, error) {
	c, err := s.changeClient(ctx, r.Client, func(id string) (access.Client, error) {
		return s.c.Registry.EnableClient(ctx, s.asked(ctx, r.Params.IdempotencyKey), id)
	})
	return contract.EnableClient200JSONResponse(wireClient(c)), err
}

// changeClient changes a client within the caller's scope by what a body says,
// and has every replica look anew at what it may do.
func (s *Server) changeClient(ctx context.Context, id string, change func(string) (access.Client, error)) (access.Client, error) {
	c, err := s.machine(ctx, id)
	if err != nil {
		return c, err
	}
	if c, err = change(c.ID); err != nil {
		return c, inBody(err)
	}
	s.changed(ctx, access.Principal{ID: c.ID, Kind: access.Machine}.Caller().ID)
	return c, nil
}

// takeFrom is [Server.changeClient] by what the address says: what it names and
// is not there is no fault of a body.
func (s *Server) takeFrom(ctx context.Context, id string, take func(string) (access.Client, error)) (access.Client, error) {
	c, err := s.changeClient(ctx, id, take)
	var body bodyError
	if errors.As(err, &body) {
		err = body.error
	}
	return c, err
}

// ListAudit implements [contract.StrictServerInterface]. An auditor of a part of
// the bank sees the changes to what belongs there.
func (s *Server) ListAudit(ctx context.Context, r contract.ListAuditRequestObject) (contract.ListAuditResponseObject, error) {
	c := s.scoped(ctx)
	from, err := afterNumber(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	found, next, err := within(strconv.FormatInt(from, 10), pageSize(r.Params.Limit), func(from string, n int) ([]access.Entry, error) {
		seq, err := strconv.ParseInt(from, 10, 64)
		if err != nil {
			return nil, badCursor()
		}
		return s.c.Registry.Audit(ctx, seq, n)
	}, func(e access.Entry) string { return strconv.FormatInt(e.Seq, 10) }, func(e access.Entry) (bool, error) {
		for _, t := range onClient(e.Institution) {
			if c.principal.May(s.c.Bank.Catalogue(), permissions[c.op.id], t) {
				return true, nil
			}
		}
		return false, nil
	})
	return contract.ListAudit200JSONResponse{Entries: mapped(found, wireEntry), Next: next}, err
}

func wireEntry(e access.Entry) contract.AuditEntry {
	w := contract.AuditEntry{Seq: e.Seq, At: e.At, By: e.By.ID, Kind: string(e.Kind), Id: e.ID, Version: e.Version, What: e.What}
	if len(e.Grants) > 0 {
		grants := mapped(e.Grants, wireGrant)
		w.Grants = &grants
	}
	if e.Disabled {
		w.State = optional("disabled")
	}
	return w
}
