package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"creditbank/creditbank"
)

// uploadsOfOne is how many files one caller may upload at once.
const uploadsOfOne = 2

// uploads counts the files that are on their way, since each is held in memory
// until it is whole: what cannot be sealed yet.
type uploads struct {
	mu  sync.Mutex
	all int
	by  map[string]int
}

// begin takes a place for a file of a caller, until the function it returns is
// called; or says why there is none.
func (u *uploads) begin(caller string, most int) (end func(), err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.by[caller] >= uploadsOfOne:
		return nil, refuse(problemRate, "TOO_MANY_UPLOADS", "请等前面的文件传完再上传", "other files of yours are on their way; wait for them")
	case u.all >= most:
		return nil, refuse(problemBusy, "BUSY", "上传的人过多，未处理", "too many files are on their way; nothing was done")
	}
	if u.by == nil {
		u.by = map[string]int{}
	}
	u.all++
	u.by[caller]++
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.all--
		if u.by[caller]--; u.by[caller] == 0 {
			delete(u.by, caller)
		}
	}, nil
}

// bringIn bounds an upload: its size, the time in which all of it has to come, of
// which progress gives no more, and how many come at once. The handler reads it.
func (s *Server) bringIn(w http.ResponseWriter, r *http.Request, next http.Handler) {
	limit := callOf(r.Context()).op.maxBytes
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close") // the rest is not read
		s.writeProblem(w, r, tooLarge(limit))
		return
	}
	end, err := s.uploads.begin(callOf(r.Context()).by().ID, s.c.Limits.Uploads)
	if err != nil {
		w.Header().Set("Connection", "close")
		s.writeProblem(w, r, err)
		return
	}
	defer end()
	until := time.Now().Add(s.c.Limits.UploadTimeout)
	rc := http.NewResponseController(w)
	// Where the connection knows no deadlines there is nothing to put off.
	_ = rc.SetReadDeadline(until)
	_ = rc.SetWriteDeadline(until.Add(s.c.Limits.Timeout + writeGrace))
	ctx, cancel := context.WithDeadline(r.Context(), until.Add(s.c.Limits.Timeout))
	defer cancel()
	body := &upload{Reader: http.MaxBytesReader(w, r.Body, limit), header: w.Header()}
	r = r.WithContext(ctx)
	r.Body = body
	next.ServeHTTP(w, r)
}

// An upload is the body of a file that comes. Where it is not read to its end, the
// connection is not used again.
type upload struct {
	io.Reader
	header http.Header
	ended  bool
}

// Read implements [io.Reader].
func (u *upload) Read(b []byte) (int, error) {
	n, err := u.Reader.Read(b)
	u.ended = u.ended || errors.Is(err, io.EOF)
	return n, err
}

// Close implements [io.Closer]; the server closes what it made itself.
func (u *upload) Close() error { return nil }

// readFile reads a file that is uploaded as evidence, whole. What cannot be evidence
// is refused by its first bytes; what breaks off is nothing.
func readFile(body io.Reader) ([]byte, error) {
	var file bytes.Buffer
	const head = 8
	_, err := io.CopyN(&file, body, head)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unread(body, err)
	}
	if err := creditbank.SniffHead(file.Bytes()); err != nil {
		return nil, unread(body, err)
	}
	if _, err := io.Copy(&file, body); err != nil {
		return nil, unread(body, err)
	}
	return file.Bytes(), nil
}

// leave has the connection closed after the answer where a file is not read to its
// end.
func leave(body io.Reader) {
	if u, ok := body.(*upload); ok && !u.ended {
		u.header.Set("Connection", "close")
	}
}

// unread says why a file was not read to its end.
func unread(body io.Reader, err error) error {
	leave(body)
	var input *creditbank.InputError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &input):
		return err
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	}
	return brokenOff(err)
}
