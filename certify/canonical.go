package certify

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/piprate/json-gold/ld"
)

// CanonicalHash returns SHA-256 of the canonical N-Quads (RDFC-1.0) of an
// unsigned credential: the digest of its log record. A credential that has a
// proof is refused.
func CanonicalHash(unsigned []byte) ([sha256.Size]byte, error) {
	doc, err := parseObject(unsigned)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	if _, signed := doc["proof"]; signed {
		return [sha256.Size]byte{}, fmt.Errorf("%w: credential has a proof already", ErrMalformed)
	}
	quads, err := canonicalize(doc)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256([]byte(quads)), nil
}

// canonicalize returns the canonical N-Quads of a document, or an error if any
// part of it would not be in them. json-gold drops in silence what it cannot
// place, and what is dropped is not signed; so every way to be dropped that we
// know is closed here, before and after expansion.
func canonicalize(doc map[string]any) (quads string, err error) {
	defer func() { // a library on hostile input: its panics are our errors
		if r := recover(); r != nil {
			quads, err = "", fmt.Errorf("%w: JSON-LD processing: %v", ErrMalformed, r)
		}
	}()
	if err := checkTerms(doc); err != nil {
		return "", err
	}
	if quads, ok := ownQuads(doc); ok {
		return quads, nil
	}
	return libraryQuads(doc)
}

// libraryQuads is canonicalize for documents of any shape.
func libraryQuads(doc map[string]any) (string, error) {
	context, err := activeContext(doc["@context"])
	if err != nil {
		return "", err
	}
	api := ld.NewJsonLdApi()
	body := make(map[string]any, len(doc))
	for k, v := range doc {
		if k != "@context" {
			body[k] = v
		}
	}
	// Expand first and by hand: Normalize forgets SafeMode (CREDENTIALS.md, 2.4).
	expanded, err := api.Expand(context, "", body, processing(), false, nil)
	if err != nil {
		return "", fmt.Errorf("%w term or context: %v", ErrUnknown, err)
	}
	iris := map[string]bool{}
	if err := checkExpanded(expanded, iris); err != nil {
		return "", err
	}
	dataset, err := api.ToRDF([]any{expanded}, processing())
	if err != nil {
		return "", fmt.Errorf("%w: JSON-LD to RDF: %v", ErrMalformed, err)
	}
	if err := checkKept(dataset, iris); err != nil {
		return "", err
	}
	if err := checkBlankNodes(dataset); err != nil {
		return "", err
	}
	out, err := api.Normalize(dataset, processing())
	if err != nil {
		return "", fmt.Errorf("%w: canonical N-Quads: %v", ErrMalformed, err)
	}
	return out.(string), nil
}

// ownContext is the parsed form of the contexts of our own certificates; to
// parse them anew takes as long as everything else together.
var ownContext = sync.OnceValues(func() (*ld.Context, error) {
	return ld.NewContext(nil, processing()).Parse([]any{ctxCredentials, ctxOpenBadges, ctxExtensions})
})

func activeContext(named any) (*ld.Context, error) {
	if slices.Equal(asList(named), []any{ctxCredentials, ctxOpenBadges, ctxExtensions}) {
		return ownContext()
	}
	c, err := ld.NewContext(nil, processing()).Parse(named)
	if err != nil {
		return nil, fmt.Errorf("%w context: %v", ErrUnknown, err)
	}
	return c, nil
}

