package posting

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"creditbank/creditbank"
)

// A Status says what became of a row.
type Status string

// The statuses. Of ACCEPTED, REJECTED and DUPLICATE the posting is on record.
const (
	Accepted  Status = "ACCEPTED"
	Rejected  Status = "REJECTED"  // recognition refused
	Duplicate Status = "DUPLICATE" // on record before, with the same content
	Refused   Status = "REFUSED"   // bad input, not on record
	Unknown   Status = "UNKNOWN"   // perhaps on record: send it again
)

// codes of rows that are to be sent again.
const (
	codeOutcomeUnknown = "OUTCOME_UNKNOWN"
	codeBusy           = "BUSY"
	codeUnavailable    = "UNAVAILABLE"
)

// An Answer is what an institution gets for a row of its file. Where a row has
// several faults, codes and columns are lists separated by "|", and the message
// has a clause for each. What looks like an identity number is masked, wherever
// it comes from.
type Answer struct {
	Row         int                      `json:"row"`  // of the data, from 1
	Line        int                      `json:"line"` // in the file
	ExternalID  string                   `json:"external_id"`
	Institution creditbank.InstitutionID `json:"institution"`
	Revision    int                      `json:"revision,omitempty"`
	Status      Status                   `json:"status"`
	Code        string                   `json:"code"`
	Column      string                   `json:"column"`
	Message     creditbank.Text          `json:"message"`
	Credits     *creditbank.Credits      `json:"credits,omitempty"` // recognised; nil where not on record
}

// A Summary counts the answers to a file.
type Summary struct {
	Rows     int            `json:"rows"`
	Statuses map[Status]int `json:"statuses"`
}

// recorded fills in the answer to a posting that is on record.
func (a *Answer) recorded(p creditbank.Posted) {
	o := p.Outcome
	a.Credits = &o.Credits
	var codes, zh, en []string
	for _, r := range o.Reasons {
		codes, zh, en = append(codes, r.String()), append(zh, r.Text().ZH), append(en, r.Text().EN)
	}
	a.Code = strings.Join(codes, "|")
	switch {
	case p.Duplicate:
		a.Status = Duplicate
		zh, en = append([]string{"此前已登记"}, zh...), append([]string{"on record before"}, en...)
	case o.Granted:
		a.Status = Accepted
		zh = append([]string{fmt.Sprintf("认定%s学分", o.Credits)}, zh...)
		en = append([]string{fmt.Sprintf("%s credits recognised", o.Credits)}, en...)
	default:
		a.Status = Rejected
	}
	a.Message = creditbank.Text{ZH: strings.Join(zh, "；"), EN: strings.Join(en, "; ")}
}

// refused fills in the answer to a row that is wrong.
func (a *Answer) refused(list []*creditbank.PlacedError) {
	a.Status = Refused
	var codes, columns, zh, en []string
	for _, p := range list {
		e := masked(p.InputError)
		codes, columns = append(codes, string(e.Code)), append(columns, e.Field)
		if e.Field == "" {
			zh, en = append(zh, e.Reason.ZH), append(en, e.Reason.EN)
			continue
		}
		zh, en = append(zh, e.Field+"："+e.Reason.ZH), append(en, e.Field+": "+e.Reason.EN)
	}
	a.Code, a.Column = strings.Join(codes, "|"), strings.Join(columns, "|")
	a.Message = creditbank.Text{ZH: strings.Join(zh, "；"), EN: strings.Join(en, "; ")}
}

// again fills in the answer to a row that should be sent again.
func (a *Answer) again(code, zh, en string) {
	a.Status, a.Code, a.Message = Unknown, code, creditbank.Text{ZH: zh, EN: en}
}

// An AnswerWriter writes answers as they come.
type AnswerWriter struct {
	json *json.Encoder
	csv  *csv.Writer
}

// NewAnswerWriter returns a writer of answers as CSV, or as [NDJSON] where that
// is asked for.
func NewAnswerWriter(w io.Writer, f Format) (*AnswerWriter, error) {
	if f == NDJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return &AnswerWriter{json: enc}, nil
	}
	// Without the mark, spreadsheets take UTF-8 for the local encoding.
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	c := csv.NewWriter(w)
	return &AnswerWriter{csv: c}, c.Write([]string{"row", "line", "external_id", "institution", "revision", "status",
		"code", "column", "message_zh", "message_en", "credits"})
}

// Write writes an answer. It may be held until [AnswerWriter.Flush].
func (w *AnswerWriter) Write(a Answer) error {
	if w.json != nil {
		return w.json.Encode(a)
	}
	credits, revision := "", ""
	if a.Credits != nil {
		credits = a.Credits.String()
	}
	if a.Revision > 0 {
		revision = strconv.Itoa(a.Revision)
	}
	cells := []string{strconv.Itoa(a.Row), strconv.Itoa(a.Line), a.ExternalID, string(a.Institution), revision, string(a.Status),
		a.Code, a.Column, a.Message.ZH, a.Message.EN, credits}
	for i, c := range cells {
		cells[i] = inert(c)
	}
	return w.csv.Write(cells)
}

// Flush writes what is held.
func (w *AnswerWriter) Flush() error {
	if w.csv == nil {
		return nil
	}
	w.csv.Flush()
	return w.csv.Error()
}

// inert keeps a spreadsheet from running as a formula what a stranger wrote
// into a cell (OWASP, CSV injection).
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
