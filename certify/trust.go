package certify

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify/tlog"
)

// A TrustSpec is what somebody decided to believe: which issuers, with which
// keys, which logs, and how many of which anchors.
type TrustSpec struct {
	Issuers []DIDDocument
	Logs    []string     // verifier keys of logs, see tlog.VerifierKey
	Anchors AnchorPolicy // zero: none; then no certificate is more than incomplete
}

// An AnchorPolicy says that a checkpoint must be cosigned by at least
// Threshold of the cosigners.
type AnchorPolicy struct {
	Threshold int
	Cosigners []string // verifier keys, see tlog.CosignerKey
}

// A Trust is a checked [TrustSpec]. Its file form is JSON:
//
//	{"version": 1,
//	 "issuers": [{"document": {…DID document…},
//	              "periods": [{"key": "did:web:…#key-1", "from": "2026-01-01T00:00:00Z", "until": "2028-01-01T00:00:00Z"}]}],
//	 "logs": ["credits.example.edu/certlog+1a2b3c4d+AT…"],
//	 "anchors": {"threshold": 2, "cosigners": ["org1.example+5e6f7a8b+BA…", …]}}
//
// "periods", "from" and "until" may be left out. Whoever can change this file
// can make a verifier believe anything: compare [Trust.Fingerprint] with what
// the bank, or better somebody else, has published.
type Trust struct {
	spec      TrustSpec
	issuers   map[string]DIDDocument
	logs      map[string]note.Verifier
	cosigners []note.Verifier
}

// NewTrust checks a spec. Each name and each key may stand in it once: a
// cosignature does not bind the name, so a key under two names would count
// twice.
func NewTrust(s TrustSpec) (*Trust, error) {
	s = s.clone() // what was checked must not change afterwards
	t := &Trust{spec: s, issuers: map[string]DIDDocument{}, logs: map[string]note.Verifier{}}
	for _, d := range s.Issuers {
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("trust: %w", err)
		}
		if _, ok := t.issuers[d.ID]; ok {
			return nil, fmt.Errorf("trust: %w: issuer %s twice", ErrMalformed, d.ID)
		}
		t.issuers[d.ID] = d
	}
	keys := map[string]bool{}
	for _, vkey := range s.Logs {
		v, err := note.NewVerifier(vkey)
		if err != nil || t.logs[v.Name()] != nil || keys[rawKey(vkey)] {
			return nil, fmt.Errorf("trust: %w: log key %.200q: %v", ErrMalformed, vkey, err)
		}
		t.logs[v.Name()], keys[rawKey(vkey)] = v, true
	}
	names := map[string]bool{}
	for _, vkey := range s.Anchors.Cosigners {
		v, err := tlog.NewCosignatureVerifier(vkey)
		if err != nil || names[v.Name()] || keys[rawKey(vkey)] {
			return nil, fmt.Errorf("trust: %w: cosigner key %.200q: %v", ErrMalformed, vkey, err)
		}
		names[v.Name()], keys[rawKey(vkey)] = true, true
		t.cosigners = append(t.cosigners, v)
	}
	if n := s.Anchors.Threshold; n < 0 || n > len(t.cosigners) || n == 0 && len(t.cosigners) > 0 {
		return nil, fmt.Errorf("trust: %w: threshold %d of %d cosigners", ErrMalformed, n, len(t.cosigners))
	}
	return t, nil
}

func (s TrustSpec) clone() TrustSpec {
	c := TrustSpec{Logs: slices.Clone(s.Logs), Anchors: AnchorPolicy{s.Anchors.Threshold, slices.Clone(s.Anchors.Cosigners)}}
	for _, d := range s.Issuers {
		d.Keys = slices.Clone(d.Keys)
		for i := range d.Keys {
			d.Keys[i].Public = slices.Clone(d.Keys[i].Public)
		}
		d.Tokens = slices.Clone(d.Tokens)
		c.Issuers = append(c.Issuers, d)
	}
	return c
}

// rawKey returns the 32 bytes of a verifier key, without its type.
func rawKey(vkey string) string {
	parts := strings.SplitN(vkey, "+", 3)
	data, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(data) < 2 {
		return vkey
	}
	return string(data[1:])
}

