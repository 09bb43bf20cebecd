package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"creditbank/api/contract"
	"creditbank/creditbank/posting"
)

// StreamOutcomes implements [contract.StrictServerInterface]. Rows are read
// while answers are sent. What the contract asks of a posting is checked row by
// row, by the same code that reads files.
func (s *Server) StreamOutcomes(ctx context.Context, r contract.StreamOutcomesRequestObject) (contract.StreamOutcomesResponseObject, error) {
	s.scoped(ctx) // each row is asked about by itself
	return fileAnswers{s, ctx, r.Body}, nil
}

// fileAnswers answers a file, row by row, as the rows are put on record.
type fileAnswers struct {
	s    *Server
	ctx  context.Context // of the request
	file io.Reader
}

// VisitStreamOutcomesResponse implements
// [contract.StreamOutcomesResponseObject].
func (f fileAnswers) VisitStreamOutcomesResponse(w http.ResponseWriter) error {
	rc := http.NewResponseController(w)
	// HTTP/1 closes the body once the answer begins, unless told otherwise.
	if err := rc.EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	// A body that is not at its end when a full duplex handler returns takes the
	// connection down with it (go.dev/issue/68560).
	defer callOf(f.ctx).request.Body.Close()
	file := &attentive{Reader: f.file, progress: func() { f.s.progress(w) }}
	source := posting.Source{
		Name: "body", Format: posting.CSV, Reader: file,
		Limits: posting.Limits{Row: f.s.c.Limits.RowBytes, Size: f.s.c.Limits.StreamBytes},
	}
	if t, _, _ := mime.ParseMediaType(callOf(f.ctx).request.Header.Get("Content-Type")); t == "application/x-ndjson" {
		// JSON is UTF-8 (RFC 8259, 8.1). To tell the encoding of a file some of it
		// has to be read first, which a sender who waits for answers never sends.
		source.Format, source.Encoding = posting.NDJSON, posting.UTF8
	}
	f.s.progress(w)
	table, err := posting.OpenFile(source)
	if err != nil {
		return f.unread(w, file.fault, err)
	}
	defer table.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	answers, err := posting.NewAnswerWriter(w, posting.NDJSON)
	if err != nil {
		return err
	}
	_, err = posting.Post(f.ctx, table, f.s.run(f.ctx), func(a posting.Answer) error {
		f.s.progress(w)
		f.s.events.wrote()
		if err := answers.Write(a); err != nil {
			return err
		}
		return rc.Flush()
	})
	if err != nil {
		// The last answer says that the file broke off; the sender went away, or
		// sent too much. The answer must not look whole.
		f.s.c.Log.WarnContext(f.ctx, "stream broke off", "request", callOf(f.ctx).id, "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// unread says why a file could not be opened: because it did not come, or for
// what it holds.
func (f fileAnswers) unread(w http.ResponseWriter, fault, err error) error {
	var large *http.MaxBytesError
	switch {
	case fault == nil:
		return inBody(err)
	case errors.As(fault, &large):
		err = tooLarge(large.Limit)
	default:
		err = brokenOff(fault)
	}
	w.Header().Set("Connection", "close")
	return err
}

// attentive calls progress for each piece that is read.
type attentive struct {
	io.Reader
	progress func()
	fault    error // why reading ended, if not at the end
}

func (a *attentive) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	if n > 0 {
		a.progress()
	}
	if err != nil && err != io.EOF {
		a.fault = err
	}
	return n, err
}
