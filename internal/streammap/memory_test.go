package streammap_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/labtest"
	"echolab/internal/streammap"
)

func TestTenMillionSpansTakeAFewMiB(t *testing.T) {
	spans := 10_000_000
	if labtest.UnderRace {
		spans /= 10
	}
	before := labtest.Heap()
	maps := new(streammap.Maps)
	e := eventtest.Span(event.Read, 0, "hello, world\n")
	for range spans {
		maps.Record(e)
		e.Off += int64(e.N)
	}
	taken := labtest.Heap() - before
	m := maps.Map(e.Conn, e.Dir)
	assert.Equal(t, spans, m.Row(streammap.Reads).Count)
	assert.EqualValues(t, 13*spans, m.Size())
	assert.Less(t, taken, int64(3<<20), "bytes that stay reachable")
}
