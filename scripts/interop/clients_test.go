package interop

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
)

// A target is where a client goes, and what it offers there.
type target struct {
	url     string
	ca      string // the file of the certificate to trust, no other is; "" without TLS
	deflate bool   // whether it offers permessage-deflate
}

// A result is what a client says of a case that went well; one that did not ends the visit. It is also a line of JSON
// that the scripts print.
type result struct {
	Case        string
	Bytes       int    // of the echo, which is the message
	Wire        int    // bytes that came for a compressible echo; 0 where the client cannot know
	Extensions  string // what was agreed on, in the client's words
	Subprotocol string
	Refused     string // why the client went away from a server that did not take up its subprotocols
	closed
}

// closed is the Close that came.
type closed struct {
	Code   int
	Reason string
}

// A visitor is what a client can do.
type visitor interface {
	// visit does all cases and returns their results.
	visit(t *testing.T, to target) []result
	// stay connects, says that it is ready, and waits for the server's Close.
	stay(t *testing.T, to target, ready func()) closed
}

// A client is an implementation that meets wsserver.
type client struct {
	name string
	visitor
	offers  deflateOffer
	basic   bool   // it has no fragments and no Ping: the API of browsers gives it none
	refuses string // what it says of a server that takes up none of its subprotocols, if it does not stay with it
}

// A deflateOffer says whether a client offers permessage-deflate.
type deflateOffer int

const (
	asTold  deflateOffer = iota
	always               // it cannot be told not to
	unknown              // it cannot be told to, and its version decides
)

// ways are what one can have the client do: offer it, or not.
func (o deflateOffer) ways() []bool {
	if o == asTold {
		return []bool{true, false}
	}
	return []bool{true}
}

var clients = []client{
	{name: "coder", visitor: goClient(dialCoder)},
	{name: "gorilla", visitor: goClient(dialGorilla)},
	{name: "python", visitor: script{python, "client.py"}},
	{name: "node-ws", visitor: script{nodeWS, "client.cjs"}, refuses: "Server sent no subprotocol"},
	{name: "node", visitor: script{node, "client_web.js"}, offers: unknown, basic: true, refuses: "it failed"},
	{name: "chromium", visitor: browser{}, offers: always, basic: true, refuses: "it failed"},
}

// The messages of the cases.
const (
	greeting     = "Hello, 한글, \U0001F44B, \u0000!"
	mebibyte     = 1 << 20
	compressible = 1 << 16 // of one word again and again
	fragmented   = 60_000  // Hangul syllables, of 3 bytes each, in at least two frames, none of which ends where one does
)

// visited holds the results of a visit against what they must be.
func (c client) visited(t *testing.T, results []result, deflate bool) {
	t.Helper()
	open := results[0]
	assert.Equal(t, "open", open.Case)
	if deflate {
		assert.Contains(t, open.Extensions, "permessage-deflate")
	} else {
		assert.Empty(t, open.Extensions)
	}
	want := []result{
		{Case: "text", Bytes: len(greeting)},
		{Case: "binary", Bytes: 256},
		{Case: "empty text"},
		{Case: "empty binary"},
		{Case: "mebibyte", Bytes: mebibyte},
		{Case: "compressible", Bytes: compressible},
	}
	if !c.basic {
		want = append(want, result{Case: "fragments", Bytes: fragmented}, result{Case: "ping"})
	}
	want = append(want,
		result{Case: "close", closed: closed{Code: 3001}},
		result{Case: "subprotocol", Refused: c.refuses})
	wire := 0
	for i := range results {
		wire += results[i].Wire
		results[i].Wire = 0
	}
	require.Equal(t, want, results[1:])
	switch {
	case c.basic:
		assert.Zero(t, wire, "it cannot know")
	case deflate:
		assert.Less(t, wire, compressible/50, "it was compressed on the way")
	default:
		assert.Greater(t, wire, compressible, "it was not compressed on the way")
	}
}

// accounted holds what the server saw of a visit against what the client did.
func (c client) accounted(t *testing.T, seen account, deflate bool) {
	t.Helper()
	for _, dir := range []event.Dir{event.ClientToServer, event.ServerToClient} {
		assert.Positive(t, seen.frames(dir, opcode(opText)), dir)
		assert.Positive(t, seen.frames(dir, opcode(opBinary)), dir)
		if packs := seen.frames(dir, compressed) > 0; dir == event.ServerToClient || c.offers != unknown {
			assert.Equal(t, deflate, packs, "compressed, %s", dir)
		} // else it may do as it likes with what it sends
	}
	if !c.basic {
		assert.Positive(t, seen.frames(event.ClientToServer, fragment))
		assert.Equal(t, 1, seen.frames(event.ClientToServer, opcode(opPing)))
		assert.Equal(t, 1, seen.frames(event.ServerToClient, opcode(opPong)))
	}
	assert.Positive(t, seen.frames(event.ClientToServer, opcode(opClose)))
	assert.Equal(t, 1, seen.frames(event.ServerToClient, opcode(opClose)))
	for _, e := range seen {
		assert.NotEqual(t, event.Failed, e.Ev, e.Text)
	}
}
