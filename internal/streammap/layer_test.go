package streammap

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEveryLayerHasItsWords(t *testing.T) {
	for l := range layers {
		assert.NotContains(t, nouns[l], "", "layer %d has no words in the table of nouns", l)
	}
}
