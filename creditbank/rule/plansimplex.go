package rule

import (
	"creditbank/creditbank"
)

func (l *linear) begin() {
	l.rows, l.basis = l.rows[:0], l.basis[:0]
	for g := range l.goals {
		l.goals[g] = append(l.goals[g][:0], make([]int64, l.n+1)...)
	}
}

// row adds a row whose right side is one.
func (l *linear) row(v variable) []int64 {
	i := len(l.rows)
	if cap(l.rows) > i {
		l.rows = l.rows[:i+1]
	} else {
		l.rows = append(l.rows, nil)
	}
	l.rows[i] = append(l.rows[i][:0], make([]int64, l.n+1)...)
	l.rows[i][l.n] = fixed
	l.basis = append(l.basis, len(l.kinds))
	l.kinds = append(l.kinds, v)
	return l.rows[i]
}

func share64(part, whole creditbank.Credits) int64 { return int64(part) * fixed / int64(whole) }

// optimise pivots until nothing makes the goal larger, or for as long as is
// reasonable.
func (l *linear) optimise(goal int) {
	g := l.goals[goal]
	for range 2 * (len(l.rows) + l.n) {
		enter, least := -1, int64(-small)
		for j := range l.n {
			if g[j] < least && !l.dead[j] {
				enter, least = j, g[j]
			}
		}
		if enter < 0 {
			return
		}
		leave := l.leaving(enter)
		if leave < 0 || !l.pivot(leave, enter) {
			return
		}
	}
}

// settle takes deficits, which are none by now, out of the basis for good.
func (l *linear) settle() {
	for i, row := range l.rows {
		if l.kinds[l.basis[i]].kind != deficit {
			continue
		}
		best := -1
		for j := range l.n {
			if !l.dead[j] && (best < 0 || abs(row[j]) > abs(row[best])) {
				best = j
			}
		}
		if row[l.n] = 0; best >= 0 && abs(row[best]) > pivotable {
			l.pivot(i, best)
		}
	}
}

func abs(v int64) int64 { return max(v, -v) }

// leaving returns the row that bounds column j first.
func (l *linear) leaving(j int) int {
	leave, least := -1, int64(0)
	for i, row := range l.rows {
		if row[j] <= pivotable {
			continue
		}
		if ratio := (max(0, row[l.n]) << fixedBits) / row[j]; leave < 0 || ratio < least || ratio == least && row[j] > l.rows[leave][j] {
			leave, least = i, ratio
		}
	}
	return leave
}

// pivot exchanges the variables of row r and column c. It returns false where the
// numbers get too large.
func (l *linear) pivot(r, c int) bool {
	row := l.rows[r]
	p := row[c]
	l.filled = l.filled[:0]
	for j, v := range row {
		if v == 0 {
			continue
		}
		if row[j] = (v << fixedBits) / p; row[j] >= huge || row[j] <= -huge {
			return false
		}
		l.filled = append(l.filled, j)
	}
	row[c] = fixed * fixed / p
	for i, other := range l.rows {
		if i != r && !l.subtract(other, row, c) {
			return false
		}
	}
	for _, g := range l.goals {
		if !l.subtract(g, row, c) {
			return false
		}
	}
	l.dead[c] = l.kinds[l.basis[r]].kind == deficit
	l.basis[r], l.column[c] = l.column[c], l.basis[r]
	return true
}

// subtract takes out of a row what the pivot row now says of column c.
func (l *linear) subtract(other, row []int64, c int) bool {
	f := other[c]
	if f == 0 {
		return true
	}
	if f >= huge || f <= -huge {
		return false
	}
	other[c] = 0
	for _, j := range l.filled {
		other[j] -= (f * row[j]) >> fixedBits
	}
	return true
}
