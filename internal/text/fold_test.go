package text_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/text"
)

func TestFoldBreaksAtSpaces(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns int
		want    []string
	}{
		{"", 10, []string{""}},
		{"one", 10, []string{"one"}},
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 12, []string{"one two", "three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 6, []string{"one", "two", "three"}},
		{"one two three", 0, []string{"one", "two", "three"}},
		{"one two three", -1, []string{"one", "two", "three"}},
		{"a much-too-long word", 6, []string{"a", "much-too-long", "word"}},
		{"much-too-long", 6, []string{"much-too-long"}},
		{"안녕 하세요", 11, []string{"안녕 하세요"}},
		{"안녕 하세요", 10, []string{"안녕", "하세요"}},
		{"안녕하세요", 9, []string{"안녕하세요"}},
		{`sent "two  spaces" once`, 18, []string{`sent "two  spaces"`, "once"}},
		{"first\nsecond line", 8, []string{"first", "second", "line"}},
	} {
		assert.Equal(t, c.want, text.Fold(c.text, c.columns), "%q in %d columns", c.text, c.columns)
	}
}

func TestFoldLosesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 1))
	for range 1000 {
		var sentence strings.Builder
		for range rng.IntN(40) {
			sentence.WriteString([]string{"a", "word", "안녕", " ", " ", "  "}[rng.IntN(6)])
		}
		columns := 1 + rng.IntN(40)
		lines := text.Fold(sentence.String(), columns)
		require.Equal(t, sentence.String(), strings.Join(lines, " "))
		for i, line := range lines {
			if strings.Contains(line, " ") {
				require.LessOrEqual(t, text.Columns(line), columns, "a line of several words")
			}
			if i > 0 {
				word, _, _ := strings.Cut(line, " ")
				require.Greater(t, text.Columns(lines[i-1])+1+text.Columns(word), columns, "the line before had room")
			}
		}
	}
}
