package posting_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"
)

// rewrite replaces a text in the first sheet of a workbook.
func rewrite(t *testing.T, data []byte, from, to string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "xl/worksheets/sheet1.xml" {
			if !bytes.Contains(body, []byte(from)) {
				t.Fatalf("the sheet holds no %s: %s", from, body)
			}
			body = bytes.Replace(body, []byte(from), []byte(to), 1)
		}
		w, err := out.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
