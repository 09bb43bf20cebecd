package certify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/mr-tron/base58"
)

// cryptosuite is the one suite of this package: https://www.w3.org/TR/vc-di-eddsa/#eddsa-rdfc-2022.
const cryptosuite = string(EdDSA)

// A proof is a Data Integrity proof as it stands in a credential.
type proof struct {
	Type               string `json:"type"`
	Cryptosuite        string `json:"cryptosuite"`
	Created            string `json:"created,omitempty"`
	VerificationMethod string `json:"verificationMethod"`
	ProofPurpose       string `json:"proofPurpose"`
	ProofValue         string `json:"proofValue"`
}

var suiteName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// created is xsd:dateTime as it may stand in a proof.
var created = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$`)

// config returns the canonical N-Quads of the proof without its value. The
// shape never varies, so they are written here; a test holds them against the
// library's. That is a third of the time of a signature.
func (p proof) config() (string, error) {
	if !suiteName.MatchString(p.Cryptosuite) || !validIRI(p.VerificationMethod) || p.Created != "" && !created.MatchString(p.Created) {
		return "", fmt.Errorf("%w: proof by %.200q of %.40q", ErrMalformed, p.VerificationMethod, p.Created)
	}
	const sec, self = "https://w3id.org/security#", "_:c14n0 <"
	var b strings.Builder
	if p.Created != "" {
		b.WriteString(self + "http://purl.org/dc/terms/created> \"" + p.Created + "\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n")
	}
	b.WriteString(self + "http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <" + sec + "DataIntegrityProof> .\n")
	b.WriteString(self + sec + "cryptosuite> \"" + p.Cryptosuite + "\"^^<" + sec + "cryptosuiteString> .\n")
	b.WriteString(self + sec + "proofPurpose> <" + sec + "assertionMethod> .\n")
	b.WriteString(self + sec + "verificationMethod> <" + p.VerificationMethod + "> .\n")
	return b.String(), nil
}

// message returns what is signed: SHA-256 of the proof's configuration, then
// SHA-256 of the document (vc-di-eddsa, section 3.2.4).
func (p proof) message(document [sha256.Size]byte) ([]byte, error) {
	config, err := p.config()
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(config))
	return append(hash[:], document[:]...), nil
}

// verify checks the proof's value.
func (p proof) verify(key ed25519.PublicKey, document [sha256.Size]byte) error {
	msg, err := p.message(document)
	if err != nil {
		return err
	}
	sig, err := base58.Decode(strings.TrimPrefix(p.ProofValue, "z"))
	if err != nil || !strings.HasPrefix(p.ProofValue, "z") || len(sig) != ed25519.SignatureSize {
		return fmt.Errorf("%w: proof value", ErrSignature)
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, msg, sig) { // Verify panics on other lengths
		return fmt.Errorf("%w: by %s", ErrSignature, p.VerificationMethod)
	}
	return nil
}

// addProof signs a document and returns it with the proof, and those beside it,
// in an array, as Open Badges demands. The bytes of the document stay as they
// are.
func addProof(unsigned []byte, document [sha256.Size]byte, at time.Time, s Signer, beside ...Signer) ([]byte, error) {
	if s.Suite() != EdDSA {
		return nil, fmt.Errorf("sign with %s: %w: %s is no suite of certificates", s.KeyID(), ErrUnknown, s.Suite())
	}
	proofs := make([]proof, 0, 1+len(beside))
	for i, s := range append([]Signer{s}, beside...) {
		if i > 0 && (s.Suite() == EdDSA || s.Suite() == RS256 || s.Suite() == ES256) {
			return nil, fmt.Errorf("sign with %s: %w: no proof of %s stands beside the first", s.KeyID(), ErrUnknown, s.Suite())
		}
		p, err := newProof(document, at, s)
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, p)
	}
	text, err := encode(proofs)
	if err != nil {
		return nil, err
	}
	body, ok := bytes.CutSuffix(unsigned, []byte("}"))
	if !ok {
		return nil, fmt.Errorf("%w: unsigned document does not end with a brace", ErrMalformed)
	}
	return concat(body, []byte(`,"proof":`), text, []byte("}")), nil
}

func newProof(document [sha256.Size]byte, at time.Time, s Signer) (proof, error) {
	p := proof{
		Type: "DataIntegrityProof", Cryptosuite: string(s.Suite()), Created: instant(at),
		VerificationMethod: s.KeyID(), ProofPurpose: "assertionMethod",
	}
	msg, err := p.message(document)
	if err != nil {
		return proof{}, err
	}
	sig, err := s.Sign(msg)
	if err != nil {
		return proof{}, fmt.Errorf("sign with %s: %w", s.KeyID(), err)
	}
	if s.Suite() == EdDSA && len(sig) != ed25519.SignatureSize || len(sig) == 0 {
		return proof{}, fmt.Errorf("sign with %s: signature of %d bytes", s.KeyID(), len(sig))
	}
	p.ProofValue = "z" + base58.Encode(sig)
	return p, nil
}

// A Proof is a Data Integrity proof of a suite that [Verify] does not know, taken
// apart for a package that does.
type Proof struct {
	KeyID              string // its verification method
	Message, Signature []byte // Signature is over Message
}

// maxProofValue bounds the signature of any suite, in base58.
const maxProofValue = 8192

// ProofOf returns the one proof of a suite that a credential has. Nothing of it
// was verified. ErrUnknown if there is none, or more than one.
func ProofOf(credential []byte, suite Suite) (Proof, error) {
	doc, err := parseObject(credential)
	if err != nil {
		return Proof{}, err
	}
	p, err := proofOfSuite(doc, string(suite))
	if err != nil {
		return Proof{}, err
	}
	quads, err := canonicalize(withoutProof(doc))
	if err != nil {
		return Proof{}, err
	}
	out := Proof{KeyID: p.VerificationMethod}
	if out.Message, err = p.message(sha256.Sum256([]byte(quads))); err != nil {
		return Proof{}, err
	}
	value, ok := strings.CutPrefix(p.ProofValue, "z")
	if !ok || len(value) > maxProofValue {
		return Proof{}, fmt.Errorf("%w: proof value", ErrMalformed)
	}
	if out.Signature, err = base58.Decode(value); err != nil {
		return Proof{}, fmt.Errorf("%w: proof value: %v", ErrMalformed, err)
	}
	return out, nil
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// withoutProof returns the document as it was before it was signed.
func withoutProof(doc map[string]any) map[string]any {
	unsigned := make(map[string]any, len(doc))
	for name, v := range doc {
		if name != "proof" {
			unsigned[name] = v
		}
	}
	return unsigned
}

// proofOf returns the one proof of our suite that a document has. Proofs of
// other types beside it are left aside, as the data model allows; two of ours,
// or none, are refused.
func proofOf(doc map[string]any) (proof, error) { return proofOfSuite(doc, cryptosuite) }

func proofOfSuite(doc map[string]any, suite string) (p proof, err error) {
	found := 0
	for _, v := range asList(doc["proof"]) {
		obj, ok := v.(map[string]any)
		if !ok {
			return proof{}, fmt.Errorf("%w: proof is not an object", ErrMalformed)
		}
		if obj["type"] == "DataIntegrityProof" && obj["cryptosuite"] == suite {
			found++
			if p, err = parseProof(obj); err != nil {
				return proof{}, err
			}
		}
	}
	if found != 1 {
		return proof{}, fmt.Errorf("%w proof: %d of suite %s, not one", ErrUnknown, found, suite)
	}
	return p, nil
}

// parseProof reads a proof that has the members we write and no others: each
// further one (expires, domain, previousProof) would have a meaning to obey.
func parseProof(obj map[string]any) (proof, error) {
	var p proof
	for name, v := range obj {
		s, ok := v.(string)
		if !ok {
			return proof{}, fmt.Errorf("%w: %q of proof", ErrMalformed, name)
		}
		switch name {
		case "type":
			p.Type = s
		case "cryptosuite":
			p.Cryptosuite = s
		case "created":
			p.Created = s
		case "verificationMethod":
			p.VerificationMethod = s
		case "proofPurpose":
			p.ProofPurpose = s
		case "proofValue":
			p.ProofValue = s
		default:
			return proof{}, fmt.Errorf("%w: %q of proof", ErrUnknown, name)
		}
	}
	if p.ProofPurpose != "assertionMethod" {
		return proof{}, fmt.Errorf("%w: proof purpose %.80q", ErrUnknown, p.ProofPurpose)
	}
	return p, nil
}

// instant writes a time as the formats want it: UTC, whole seconds, Z.
func instant(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
