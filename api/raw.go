package api

import "net/http"

// A trustFile is answered byte for byte: its fingerprint is of the bytes.
type trustFile struct {
	file        []byte
	fingerprint string
}

// VisitGetTrustResponse implements [contract.GetTrustResponseObject].
func (t trustFile) VisitGetTrustResponse(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Creditbank-Fingerprint", t.fingerprint)
	_, err := w.Write(t.file)
	return err
}

// A didDocument is answered as it is signed for.
type didDocument struct{ data []byte }

// VisitGetIssuerDIDResponse implements [contract.GetIssuerDIDResponseObject].
func (d didDocument) VisitGetIssuerDIDResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/did+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(d.data)
	return err
}
