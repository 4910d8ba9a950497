package trace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/trace"
)

func TestADirectionHasWords(t *testing.T) {
	assert.Equal(t, "client → server", trace.ClientToServer.Words())
	assert.Equal(t, "server → client", trace.ServerToClient.Words())
	assert.Equal(t, "elsewhere", trace.Dir("elsewhere").Words())
}

func TestTeeHandsEveryEventToAll(t *testing.T) {
	var a, b list
	tee := trace.Tee(nil, &a, nil, &b)
	tee.Record(span(trace.Write, 0, "hello"))
	tee.Record(span(trace.Write, 5, "!"))
	assert.Equal(t, a.events, b.events)
	assert.Len(t, a.events, 2)
}

func TestTeeLeavesOutWhatIsNotThere(t *testing.T) {
	assert.Nil(t, trace.Tee())
	assert.Nil(t, trace.Tee(nil, nil))
	one := new(list)
	assert.Same(t, one, trace.Tee(nil, one))
}
