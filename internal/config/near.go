package config

import "strings"

// near are the names that an unknown one was probably meant to be: those that
// end in the same word, and those within two edits.
func near(unknown string, names []string) []string {
	leaf := unknown[strings.LastIndexByte(unknown, '.')+1:]
	var out []string
	for _, name := range names {
		if name[strings.LastIndexByte(name, '.')+1:] == leaf || distance(unknown, name) <= 2 {
			out = append(out, name)
		}
	}
	return out
}

// distance is the number of single-letter edits between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
