package creditbank

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kinds of look-up.
const (
	lookupAccount  = "account"
	lookupIDNumber = "id_number"
)

// An Opening asks to open an account (开户) for a person.
type Opening struct {
	Person
	Region RegionCode
}

// An Opened is the answer to an opening.
type Opened struct {
	Learner Learner
	Existed bool // the person had an account already
}

// Open opens accounts, each person's once for life: a person who has one gets
// it back. Errors stand in the order of the openings; where a number is known
// under another name it is LEARNER_NAME_MISMATCH.
func (b *Bank) Open(ctx context.Context, by Caller, openings []Opening) ([]Opened, []error) {
	opened, errs := make([]Opened, len(openings)), make([]error, len(openings))
	if err := by.check(); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return opened, errs
	}
	var fresh []NewLearner
	var index []int
	for i, o := range openings {
		if errs[i] = b.checkOpening(o); errs[i] != nil {
			continue
		}
		l, err := b.newLearner(by, o)
		if err != nil {
			errs[i] = err
			continue
		}
		fresh, index = append(fresh, l), append(index, i)
	}
	taken, err := b.openAll(ctx, fresh)
	for n, i := range index {
		switch {
		case err != nil:
			errs[i] = err
		case taken[n]:
			opened[i] = Opened{Learner: fresh[n].Learner}
		default:
			opened[i], errs[i] = b.openAgain(ctx, by, openings[i])
		}
	}
	return opened, errs
}

// openAgain answers an opening that was left out: because the person has an
// account, or because the account number drawn was taken, which happens once in
// millions; then another is drawn.
func (b *Bank) openAgain(ctx context.Context, by Caller, o Opening) (Opened, error) {
	for range maxTries {
		existing, err := b.existing(ctx, o)
		if !errors.Is(err, ErrNotFound) {
			return existing, err
		}
		fresh, err := b.newLearner(by, o)
		if err != nil {
			return Opened{}, err
		}
		taken, err := b.openAll(ctx, []NewLearner{fresh})
		if err != nil {
			return Opened{}, err
		}
		if taken[0] {
			return Opened{Learner: fresh.Learner}, nil
		}
	}
	return Opened{}, fmt.Errorf("open an account: %w: every number drawn is taken", ErrBusy)
}

func (b *Bank) openAll(ctx context.Context, fresh []NewLearner) ([]bool, error) {
	if len(fresh) == 0 {
		return nil, nil
	}
	feed, err := b.feed()
	if err != nil {
		return nil, err
	}
	taken, err := b.store.Open(ctx, feed, fresh)
	if err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	return taken, nil
}

func (b *Bank) checkOpening(o Opening) error {
	if _, err := ParseIDNumber(string(o.IDNumber)); err != nil {
		return err
	}
	if err := checkName(o.Name); err != nil {
		return err
	}
	if _, ok := b.Catalogue().Regions[o.Region]; !ok {
		return NotFound(CodeUnknownRegion, "region", fmt.Sprintf("地区 %s 不存在", Shown(o.Region)), fmt.Sprintf("region %s does not exist", Shown(o.Region)))
	}
	return nil
}

// checkName refuses what is no name. Names are otherwise taken as they are:
// nobody knows all the characters names are written with.
func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return Invalid(CodeMissing, "name", "姓名不能为空", "the name is empty")
	case len(name) > 200 || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		return Invalid(CodeMalformed, "name", "姓名过长、含控制字符或有乱码", "the name is too long, holds control characters, or was garbled on its way")
	}
	return nil
}

// newLearner draws the ids and seals the person.
func (b *Bank) newLearner(by Caller, o Opening) (NewLearner, error) {
	id, err := newUUID(b.random)
	if err != nil {
		return NewLearner{}, err
	}
	number, err := NewAccountNumber(b.random)
	if err != nil {
		return NewLearner{}, err
	}
	key, err := b.vault.NewKey(LearnerID(id))
	if err != nil {
		return NewLearner{}, fmt.Errorf("make a person's key: %w", err)
	}
	sealed, err := b.vault.Seal(LearnerID(id), key, canonical(o.Person))
	if err != nil {
		return NewLearner{}, fmt.Errorf("seal a person: %w", err)
	}
	feed, err := b.feed()
	if err != nil {
		return NewLearner{}, err
	}
	learner := Learner{LearnerID(id), number, o.Region, key, sealed, feed.At}
	return NewLearner{
		Learner: learner,
		Lookups: []Lookup{b.lookupAccount(number), b.lookupID(o.IDNumber)},
		Act:     Act{Learner: learner.ID, Seq: 1, Kind: ActOpened, At: feed.At, Day: b.Today(), By: by},
	}, nil
}

