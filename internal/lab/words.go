package lab

import (
	"fmt"
	"strings"

	"echolab/internal/text"
)

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// numbers is each of them, with commas between.
func numbers(list []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

// bytesOf says what each read returned.
func bytesOf(reads []int) string {
	return fmt.Sprintf("%s returned %s bytes", text.Count(len(reads), "read", "reads"), numbers(reads))
}

// quoted is each in quotes, as many as fit so many columns.
func quoted(list []string, columns int) string {
	const more = "..."
	var b strings.Builder
	for i, s := range list {
		q := fmt.Sprintf("%q", s)
		if i < len(list)-1 {
			q += " "
		}
		if text.Columns(b.String()+q)+len(more) > columns {
			return b.String() + more
		}
		b.WriteString(q)
	}
	return b.String()
}
