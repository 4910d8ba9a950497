package decode

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/firstbytes"
)

// TestTheDecoderAsksTheTableOfFirstBytes, as the server does.
func TestTheDecoderAsksTheTableOfFirstBytes(t *testing.T) {
	for _, start := range firstbytes.Requests {
		for cut := range len(start) {
			assert.Equal(t, undecided, decide(event.ClientToServer, start[:cut]), "%q", start[:cut])
		}
		assert.Equal(t, plainHTTP, decide(event.ClientToServer, start), "%q", start)
		assert.Equal(t, raw, decide(event.ServerToClient, start), "%q", start)
	}
	assert.Equal(t, raw, decide(event.ClientToServer, []byte("PRI * HTTP/2.0\n")), "the whole line of the RFC, not most of it")
}