func (b *Bank) lookupAccount(n AccountNumber) Lookup { return Lookup{lookupAccount, string(n)} }

func (b *Bank) lookupID(n IDNumber) Lookup {
	return Lookup{lookupIDNumber, b.vault.Hash(lookupIDNumber, string(n))}
}

// existing returns the account of a person who has one.
func (b *Bank) existing(ctx context.Context, o Opening) (Opened, error) {
	id, err := b.FindByIDNumber(ctx, o.IDNumber, o.Name)
	if err != nil {
		return Opened{}, err
	}
	l, err := b.store.Learner(ctx, id)
	return Opened{l, true}, err
}

// FindByIDNumber returns the learner with the identity number, whose name must
// be the given one: a number alone, in a file whose columns have slipped,
// would post to a stranger.
func (b *Bank) FindByIDNumber(ctx context.Context, number IDNumber, name string) (LearnerID, error) {
	id, err := b.store.Find(ctx, b.lookupID(number))
	if errors.Is(err, ErrNotFound) {
		return "", NotFound(CodeUnknownLearner, "id_number", "没有此身份证号的学习账户", "no account is held under this identity number")
	}
	if err != nil {
		return "", err
	}
	return id, b.CheckName(ctx, id, name)
}

// FindByAccount returns the learner with the account number. A name that is
// not empty must be the learner's.
func (b *Bank) FindByAccount(ctx context.Context, number AccountNumber, name string) (LearnerID, error) {
	id, err := b.store.Find(ctx, b.lookupAccount(number))
	if errors.Is(err, ErrNotFound) {
		return "", NotFound(CodeUnknownLearner, "account", fmt.Sprintf("账号 %s 不存在", number), fmt.Sprintf("there is no account %s", number))
	}
	if err != nil || name == "" {
		return id, err
	}
	return id, b.CheckName(ctx, id, name)
}

// CheckName reports LEARNER_NAME_MISMATCH unless name is the learner's.
func (b *Bank) CheckName(ctx context.Context, id LearnerID, name string) error {
	p, err := b.Person(ctx, id)
	if err != nil {
		return err
	}
	if !SameName(p.Name, name) {
		// The name is not repeated: errors end up in logs and answers.
		return Conflict(CodeNameMismatch, "learner_name", "姓名与该账户登记的姓名不符，请核对列是否错位",
			"the name is not the one on record for this learner: have the columns slipped?")
	}
	return nil
}

// SameName compares names as written, but for blanks and the several dots that
// stand between the parts of a name (· U+00B7, ・, •).
func SameName(a, b string) bool {
	plain := strings.NewReplacer(" ", "", "\u3000", "", "\u30fb", "\u00b7", "\u2022", "\u00b7", "\u2027", "\u00b7")
	return plain.Replace(a) == plain.Replace(b)
}

// Learner returns a learner.
func (b *Bank) Learner(ctx context.Context, id LearnerID) (Learner, error) {
	return b.store.Learner(ctx, id)
}

// Person returns who a learner is.
func (b *Bank) Person(ctx context.Context, id LearnerID) (Person, error) {
	l, err := b.store.Learner(ctx, id)
	if err != nil {
		return Person{}, err
	}
	plain, err := b.vault.Unseal(id, l.Key, l.Sealed)
	if err != nil {
		return Person{}, fmt.Errorf("learner %s: %v", id, err)
	}
	var p Person
	if err := json.Unmarshal(plain, &p); err != nil {
		return Person{}, fmt.Errorf("learner %s: sealed data: %v", id, err)
	}
	return p, nil
}

// Learners returns up to limit learners above after, in order of id.
func (b *Bank) Learners(ctx context.Context, after LearnerID, limit int) ([]LearnerID, error) {
	return b.store.Learners(ctx, after, limit)
}

// History returns everything on record about a learner's account.
func (b *Bank) History(ctx context.Context, id LearnerID) (History, error) {
	return b.store.History(ctx, id)
}

// Balance returns what a learner holds on a day, past or future.
func (b *Bank) Balance(ctx context.Context, id LearnerID, day Date) (Balance, error) {
	a, err := b.Account(ctx, id)
	if err != nil {
		return Balance{}, err
	}
	return a.Balance(day), nil
}
