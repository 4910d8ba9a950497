package server

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/firstbytes"
)

// TestTheServerAsksTheTableOfFirstBytes, as the decoder of captures does.
func TestTheServerAsksTheTableOfFirstBytes(t *testing.T) {
	var w Web
	for _, start := range firstbytes.Requests {
		for cut := range len(start) {
			_, decided := w.decide(start[:cut])
			assert.False(t, decided, "%q", start[:cut])
		}
		p, decided := w.decide(start)
		assert.True(t, decided)
		assert.Equal(t, HTTP, p, "%q", start)
	}
}
