package certify

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ownQuads returns the canonical N-Quads (RDFC-1.0) of a credential of our own
// shape, or false for any other: then canonicalize asks the library, which is
// slow and knows everything.
//
// In that shape a part without an id hangs on one that has, and has none below
// it. So the hash of its own statements (RDFC-1.0, 4.6) tells parts apart; two
// that share it say the same, and which of them is named first changes nothing.
func ownQuads(doc map[string]any) (string, bool) {
	if !slices.Equal(asList(doc["@context"]), []any{ctxCredentials, ctxOpenBadges, ctxExtensions}) {
		return "", false
	}
	if id, _ := doc["id"].(string); id == "" {
		return "", false
	}
	var w quadWriter
	if _, ok := w.node(doc, ownShape()); !ok {
		return "", false
	}
	return w.canonical()
}

// A quadWriter collects the statements of a document. Those with a part that has
// no id have selfMark where its name comes.
type quadWriter struct {
	named  []string   // without such a part
	blanks [][]string // by part
}

// selfMark stands for a part without an id in its own statements, as RDFC-1.0
// hashes them.
const selfMark = "_:a"

// node writes an object. It returns how others refer to it: an IRI in brackets,
// or "" for the last of the blanks.
func (w *quadWriter) node(obj map[string]any, s *shape) (ref string, ok bool) {
	id, named := obj["id"]
	out, subject := &w.named, selfMark
	if named {
		iri, ok := id.(string)
		if !ok || !plainIRI(iri) {
			return "", false
		}
		ref = "<" + iri + ">"
		subject = ref
	} else {
		w.blanks = append(w.blanks, nil)
		out = &w.blanks[len(w.blanks)-1]
	}
	if !named && len(obj) == 0 {
		return "", false
	}
	for name, member := range obj {
		if name == "id" || name == "@context" && s == ownShape() {
			continue
		}
		if name == "type" {
			for _, t := range asList(member) {
				kind, _ := t.(string)
				iri, known := s.types[kind]
				if !known {
					return "", false
				}
				*out = append(*out, subject+" <"+nsRDFType+"> <"+iri+"> .\n")
			}
			continue
		}
		t, known := s.terms[name]
		if !known || t.kind == termNode && !named {
			return "", false
		}
		for _, v := range asList(member) {
			if !w.statement(out, subject, t, v) {
				return "", false
			}
		}
	}
	return ref, true
}

// statement writes one value of a member.
func (w *quadWriter) statement(out *[]string, subject string, t term, v any) bool {
	start := subject + " <" + t.predicate + "> "
	if t.kind == termNode {
		obj, ok := v.(map[string]any)
		if !ok {
			return false
		}
		ref, ok := w.node(obj, t.node)
		if !ok {
			return false
		}
		if ref == "" {
			last := &w.blanks[len(w.blanks)-1]
			*last = append(*last, start+selfMark+" .\n")
			return true
		}
		*out = append(*out, start+ref+" .\n")
		return true
	}
	object, ok := t.object(v)
	*out = append(*out, start+object+" .\n")
	return ok
}

// object writes a value that is no object.
func (t term) object(v any) (string, bool) {
	var text string
	switch t.kind {
	case termIRI:
		s, ok := v.(string)
		return "<" + s + ">", ok && plainIRI(s)
	case termTruth:
		b, ok := v.(bool)
		if !ok {
			return "", false
		}
		text = strconv.FormatBool(b)
	case termNumber:
		n, ok := v.(json.Number)
		if !ok {
			return "", false
		}
		if text, ok = lexical(n.String()); !ok {
			return "", false
		}
	default:
		s, ok := v.(string)
		if !ok || strings.Contains(s, "\t") { // implementations differ on tabs
			return "", false
		}
		text = escaper.Replace(s)
	}
	if t.datatype == "" {
		return `"` + text + `"`, true
	}
	return `"` + text + `"^^<` + t.datatype + ">", true
}

// escaper writes a string as canonical N-Quads want it. Other control characters
// are in no document (checkText).
var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)

// lexical returns the form of a JSON number in RDF (JSON-LD 1.1 API, 8.6): an
// integer as it is, any other as XML Schema's canonical double.
func lexical(number string) (string, bool) {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return "", false
	}
	if whole, fraction, _ := strings.Cut(number, "."); strings.Trim(fraction, "0") == "" {
		return whole, true
	}
	// Fifteen decimals, as that section has it: the last may be the float's own.
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', 15, 64), "E")
	if mantissa = strings.TrimRight(mantissa, "0"); strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	e, err := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(e), err == nil
}

// plainIRI reports whether an IRI stands for itself: no context makes another of
// it, and it survives the conversion to RDF.
func plainIRI(s string) bool {
	scheme, _, _ := strings.Cut(s, ":")
	switch scheme {
	case "did", "urn", "https", "http":
		return len(s) <= maxIRI && validIRI(s)
	}
	return false
}

// canonical names the parts that have no id, in the order of the hashes of their
// statements, and sorts everything.
func (w *quadWriter) canonical() (string, bool) {
	type blank struct {
		hash  [sha256.Size]byte
		lines []string
	}
	blanks := make([]blank, len(w.blanks))
	for i, lines := range w.blanks {
		slices.Sort(lines)
		lines = slices.Compact(lines)
		blanks[i] = blank{sha256.Sum256([]byte(strings.Join(lines, ""))), lines}
	}
	compare := func(a, b blank) int { return slices.Compare(a.hash[:], b.hash[:]) }
	slices.SortStableFunc(blanks, compare)
	// Those whose hash is theirs alone are named first (RDFC-1.0, 4.4.3).
	alone, alike := blanks[:0:0], blanks[:0:0]
	for i, b := range blanks {
		if i > 0 && compare(blanks[i-1], b) == 0 || i+1 < len(blanks) && compare(b, blanks[i+1]) == 0 {
			alike = append(alike, b)
		} else {
			alone = append(alone, b)
		}
	}
	if len(alike) > maxAlike {
		return "", false // the library refuses what is too much
	}
	quads := w.named
	for i, b := range slices.Concat(alone, alike) {
		name := "_:c14n" + strconv.Itoa(i)
		for _, line := range b.lines {
			if rest, self := strings.CutPrefix(line, selfMark+" "); self {
				quads = append(quads, name+" "+rest)
			} else {
				quads = append(quads, strings.TrimSuffix(line, selfMark+" .\n")+name+" .\n")
			}
		}
	}
	slices.Sort(quads)
	return strings.Join(slices.Compact(quads), ""), true
}

// sortsAlike reports whether statements that are in the order of their code
// points, as RDFC-1.0 wants it, are in the order of their UTF-16 code units too.
// jsonld.js sorts by those: characters beyond U+FFFF come before U+E000 there,
// and a signature over the one order is none over the other. Two values of one
// member of one thing are needed to see the difference, so it is rare; what we
// sign must not have it.
func sortsAlike(quads string) bool {
	last := ""
	for line := range strings.Lines(quads) {
		a, b := last, line
		for a != "" && b != "" {
			x, n := utf8.DecodeRuneInString(a)
			y, m := utf8.DecodeRuneInString(b)
			if x != y {
				if x >= 0xE000 && x <= 0xFFFF && y > 0xFFFF {
					return false
				}
				break
			}
			a, b = a[n:], b[m:]
		}
		last = line
	}
	return true
}
