package column_test

import (
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/column"
)

// What does not fit is damage, not another number.
func TestColumnsRefuseWhatDoesNotFit(t *testing.T) {
	var day creditbank.Date
	var id creditbank.LearnerID
	for name, err := range map[string]error{
		"a day beyond 32 bits": column.Whole(&day).Scan(int64(1)<<32 + 20260101),
		"text for a number":    column.Whole(&day).Scan("20260101"),
		"a number for text":    column.Text(&id).Scan(int64(1)),
		"nothing":              column.Text(&id).Scan(nil),
	} {
		if err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if err := column.Whole(&day).Scan(int64(20260101)); err != nil || day != 20260101 {
		t.Errorf("read %v, %v", day, err)
	}
	if err := column.Text(&id).Scan([]byte("L1")); err != nil || id != "L1" {
		t.Errorf("read %q, %v", id, err)
	}
}
