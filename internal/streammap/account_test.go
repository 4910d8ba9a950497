package streammap_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
)

func TestAMapOfFramesCanBeDrawnFromAnAccount(t *testing.T) {
	var account bytes.Buffer
	k := &maptest.Talk{Rec: event.NewJSON(&account)}
	k.Handshake(187)
	k.Frames(eventtest.Whole(event.OpText, "hello").WithMask(), eventtest.Whole(event.OpPing, "").WithMask(), eventtest.Whole(event.OpText, "안녕").WithMask())
	k.Reads(20, 9)
	var maps streammap.Maps
	require.NoError(t, event.ReadJSON(&account, &maps))
	maptest.Draws(t, maps.Map(1, event.ClientToServer), `
client → server, 29 bytes after the handshake's 187
offset      187   190       195       200       205       210       215
2 messages  ├─────────11──────────┤           ├──────────12───────────┤
3 writes    ├─────────11──────────┼─────6─────┼──────────12───────────┤
2 reads     ├──────────────────20─╎───────────╎─────╳────────9────────┤
3 frames    ├───────text 11───────┼──ping 6───┼────────text 12────────┤
2 received  ├─────────11──────────┤           ├──────────12───────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}
