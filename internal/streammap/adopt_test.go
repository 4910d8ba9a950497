package streammap_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
)

func TestSegmentsHaveTheirRowBetweenWritesAndReads(t *testing.T) {
	var wire, account streammap.Maps
	wire.Record(eventtest.Crossed(0, "hello world"))
	k := &maptest.Talk{Rec: &account}
	k.Write([]byte("hello "))
	k.Write([]byte("world"))
	k.Tell(event.Message, event.Client, 0, 6)
	k.Tell(event.Message, event.Client, 6, 5)
	k.Reads(4, 7)
	m := wire.Map(1, event.ClientToServer)
	m.Adopt(account.Map(1, event.ClientToServer))
	maptest.Draws(t, m, `
client → server, 11 bytes
offset      0       2       4       6       8       10
bytes        h   e   l   l   o       w   o   r   l   d
hex          68  65  6c  6c  6f  20  77  6f  72  6c  64
2 messages  ├───────────6───────────┼─────────5─────────┤
2 writes    ├───────────6───────────┼─────────5─────────┤
1 segment   ├────────────────────11─╎───────────────────┤
2 reads     ├───────4───────╳───────╎─────7─────────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}

func TestOnTheWireOnlyAnUpgradeBeginsTheMap(t *testing.T) {
	var maps streammap.Maps
	maps.Record(eventtest.Crossed(0, "GET / HTTP/1.1\r\n\r\n"))
	request := eventtest.Crossed(0, "GET / HTTP/1.1\r\n\r\n")
	request.Ev = event.Request
	maps.Record(request)
	assert.Zero(t, maps.Map(1, event.ClientToServer).Start)
	request.Ev = event.Upgrade
	maps.Record(request)
	assert.EqualValues(t, 18, maps.Map(1, event.ClientToServer).Start)
}

func TestAdoptedRowsBeginWhereTheMapDoes(t *testing.T) {
	var wire, account streammap.Maps
	k := &maptest.Talk{Rec: &account}
	k.Handshake(187)
	k.Frames(eventtest.Whole(event.OpText, "hello").WithMask())
	k.Reads(5, 6)
	wire.Record(eventtest.Crossed(0, string(k.Sent[:190])))
	wire.Record(eventtest.Crossed(190, string(k.Sent[190:])))
	theirs := account.Map(1, event.ClientToServer)
	m := wire.Map(1, event.ClientToServer)
	m.Adopt(theirs)
	assert.EqualValues(t, 187, m.Start)
	assert.Equal(t, 2, m.Count(streammap.Segments), "of the first, what lies after the handshake")
	assert.Equal(t, 1, m.Count(streammap.Frames))
	assert.Equal(t, 2, m.Count(streammap.Reads))
	m.Row(streammap.Reads).Add(event.Span{Off: 198, N: 1})
	assert.Equal(t, 2, theirs.Count(streammap.Reads), "it is a copy")
	require.Equal(t, []byte("hello")[:0], m.Bytes(198, 0))
	assert.Nil(t, m.Bytes(197, 2))
	assert.Nil(t, m.Bytes(-1, 2))
	assert.Equal(t, k.Sent[187:198], m.Bytes(187, 11))
}

func TestAdoptedRowsLoseWhatLiesBeforeTheMapsStart(t *testing.T) {
	var wire, account streammap.Maps
	request := eventtest.Crossed(0, "GET / HTTP/1.1\r\n\r\n")
	request.Ev = event.Upgrade
	wire.Record(request)
	k := &maptest.Talk{Rec: &account} // which knows of no handshake
	k.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	k.Write([]byte("hello"))
	k.Reads(10, 11, 2)
	m := wire.Map(1, event.ClientToServer)
	m.Adopt(account.Map(1, event.ClientToServer))
	assert.EqualValues(t, 18, m.Start)
	assert.Equal(t, []int64{18, 23}, m.Row(streammap.Writes).Boundaries(0, 23), "the request is not on the map")
	assert.Equal(t, []int64{18, 21, 23}, m.Row(streammap.Reads).Boundaries(0, 23))
	assert.Equal(t, [2]int{1, 2}, [2]int{m.Count(streammap.Writes), m.Count(streammap.Reads)})
}
