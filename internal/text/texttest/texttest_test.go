package texttest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestASentenceHasItsFactsInOrderAndNoOtherNumber(t *testing.T) {
	const sentence = "again: 1,448 bytes at 0, 2 ms after the first time"
	for _, facts := range []string{"again … 1,448 bytes at 0 … 2 ms", "1,448 … 0 … 2", sentence} {
		assert.Empty(t, differs(sentence, facts), facts)
	}
	for _, facts := range []string{"",
		"1,448 bytes at 0 … again … 2 ms", // in another order
		"again … 1,448 bytes … 2 ms",      // the offset is not among them
		"again … 448 bytes at 0 … 2 ms",   // a part of a number is another number
		"again … 1,448 bytes at 0 … 2 ms … ahead",
	} {
		assert.NotEmpty(t, differs(sentence, facts), facts)
	}
	assert.Empty(t, differs("", ""))
	assert.Empty(t, lacks(sentence, "448 … 2 ms"), "a text may have more in it")
	assert.NotEmpty(t, lacks(sentence, "2 ms … 448"))
}
