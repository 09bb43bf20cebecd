package posting

import (
	"regexp"
	"strings"

	"creditbank/creditbank"
)

// digits are a run of digits, in any form people write them, with the check
// letter of an identity number.
var digits = regexp.MustCompile(`[0-9０-９](?:[ -]?[0-9０-９])*(?:[ -]?[XxＸｘ])?`)

var narrow = strings.NewReplacer(" ", "", "-", "", "０", "0", "１", "1", "２", "2", "３", "3", "４", "4",
	"５", "5", "６", "6", "７", "7", "８", "8", "９", "9", "Ｘ", "X", "ｘ", "x")

// mask hides what looks like an identity number in a text that quotes a file,
// such as 990101********0283: where columns have slipped, anything may stand in
// any cell, and answers are kept and sent on.
func mask(text string) string {
	return digits.ReplaceAllStringFunc(text, func(run string) string {
		number := narrow.Replace(run)
		switch {
		case len(number) == 18:
			return creditbank.IDNumber(number).Masked()
		case len(strings.TrimRight(number, "Xx")) == 15: // as they were before 1999
			return number[:6] + "******" + number[12:]
		}
		return run
	})
}

// masked returns err with what looks like an identity number hidden.
func masked(err *creditbank.InputError) *creditbank.InputError {
	e := *err
	e.Field = mask(e.Field)
	e.Reason = creditbank.Text{ZH: mask(e.Reason.ZH), EN: mask(e.Reason.EN)}
	return &e
}

// maskKey hides a key that is an identity number. Others of that length are
// repeated as they are: the institution looks for them.
func maskKey(key string) string {
	if n, err := creditbank.ParseIDNumber(key); err == nil {
		return n.Masked()
	}
	return key
}
