package decode_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"echolab/framing"
	"echolab/internal/decode"
	"echolab/internal/event"
)

func TestAFrameOfACompressedMessageIsMarked(t *testing.T) {
	c := decode.New(1, framing.WebSocket{}, nil)
	frame := []byte{0xc1, 0x81, 0, 0, 0, 0, 'x', 0x81, 0x80, 0, 0, 0, 0}
	c.Bytes(time.Time{}, event.ClientToServer, 0, frame, len(frame))
	assert.Equal(t, "2 frames: RSV1 text of 1, text, empty", c.Carried(event.ClientToServer))
}
