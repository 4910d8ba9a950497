package streammap_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
)

func TestTenMillionSpansTakeAFewMiB(t *testing.T) {
	spans := 10_000_000
	if raceDetector {
		spans /= 10
	}
	before := reachable()
	maps := new(streammap.Maps)
	e := eventtest.Span(event.Read, 0, "hello, world\n")
	for range spans {
		maps.Record(e)
		e.Off += int64(e.N)
	}
	taken := reachable() - before
	m := maps.Map(e.Conn, e.Dir)
	assert.Equal(t, spans, m.Row(streammap.Reads).Count)
	assert.EqualValues(t, 13*spans, m.Size())
	assert.Less(t, taken, int64(3<<20), "bytes that stay reachable")
}

// reachable is how many bytes of the heap are in use after a collection.
func reachable() int64 {
	runtime.GC()
	runtime.GC() // the first may leave what had finalizers
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
