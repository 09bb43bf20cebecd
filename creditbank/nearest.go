package creditbank

// Nearest returns the known word at most two edits away from s, or "": what
// somebody who mistyped a key or a column probably meant.
func Nearest(s string, known []string) string {
	best, at := "", 3
	if len(s) > 64 {
		return "" // no mistyped word, and the measure is quadratic
	}
	for _, k := range known {
		if d := distance(s, k); d < at && d < len(k) {
			best, at = k, d
		}
	}
	return best
}

// distance returns the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