// Fingerprint returns SHA-256 over the keys, names and periods of the trust,
// in a fixed order, as eight groups people can read to each other. It does not
// depend on how the file is laid out.
func (t *Trust) Fingerprint() string {
	var lines []string
	for _, d := range t.spec.Issuers {
		for _, k := range d.Keys {
			lines = append(lines, strings.Join([]string{"issuer", k.ID, multikey(k.Public), optional(k.From), optional(k.Until)}, " "))
		}
		for _, k := range d.Tokens {
			// A checked key has one, see NewTrust.
			print, _ := k.Thumbprint()
			lines = append(lines, strings.Join([]string{"token", k.ID, hex.EncodeToString(print[:]), optional(k.From), optional(k.Until)}, " "))
		}
	}
	for _, v := range t.spec.Logs {
		lines = append(lines, "log "+v)
	}
	for _, v := range t.spec.Anchors.Cosigners {
		lines = append(lines, "cosigner "+v)
	}
	sort.Strings(lines)
	lines = append(lines, fmt.Sprintf("threshold %d", t.spec.Anchors.Threshold), "")
	sum := sha256.Sum256([]byte("creditbank/trust/v1\n" + strings.Join(lines, "\n")))
	h := hex.EncodeToString(sum[:16])
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = h[4*i : 4*i+4]
	}
	return strings.Join(groups, "-")
}

type trustFile struct {
	Version int           `json:"version"`
	Issuers []trustIssuer `json:"issuers"`
	Logs    []string      `json:"logs"`
	Anchors trustAnchors  `json:"anchors"`
}

type trustIssuer struct {
	Document json.RawMessage `json:"document"`
	Periods  []trustPeriod   `json:"periods,omitempty"`
}

type trustPeriod struct {
	Key   string    `json:"key"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

type trustAnchors struct {
	Threshold int      `json:"threshold"`
	Cosigners []string `json:"cosigners"`
}

// JSON returns the file form.
func (t *Trust) JSON() ([]byte, error) {
	// Empty lists are written as such: null is refused on reading.
	f := trustFile{Version: 1, Issuers: []trustIssuer{}, Logs: orEmpty(t.spec.Logs), Anchors: trustAnchors(t.spec.Anchors)}
	f.Anchors.Cosigners = orEmpty(f.Anchors.Cosigners)
	for _, d := range t.spec.Issuers {
		doc, err := d.JSON()
		if err != nil {
			return nil, err
		}
		i := trustIssuer{Document: doc}
		for _, k := range d.Keys {
			if !k.From.IsZero() || !k.Until.IsZero() {
				i.Periods = append(i.Periods, trustPeriod{k.ID, k.From.UTC(), k.Until.UTC()})
			}
		}
		for _, k := range d.Tokens {
			if !k.From.IsZero() || !k.Until.IsZero() {
				i.Periods = append(i.Periods, trustPeriod{k.ID, k.From.UTC(), k.Until.UTC()})
			}
		}
		f.Issuers = append(f.Issuers, i)
	}
	return encode(f)
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// ParseTrust reads the file form. Members it does not know are refused: a
// restriction that is not understood must not be ignored.
func ParseTrust(data []byte) (*Trust, error) {
	if _, err := parseObject(data); err != nil { // duplicates, size, depth
		return nil, fmt.Errorf("trust: %w", err)
	}
	var f trustFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil || f.Version != 1 {
		return nil, fmt.Errorf("trust: %w: version %d: %v", ErrMalformed, f.Version, err)
	}
	s := TrustSpec{Logs: f.Logs, Anchors: AnchorPolicy(f.Anchors)}
	for _, i := range f.Issuers {
		d, err := i.document()
		if err != nil {
			return nil, fmt.Errorf("trust: %w", err)
		}
		s.Issuers = append(s.Issuers, d)
	}
	return NewTrust(s)
}

// document reads the DID document and puts the periods to its keys.
func (i trustIssuer) document() (DIDDocument, error) {
	d, err := ParseDIDDocument(i.Document)
	if err != nil {
		return DIDDocument{}, err
	}
	for _, p := range i.Periods {
		found := false
		for n := range d.Keys {
			if d.Keys[n].ID == p.Key {
				d.Keys[n].From, d.Keys[n].Until, found = p.From, p.Until, true
			}
		}
		for n := range d.Tokens {
			if d.Tokens[n].ID == p.Key {
				d.Tokens[n].From, d.Tokens[n].Until, found = p.From, p.Until, true
			}
		}
		if !found {
			return DIDDocument{}, fmt.Errorf("%w: period of %.200q, which is no key of %s", ErrMalformed, p.Key, d.ID)
		}
	}
	return d, nil
}
