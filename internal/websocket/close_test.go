package websocket_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/websocket"
)

// TestAClosePayloadIsReadAsItWasMade: RFC 6455 section 5.5.1.
func TestAClosePayloadIsReadAsItWasMade(t *testing.T) {
	for _, want := range []framing.CloseError{
		{Code: 1000}, {Code: 1001, Reason: "going away"}, {Code: 4999, Reason: "안녕히"},
		{Code: 1008, Reason: strings.Repeat("x", 123)}, {Code: framing.CodeNoStatus},
	} {
		var got *framing.CloseError
		require.ErrorAs(t, framing.ParseClose(websocket.ClosePayload(want.Code, want.Reason)), &got)
		assert.Equal(t, want, *got)
	}
	assert.Equal(t, []byte("\x03\xe9bye"), websocket.ClosePayload(1001, "bye"))
	assert.Empty(t, websocket.ClosePayload(framing.CodeNoStatus, "there is no room for a reason without a code"))
}

// TestALongReasonIsCutBetweenTwoCharacters: what is left must be UTF-8, at most 123 bytes, and as long as it can be.
func TestALongReasonIsCutBetweenTwoCharacters(t *testing.T) {
	for _, character := range []string{"x", "é", "경", "🙂"} {
		for shift := range 5 {
			reason := strings.Repeat("x", shift) + strings.Repeat(character, 200)
			payload := websocket.ClosePayload(1001, reason)
			kept := string(payload[2:])
			assert.True(t, utf8.ValidString(kept))
			assert.True(t, strings.HasPrefix(reason, kept))
			assert.LessOrEqual(t, len(payload), 125)
			assert.Greater(t, len(payload), 125-len(character), "no more than one character too many is cut")
			assert.ErrorAs(t, framing.ParseClose(payload), new(*framing.CloseError))
		}
	}
	for n := 120; n < 127; n++ { // the longest that needs no cut
		assert.Len(t, websocket.ClosePayload(1001, strings.Repeat("x", n)), min(n+2, 125))
	}
	whole := strings.Repeat("경", 41) // 123 bytes
	assert.Equal(t, whole, string(websocket.ClosePayload(1001, whole)[2:]))
}

// TestAReasonThatIsNoTextEndsAllTheSame: bytes that cannot begin a character have no place to cut at.
func TestAReasonThatIsNoTextEndsAllTheSame(t *testing.T) {
	assert.Len(t, websocket.ClosePayload(1001, strings.Repeat("\x80", 200)), 2)
}
