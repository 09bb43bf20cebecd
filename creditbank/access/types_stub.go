package access

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"creditbank/creditbank"
)

var errUnwritten = errors.New("not written yet")

type Client struct {
	ID          string
	Title       creditbank.Text
	Institution creditbank.InstitutionID
	Grants      []Grant
	Disabled    bool
	Secrets     []Secret
	Keys        []PublicKey
	Version     int
}
type Secret struct {
	ID             string
	Added, Expires time.Time
}
type PublicKey struct {
	KID string
	JWK json.RawMessage
}
type NewClient struct {
	ID          string
	Title       creditbank.Text
	Institution creditbank.InstitutionID
	Grants      []Grant
}
type AccountID string
type Account struct {
	ID          AccountID
	Number      creditbank.AccountNumber
	Learner     creditbank.LearnerID
	Institution creditbank.InstitutionID
	Grants      []Grant
	Active      bool
	Disabled    bool
	Version     int
}
type NewAccount struct {
	Learner     creditbank.LearnerID
	Name        string
	Institution creditbank.InstitutionID
	Grants      []Grant
}
type Session struct {
	Account                AccountID
	Started, Seen, Expires time.Time
}
type RevokedToken struct {
	JTI         string
	By          creditbank.Caller
	At, Expires time.Time
}
type Entry struct {
	Seq         int64
	Kind        Kind
	ID          string
	Version     int
	What        string
	At          time.Time
	By          creditbank.Caller
	Institution creditbank.InstitutionID
	Grants      []Grant
	Disabled    bool
}

func (r *Registry) OpenClient(ctx context.Context, by By, n NewClient) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) AddSecret(ctx context.Context, by By, id string, expires time.Time) (secret string, err error) {
	return "", errUnwritten
}
func (r *Registry) RemoveSecret(ctx context.Context, by By, id, secret string) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) AddKey(ctx context.Context, by By, id string, key PublicKey) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) RemoveKey(ctx context.Context, by By, id, kid string) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) DisableClient(ctx context.Context, by By, id string) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) EnableClient(ctx context.Context, by By, id string) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) SetClientGrants(ctx context.Context, by By, id string, grants []Grant) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) Client(ctx context.Context, id string) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) Clients(ctx context.Context, after string, limit int) ([]Client, error) {
	return nil, errUnwritten
}
func (r *Registry) CheckSecret(ctx context.Context, id, secret string) (Client, error) {
	return Client{}, errUnwritten
}
func (r *Registry) OpenAccount(ctx context.Context, by By, n NewAccount) (a Account, code string, err error) {
	return Account{}, "", errUnwritten
}
func (r *Registry) Activate(ctx context.Context, number creditbank.AccountNumber, name, code, password string) (Account, error) {
	return Account{}, errUnwritten
}
func (r *Registry) NewCode(ctx context.Context, by By, id AccountID) (code string, err error) {
	return "", errUnwritten
}
func (r *Registry) Login(ctx context.Context, number creditbank.AccountNumber, password string) (Account, error) {
	return Account{}, errUnwritten
}
func (r *Registry) ChangePassword(ctx context.Context, id AccountID, old, fresh string) error {
	return errUnwritten
}
func (r *Registry) Disable(ctx context.Context, by By, id AccountID) (Account, error) {
	return Account{}, errUnwritten
}
func (r *Registry) Enable(ctx context.Context, by By, id AccountID) (Account, error) {
	return Account{}, errUnwritten
}
func (r *Registry) SetGrants(ctx context.Context, by By, id AccountID, grants []Grant) (Account, error) {
	return Account{}, errUnwritten
}
func (r *Registry) Account(ctx context.Context, id AccountID) (Account, error) {
	return Account{}, errUnwritten
}
func (r *Registry) AccountByNumber(ctx context.Context, number creditbank.AccountNumber) (Account, error) {
	return Account{}, errUnwritten
}
func (r *Registry) Accounts(ctx context.Context, after AccountID, limit int) ([]Account, error) {
	return nil, errUnwritten
}
func (r *Registry) Name(ctx context.Context, a Account) (string, error) { return "", errUnwritten }
func (r *Registry) LinkIdentity(ctx context.Context, id AccountID, issuer, subject string) error {
	return errUnwritten
}
func (r *Registry) ByIdentity(ctx context.Context, issuer, subject string) (Account, error) {
	return Account{}, errUnwritten
}
func (r *Registry) NewSession(ctx context.Context, a Account) (token string, s Session, err error) {
	return "", Session{}, errUnwritten
}
func (r *Registry) Session(ctx context.Context, token string) (Session, Principal, error) {
	return Session{}, Principal{}, errUnwritten
}
func (r *Registry) EndSession(ctx context.Context, token string) error { return errUnwritten }
func (r *Registry) RevokeToken(ctx context.Context, by creditbank.Caller, jti string, expires time.Time) error {
	return errUnwritten
}
func (r *Registry) Revoked(ctx context.Context, since time.Time) ([]RevokedToken, error) {
	return nil, errUnwritten
}
func (r *Registry) Bootstrap(ctx context.Context, by creditbank.Caller, name string) (a Account, code string, err error) {
	return Account{}, "", errUnwritten
}
func (r *Registry) Principal(ctx context.Context, id string) (Principal, error) {
	return Principal{}, errUnwritten
}
func (r *Registry) Audit(ctx context.Context, after int64, limit int) ([]Entry, error) {
	return nil, errUnwritten
}
func (r *Registry) Purge(ctx context.Context) (int64, error) { return 0, errUnwritten }
