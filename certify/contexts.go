package certify

import (
	"bytes"
	"embed"
	"fmt"
	"sync"

	"github.com/piprate/json-gold/ld"
)

// Contexts a credential may name. The first two are those of ours; more in
// contextFiles.
const (
	ctxCredentials = "https://www.w3.org/ns/credentials/v2"
	ctxOpenBadges  = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	ctxExtensions  = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
	ctxDID         = "https://www.w3.org/ns/did/v1"
	ctxMultikey    = "https://w3id.org/security/multikey/v1"
	ctxJWK         = "https://w3id.org/security/jwk/v1" // named in DID documents, read by nobody here
)

//go:embed contexts/*.json
var contextFS embed.FS

// contextFile returns the embedded file of a context, or "" if the context is
// not allowed. Where they are from: contexts/README.md.
func contextFile(address string) string {
	switch address {
	case ctxCredentials:
		return "credentials-v2.json"
	case "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json":
		return "ob-3.0.1.json"
	case "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json":
		return "ob-3.0.2.json"
	case ctxOpenBadges:
		return "ob-3.0.3.json"
	case "https://purl.imsglobal.org/spec/ob/v3p0/context.json":
		return "ob-alias.json"
	case ctxExtensions:
		return "ob-extensions.json"
	case "https://w3id.org/security/data-integrity/v2":
		return "data-integrity-v2.json"
	case ctxMultikey:
		return "multikey-v1.json"
	case ctxDID:
		return "did-v1.json"
	case "https://www.w3.org/ns/credentials/status/v1":
		return "bitstring-status-v1.json"
	}
	return ""
}

// A contextLoader gives json-gold the embedded contexts and nothing else. It
// keeps parsed files, since a credential names three of them.
type contextLoader struct{ parsed sync.Map } // address → *ld.RemoteDocument

// LoadDocument implements ld.DocumentLoader.
func (l *contextLoader) LoadDocument(address string) (*ld.RemoteDocument, error) {
	if doc, ok := l.parsed.Load(address); ok {
		return doc.(*ld.RemoteDocument), nil
	}
	name := contextFile(address)
	if name == "" {
		return nil, fmt.Errorf("%w: context %.200q", ErrUnknown, address)
	}
	data, err := contextFS.ReadFile("contexts/" + name)
	if err != nil {
		return nil, fmt.Errorf("embedded context %s: %w", name, err)
	}
	parsed, err := ld.DocumentFromReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("embedded context %s: %w", name, err)
	}
	doc := &ld.RemoteDocument{DocumentURL: address, Document: parsed}
	l.parsed.Store(address, doc)
	return doc, nil
}

// processing returns the JSON-LD options of this package. The loader lives as
// long as the program; it is a cache of constants.
var processing = sync.OnceValue(func() *ld.JsonLdOptions {
	o := ld.NewJsonLdOptions("")
	o.ProcessingMode = ld.JsonLd_1_1
	o.Algorithm = ld.AlgorithmURDNA2015 // RDFC-1.0 with SHA-256
	o.Format = "application/n-quads"
	o.SafeMode = true
	o.DocumentLoader = &contextLoader{}
	return o
})
