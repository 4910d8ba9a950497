// Package texttest holds sentences to their facts, so that a test does not break when only the wording gets better. It may
// know that words come in an order and what a number looks like. It must not know what the sentences are about.
package texttest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Between stands between two facts.
const Between = " … "

// number is a number as internal/text writes it, and any other run of digits, such as an RFC's.
var number = regexp.MustCompile(`\d+(,\d{3})*`)

// Says fails the test unless the sentence has all the facts, in their order, and no number that is not among them. Facts
// are names, numbers and key words with " … " between them: "5 bytes at 0 … again … 2 ms". Line breaks count as spaces.
func Says(t testing.TB, sentence, facts string, context ...any) bool {
	t.Helper()
	return report(t, differs(sentence, facts), sentence, facts, context)
}

// Mentions is Says for a text that may have more in it, other numbers too.
func Mentions(t testing.TB, text, facts string, context ...any) bool {
	t.Helper()
	return report(t, lacks(text, facts), text, facts, context)
}

func report(t testing.TB, why, sentence, facts string, context []any) bool {
	t.Helper()
	if why == "" {
		return true
	}
	t.Errorf("%s\n  in      %q\n  wanted  %q\n%s", why, sentence, facts, fmt.Sprint(context...))
	return false
}

// Each is Says for a list of sentences, each with facts of its own.
func Each(t testing.TB, sentences []string, facts ...string) bool {
	t.Helper()
	if len(sentences) != len(facts) {
		t.Errorf("%d sentences, and not %d: %q", len(sentences), len(facts), sentences)
		return false
	}
	good := true
	for i := range facts {
		good = Says(t, sentences[i], facts[i]) && good
	}
	return good
}

// Error is Says for the text of an error, which must be there.
func Error(t testing.TB, err error, facts string, context ...any) bool {
	t.Helper()
	if err == nil {
		t.Errorf("no error, wanted one that says %q\n%s", facts, fmt.Sprint(context...))
		return false
	}
	return Says(t, err.Error(), facts, context...)
}

// differs says how the sentence and the facts do not fit; "" if they do.
func differs(sentence, facts string) string {
	if facts == "" && sentence != "" {
		return "there should be no sentence"
	}
	if has, want := number.FindAllString(sentence, -1), number.FindAllString(facts, -1); !slices.Equal(has, want) {
		return fmt.Sprintf("the numbers are %q, and should be %q", has, want)
	}
	return lacks(sentence, facts)
}

// lacks says which fact the text lacks; "" if it has all.
func lacks(text, facts string) string {
	rest := strings.Join(strings.Fields(text), " ")
	for fact := range strings.SplitSeq(facts, Between) {
		_, after, found := strings.Cut(rest, fact)
		if !found {
			return fmt.Sprintf("%q is missing, or too early", fact)
		}
		rest = after
	}
	return ""
}
