package term

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"creditbank/creditbank"
)

// go-pretty asks the locale how wide “ and · are, and in a Chinese one would
// leave holes that no terminal fills. It is told once, before anything runs.
var _ = func() struct{} {
	text.OverrideRuneWidthEastAsianWidth(false)
	return struct{}{}
}()

// A Column is one of a table.
type Column struct {
	Head  creditbank.Text
	Right bool // aligned to the right: amounts
	Flex  bool // gives way, and wraps, where the table is wider than the screen
}

// A Cell is what stands in a table, possibly on several lines.
type Cell struct {
	Text  string
	Style Style
}

// Of returns a plain cell.
func Of(text string) Cell { return Cell{Text: text} }

// gap is what stands between two columns.
const gap = 2

// minFlex is the least width of a column that gives way.
const minFlex = 10

// Table writes a table behind indent blanks. Columns in which no row has
// anything are left out.
func (s *Screen) Table(indent int, columns []Column, rows [][]Cell) {
	columns, rows = withoutEmpty(columns, rows)
	if len(rows) == 0 {
		return
	}
	heads := make([]Cell, len(columns))
	for i, c := range columns {
		heads[i] = Cell{s.Stack(c.Head), Dim}
	}
	widths := s.fit(s.width-indent, columns, append([][]Cell{heads}, rows...))
	t := table.NewWriter()
	t.SetStyle(style())
	t.SuppressTrailingSpaces()
	t.SetColumnConfigs(configs(columns))
	t.AppendHeader(s.row(heads, widths))
	for _, r := range rows {
		t.AppendRow(s.row(r, widths))
	}
	lead := strings.Repeat(" ", indent)
	for line := range strings.SplitSeq(t.Render(), "\n") {
		if under := strings.TrimRight(line, "─"); under == "" {
			line = s.Paint(Dim, line[:len(line)-gap*len("─")]) // not under the gap after the last column
		}
		s.Line(strings.TrimRight(lead+line, " "))
	}
}

// withoutEmpty drops the columns that say nothing.
func withoutEmpty(columns []Column, rows [][]Cell) ([]Column, [][]Cell) {
	var keep []int
	for i := range columns {
		for _, r := range rows {
			if r[i].Text != "" {
				keep = append(keep, i)
				break
			}
		}
	}
	kept := make([]Column, 0, len(keep))
	for _, i := range keep {
		kept = append(kept, columns[i])
	}
	out := make([][]Cell, 0, len(rows))
	for _, r := range rows {
		row := make([]Cell, 0, len(keep))
		for _, i := range keep {
			row = append(row, r[i])
		}
		out = append(out, row)
	}
	return kept, out
}

// fit returns the width of each column, so that all of them fit into room: the
// widest of those that give way gives way first.
func (s *Screen) fit(room int, columns []Column, rows [][]Cell) []int {
	widths := make([]int, len(columns))
	total := gap * (len(columns) - 1)
	for i := range columns {
		for _, r := range rows {
			widths[i] = max(widths[i], Width(r[i].Text))
		}
		total += widths[i]
	}
	for total > room {
		widest := -1
		for i, c := range columns {
			if c.Flex && widths[i] > minFlex && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}

// row wraps and paints the cells of a row.
func (s *Screen) row(cells []Cell, widths []int) table.Row {
	out := make(table.Row, len(cells))
	for i, c := range cells {
		out[i] = s.Paint(c.Style, strings.Join(Wrap(c.Text, widths[i]), "\n"))
	}
	return out
}

func configs(columns []Column) []table.ColumnConfig {
	out := make([]table.ColumnConfig, len(columns))
	for i, c := range columns {
		out[i] = table.ColumnConfig{Number: i + 1, Align: text.AlignLeft, AlignHeader: text.AlignLeft, VAlignHeader: text.VAlignTop}
		if c.Right {
			out[i].Align, out[i].AlignHeader = text.AlignRight, text.AlignRight
		}
	}
	return out
}

// style has no lines but the one under the header.
func style() table.Style {
	st := table.StyleLight
	st.Options = table.Options{SeparateHeader: true}
	st.Format.Header, st.Format.Row = text.FormatDefault, text.FormatDefault
	st.Box.PaddingLeft, st.Box.PaddingRight = "", strings.Repeat(" ", gap)
	return st
}
