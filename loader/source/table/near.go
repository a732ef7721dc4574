package table

import "strings"

// nearText names those of names that an unknown one was probably meant to be.
func nearText(unknown string, names []string) string {
	var close []string
	for _, name := range names {
		a, b := strings.ToLower(unknown), strings.ToLower(name)
		short := min(len(a), len(b))
		within := short >= 3 && (strings.Contains(a, b) || strings.Contains(b, a))
		if len(a) <= 128 && len(b) <= 128 && (within || distance(a, b) <= min(2, short/2)) {
			close = append(close, name)
		}
	}
	if len(close) == 0 || unknown == "" {
		return ""
	}
	return " (near: " + strings.Join(close[:min(len(close), 5)], ", ") + ")"
}

// distance is the number of single-letter edits between a and b.
func distance(a, b string) int {
	costs := make([]int, len(b)+1)
	for j := range costs {
		costs[j] = j
	}
	for i := range len(a) {
		diagonal := costs[0]
		costs[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, costs[j], costs[j+1])
			}
			diagonal, costs[j+1] = costs[j+1], cost
		}
	}
	return costs[len(b)]
}
