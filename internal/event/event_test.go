package event_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
)

func TestADirectionHasWords(t *testing.T) {
	assert.Equal(t, "client → server", event.ClientToServer.Words())
	assert.Equal(t, "server → client", event.ServerToClient.Words())
	assert.Equal(t, "elsewhere", event.Dir("elsewhere").Words())
}

func TestTeeHandsEveryEventToAll(t *testing.T) {
	var a, b eventtest.List
	tee := event.Tee(nil, &a, nil, &b)
	tee.Record(eventtest.Span(event.Write, 0, "hello"))
	tee.Record(eventtest.Span(event.Write, 5, "!"))
	assert.Equal(t, a.Events, b.Events)
	assert.Len(t, a.Events, 2)
}

func TestTeeLeavesOutWhatIsNotThere(t *testing.T) {
	assert.Nil(t, event.Tee())
	assert.Nil(t, event.Tee(nil, nil))
	one := new(eventtest.List)
	assert.Same(t, one, event.Tee(nil, one))
}
