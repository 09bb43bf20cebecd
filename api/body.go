package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// bound bounds the body: its type, its size, the time it may take to come, and
// how deep its JSON is nested. What is not streamed is read here, whole.
func (s *Server) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := callOf(r.Context()).op
		if err := acceptable(op, r); err != nil {
			s.writeProblem(w, r, err)
			return
		}
		if op.maxBytes > 0 {
			s.bringIn(w, r, next)
			return
		}
		if op.streamed {
			r.Body = http.MaxBytesReader(w, r.Body, s.c.Limits.StreamBytes)
			next.ServeHTTP(w, r)
			return
		}
		r, cancel := s.deadline(w, r)
		defer cancel()
		if len(op.accepts) > 0 {
			body, err := s.read(w, r)
			if err != nil {
				s.writeProblem(w, r, err)
				return
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		next.ServeHTTP(w, r)
	})
}

// acceptable reports a content type that the operation does not take.
func acceptable(op *operation, r *http.Request) error {
	if len(op.accepts) == 0 {
		return nil // whatever is sent is not read
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return refuse(problemMediaType, "UNSUPPORTED_CODING", "请求正文不得压缩（Content-Encoding）", "the body may not be compressed (Content-Encoding)")
	}
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && slices.Contains(op.accepts, contentType) {
		return nil
	}
	want := slices.Sorted(slices.Values(op.accepts))
	return refuse(problemMediaType, "UNSUPPORTED_MEDIA_TYPE", "Content-Type 应为 "+strings.Join(want, " 或 "), "Content-Type must be "+strings.Join(want, " or "))
}

// read reads a body whole.
func (s *Server) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := s.c.Limits.BodyBytes
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close") // the rest is not read
		return nil, tooLarge(limit)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		w.Header().Set("Connection", "close")
		return nil, tooLarge(limit)
	case err != nil:
		w.Header().Set("Connection", "close")
		return nil, brokenOff(err)
	}
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "application/x-www-form-urlencoded":
		return body, checkForm(body)
	case "multipart/form-data":
		return body, nil // a page's, which reads it itself
	}
	return body, checkJSON(body, s.c.Limits.JSONDepth)
}

// checkForm reports a form that is none, says something twice (RFC 6749, 3.2), or
// holds what is no text.
func checkForm(body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return refuse(problemInvalid, "MALFORMED", "请求正文不是表单", "the body is not a form")
	}
	for _, values := range form {
		if len(values) > 1 {
			return refuse(problemInvalid, "DUPLICATE_NAME", "表单中有重名的字段", "the form has the same name twice")
		}
		if !isText(values[0]) {
			return noText()
		}
	}
	return nil
}

// isText reports whether s can be kept as a text everywhere: PostgreSQL takes
// UTF-8 without NUL.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func noText() error {
	return refuse(problemInvalid, "MALFORMED", "含有 NUL 或不是 UTF-8", "there is a NUL in it, or it is not in UTF-8")
}

func brokenOff(cause error) error {
	e := refuse(problemInvalid, "BODY_BROKEN_OFF", "请求正文未在时限内传完", "the body broke off, or did not come in time")
	e.cause = cause
	return e
}

func tooLarge(limit int64) error {
	return refuse(problemTooLarge, "TOO_LARGE", fmt.Sprintf("请求正文不得超过%d字节", limit), fmt.Sprintf("the body may have %d bytes", limit))
}

// maxNames bounds the fields of an object: nothing in the contract comes near,
// and each that is not known costs the validator a fault.
const maxNames = 1000

// checkJSON reports a body that is no JSON, is nested too deep, or says
// something twice. What follows may then read it as a whole, and in any order.
func checkJSON(body []byte, depth int) error {
	if !utf8.Valid(body) {
		return refuse(problemInvalid, "MALFORMED", "请求正文不是 UTF-8", "the body is not in UTF-8")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return refuse(problemInvalid, "MISSING", "缺少请求正文", "the body is missing")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var open []map[string]bool // names of each object that is open; nil for a list
	name := false              // a name comes next
	for first := true; ; first = false {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && !first && len(open) == 0 {
			return nil
		}
		if err != nil {
			return notJSON(body, dec.InputOffset())
		}
		if !first && len(open) == 0 {
			return refuse(problemInvalid, "MALFORMED", "JSON 之后还有多余的内容", "something follows the JSON")
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				if len(open) == depth {
					return refuse(problemInvalid, "TOO_DEEP", fmt.Sprintf("JSON 嵌套不得超过%d层", depth), fmt.Sprintf("the JSON is nested more than %d deep", depth))
				}
				var names map[string]bool
				if t == '{' {
					names = map[string]bool{}
				}
				open = append(open, names)
			} else {
				open = open[:len(open)-1]
			}
			name = len(open) > 0 && open[len(open)-1] != nil
			continue
		case string:
			if !isText(t) {
				return noText()
			}
			if name {
				names := open[len(open)-1]
				if names[t] {
					return refuse(problemInvalid, "DUPLICATE_NAME", "JSON 对象中有重名的字段", "an object in the JSON has the same name twice")
				}
				if len(names) == maxNames {
					return refuse(problemInvalid, "TOO_LARGE", fmt.Sprintf("JSON 对象的字段不得超过%d个", maxNames), fmt.Sprintf("an object in the JSON has more than %d names", maxNames))
				}
				names[t], name = true, false
				continue
			}
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
}

// notJSON says where the JSON breaks.
func notJSON(body []byte, offset int64) error {
	before := body[:min(offset, int64(len(body)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return refuse(problemInvalid, "MALFORMED", fmt.Sprintf("请求正文不是 JSON（第%d行第%d列附近）", line, column),
		fmt.Sprintf("the body is not JSON (near line %d, column %d)", line, column))
}

// malformed is the problem of a request that could not be read. The text of err
// is not repeated: it holds what was sent.
func malformed(err error) error {
	var known *apiError
	if errors.As(err, &known) {
		return err
	}
	e := refuse(problemInvalid, "MALFORMED", "请求的参数或正文格式不正确", "a parameter or the body is not in the right form")
	e.cause = err
	return e
}

// unescapePath undoes the escapes of a part of a path.
func unescapePath(s string) (string, error) {
	plain, err := url.PathUnescape(s)
	if err == nil && !isText(plain) {
		err = errors.New("not a text")
	}
	return plain, err
}

// progress gives a streamed request more time with each byte that comes or
// goes.
func (s *Server) progress(w http.ResponseWriter) {
	until := time.Now().Add(s.c.Limits.StreamTimeout)
	rc := http.NewResponseController(w)
	// Where the connection knows no deadlines there is nothing to put off.
	_ = rc.SetReadDeadline(until)
	_ = rc.SetWriteDeadline(until.Add(writeGrace)) // so that it can still be said what went wrong
}