// checkTerms refuses what would let two readers disagree about a document that
// has one signature: contexts that are not on the list or are written out in
// place, and names that are IRIs or keywords (the IRI of a term has the same
// canonical form as the term, but who looks for "validUntil" does not find it).
func checkTerms(v any) error {
	switch t := v.(type) {
	case []any:
		for _, item := range t {
			if err := checkTerms(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, member := range t {
			if name == "@context" {
				for _, c := range asList(member) {
					if s, ok := c.(string); !ok || contextFile(s) == "" {
						return fmt.Errorf("%w context %.200v", ErrUnknown, c)
					}
				}
				continue
			}
			if name == "" || strings.ContainsAny(name, ":") || name[0] == '@' && name != "@value" && name != "@language" {
				return fmt.Errorf("%w term %.80q", ErrUnknown, name)
			}
			if err := checkTerms(member); err != nil {
				return err
			}
		}
	case string:
		if strings.HasPrefix(t, "_:") { // blank nodes only as JSON nests them
			return fmt.Errorf("%w: blank node %.80q named", ErrMalformed, t)
		}
	}
	return nil
}

var languageTag = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)

// maxIRI bounds an IRI: json-gold drops longer ones.
const maxIRI = 2000

// checkExpanded walks the expanded document: each term, @id, @type and language
// must be one that the conversion to RDF keeps. It collects the values of @id
// and @type for checkKept.
func checkExpanded(v any, iris map[string]bool) error {
	switch t := v.(type) {
	case []any:
		for _, item := range t {
			if err := checkExpanded(item, iris); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, member := range t {
			if err := checkMember(name, member, iris); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkMember(name string, member any, iris map[string]bool) error {
	switch name {
	case "@id", "@type":
		for _, iri := range asList(member) {
			s, ok := iri.(string)
			if !ok || len(s) > maxIRI || !absoluteIRI(s) {
				return fmt.Errorf("%w %s %.200v: not an absolute IRI", ErrUnknown, name[1:], iri)
			}
			iris[s] = true
		}
		return nil
	case "@language":
		if s, ok := member.(string); !ok || !languageTag.MatchString(s) {
			return fmt.Errorf("%w language %.80v", ErrUnknown, member)
		}
		return nil
	case "@value":
		return nil
	case "@list", "@graph":
		return checkExpanded(member, iris)
	}
	if len(name) > maxIRI || !absoluteIRI(name) {
		return fmt.Errorf("%w term %.200q", ErrUnknown, name)
	}
	return checkExpanded(member, iris)
}

// checkKept refuses a document of which an @id or @type did not make it into
// the statements: json-gold drops those whose http IRI does not match its own
// idea of a URL, and says nothing.
func checkKept(d *ld.RDFDataset, iris map[string]bool) error {
	for _, quads := range d.Graphs {
		for _, q := range quads {
			for _, n := range []ld.Node{q.Subject, q.Predicate, q.Object, q.Graph} {
				switch n := n.(type) {
				case ld.IRI:
					delete(iris, n.Value)
				case *ld.IRI:
					delete(iris, n.Value)
				case ld.Literal:
					delete(iris, n.Datatype)
				case *ld.Literal:
					delete(iris, n.Datatype)
				}
			}
		}
	}
	for iri := range iris {
		return fmt.Errorf("%w IRI %.200q: it would not be signed", ErrUnknown, iri)
	}
	return nil
}

// Bounds on blank nodes that look alike. RDFC-1.0 tries all orders of those,
// which a hostile document can make take for ever (RDF-canon, section 7.1,
// "dataset poisoning"). What people write has few: results and lines differ.
const (
	maxAlike      = 5
	maxAlikeTotal = 20
)

// checkBlankNodes counts blank nodes whose statements are the same but for
// the names of blank nodes: RDFC-1.0's first degree hash, compared as text.
func checkBlankNodes(d *ld.RDFDataset) error {
	statements := map[string][]string{}
	for _, quads := range d.Graphs {
		for _, q := range quads {
			for _, n := range []ld.Node{q.Subject, q.Object, q.Graph} {
				if n != nil && ld.IsBlankNode(n) {
					statements[n.GetValue()] = append(statements[n.GetValue()], masked(q, n.GetValue()))
				}
			}
		}
	}
	alike := map[string]int{}
	for _, lines := range statements {
		sort.Strings(lines)
		alike[strings.Join(lines, "\n")]++
	}
	total := 0
	for _, n := range alike {
		if n > 1 {
			total += n
		}
		if n > maxAlike || total > maxAlikeTotal {
			return fmt.Errorf("%w: too many parts that are alike and have no id", ErrMalformed)
		}
	}
	return nil
}

// masked writes a statement as one blank node sees it.
func masked(q *ld.Quad, self string) string {
	var b strings.Builder
	for _, n := range []ld.Node{q.Subject, q.Predicate, q.Object, q.Graph} {
		switch {
		case n == nil:
		case !ld.IsBlankNode(n):
			fmt.Fprintf(&b, "%#v", n)
		case n.GetValue() == self:
			b.WriteString("_:a")
		default:
			b.WriteString("_:z")
		}
		b.WriteByte(' ')
	}
	return b.String()
}
