package text

import "strings"

// Fold breaks text at its spaces into lines of at most the given columns, and where it has line breaks; a longer word
// has a line of its own. A space is lost only where a line breaks.
func Fold(text string, columns int) []string {
	var lines []string
	for part := range strings.SplitSeq(text, "\n") {
		words := strings.Split(part, " ")
		line := words[0]
		for _, word := range words[1:] {
			if Columns(line)+1+Columns(word) > columns {
				lines = append(lines, line)
				line = word
			} else {
				line += " " + word
			}
		}
		lines = append(lines, line)
	}
	return lines
}
