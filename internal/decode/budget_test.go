package decode

import (
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/deflate"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/text/texttest"
	"echolab/internal/websocket"
)

// within is a Conversation that shares the budgets.
func within(b *budgets, codec framing.Codec) (*Conversation, *tape) {
	t := &tape{}
	c := New(1, codec, t)
	c.budgets = b
	return c, t
}

func (b *budgets) full() bool {
	return b.held.left.Load() == b.held.most && b.windows.left.Load() == b.windows.most
}

func TestWhatConnectionsHoldTogetherIsBounded(t *testing.T) {
	long := strings.Repeat("x", 60_000)
	for name, c := range map[string]struct {
		codec framing.Codec
		begin []byte
		lost  string // what else is told of a stream that is given up
	}{
		"heads":               {nil, []byte("GET / HTTP/1.1\r\nX: " + long), ""},
		"heads with a body":   {nil, []byte("POST / HTTP/1.1\r\nContent-Length: 9\r\nX: " + long + "\r\n\r\n"), ""},
		"waiting for the 101": {nil, join(asking, frameOf(ws.OpBinary, true, true, long)), "request message"},
		"masked frames":       {framing.WebSocket{}, frameOf(ws.OpBinary, true, true, long)[:60_000], ""},
		"fragments":           {framing.WebSocket{}, frameOf(ws.OpBinary, false, true, long), ""},
		"messages":            {framing.Lines{}, []byte(long), ""},
	} {
		t.Run(name, func(t *testing.T) {
			budgets := newBudgets(1<<20, 1<<20)
			var all []*Conversation
			givenUp := 0
			for range 40 {
				conversation, told := within(budgets, c.codec)
				off := int64(0)
				feed(conversation, c2s, &off, c.begin)
				all = append(all, conversation)
				assert.GreaterOrEqual(t, budgets.held.left.Load(), int64(0))
				if failed := told.texts(c2s, event.Failed); len(failed) > 0 {
					givenUp++
					assert.Regexp(t, `^[^|]* 1,048,576 bytes\b[^|]*not decoded[^|]* offset [\d,]+[^|]*$`, strings.Join(failed, "|"))
					var kinds []string
					for _, e := range *told {
						if e.Ev != event.Failed {
							kinds = append(kinds, string(e.Ev))
						}
					}
					assert.Equal(t, c.lost, strings.Join(kinds, " "))
				}
			}
			assert.Greater(t, givenUp, 20)
			assert.Less(t, givenUp, 40)
			for _, conversation := range all {
				conversation.End(noon, c2s)
				conversation.End(noon, s2c)
			}
			assert.True(t, budgets.full(), "the end gives all of it back")
		})
	}
}

func TestTheServerIsUnderstoodWhereTheClientIsGivenUp(t *testing.T) {
	budgets := newBudgets(4096, 4096)
	c, told := within(budgets, nil)
	asked, answered := int64(0), int64(0)
	feed(c, c2s, &asked, asking)
	feed(c, c2s, &asked, frameOf(ws.OpBinary, true, true, strings.Repeat("x", 10_000)))
	feed(c, s2c, &answered, join(accepting, echoed))
	assert.Len(t, told.texts(c2s, event.Failed), 1)
	assert.Len(t, told.of(s2c, event.Upgrade), 1)
	assert.Equal(t, "hello", string(told.of(s2c, event.Message)[0].Bytes))
	feed(c, c2s, &asked, hello)
	c.End(noon, s2c)
	c.End(noon, c2s)
	assert.True(t, budgets.full())
}

func TestTheClientIsUnderstoodWhereTheServerIsGivenUp(t *testing.T) {
	budgets := newBudgets(4096, 4096)
	c, told := within(budgets, nil)
	asked, answered := int64(0), int64(0)
	feed(c, s2c, &answered, join(accepting, frameOf(ws.OpBinary, true, false, strings.Repeat("x", 10_000))))
	assert.Len(t, told.texts(s2c, event.Failed), 1)
	feed(c, c2s, &asked, []byte("GET / HTTP/1.1\r\n\r\n"))
	assert.Len(t, told.of(c2s, event.Message), 1)
	c.End(noon, c2s)
	c.End(noon, s2c)
	assert.True(t, budgets.full())
}

func TestUnansweredRequestsAreCountedUntilNoneIsAnswered(t *testing.T) {
	budgets := newBudgets(10*requestSize, 0)
	c, told := within(budgets, nil)
	off := int64(0)
	feed(c, c2s, &off, []byte(strings.Repeat("GET / HTTP/1.1\r\n\r\n", 9)))
	assert.Empty(t, told.of(c2s, event.Failed))
	c.End(noon, c2s)
	assert.False(t, budgets.full())
	c.End(noon, s2c)
	assert.True(t, budgets.full())
}

func TestWindowsAreBoundedTogether(t *testing.T) {
	budgets := newBudgets(1<<20, 40<<10)
	p, _, err := deflate.Agree([]string{"permessage-deflate"})
	require.NoError(t, err)
	w, _ := p.Server()
	once, again := packed(t, w, false, 1<<30, strings.Repeat("x", 32<<10)), packed(t, w, false, 1<<30, "hello")
	var all []*Conversation
	for i := range 2 {
		c, told := within(budgets, nil)
		all = append(all, c)
		asked, off := int64(0), int64(0)
		feed(c, c2s, &asked, asking)
		feed(c, s2c, &off, join(websocket.Response(key, "permessage-deflate"), once, again, again))
		assert.Len(t, told.of(s2c, event.Frame), 3)
		if i == 0 {
			assert.Empty(t, told.of(s2c, event.Failed))
			continue
		}
		failed := told.texts(s2c, event.Failed)
		assert.Len(t, failed, 1, "it is said once")
		texttest.Mentions(t, failed[0], "not inflated … more than 40,960 bytes … nor … follow")
		assert.Equal(t, []string{"not inflated", "not inflated", "not inflated"}, told.texts(s2c, event.Message))
	}
	for _, c := range all {
		c.End(noon, s2c)
		c.End(noon, c2s)
	}
	assert.True(t, budgets.full())
}

func TestAnIdleCompressedConnectionHoldsOnlyItsWindow(t *testing.T) {
	b, _ := compressedOf(t, "permessage-deflate", strings.Repeat("x", 40_000))
	budgets := newBudgets(64<<20, 64<<20)
	const connections = 200
	all := make([]*Conversation, connections)
	var told count
	before := labtest.Heap()
	for i := range all {
		all[i] = New(1, nil, &told)
		all[i].budgets = budgets
		asked, off := int64(0), int64(0)
		feed(all[i], c2s, &asked, asking)
		feed(all[i], s2c, &off, b)
	}
	assert.Less(t, labtest.Heap(), before+connections*(32<<10+8<<10))
	for _, c := range all {
		c.End(noon, s2c)
		c.End(noon, c2s)
	}
	assert.True(t, budgets.full())
}
