package serve

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/server"
)

func TestTheAccountNamesTheFlagOfALimit(t *testing.T) {
	for limit, flag := range map[server.Limit]string{
		server.LimitIdle: "-idle-timeout", server.LimitWrite: "-write-timeout", server.LimitPong: "-pong-wait",
		server.LimitConns: "-max-conns", server.LimitOrigins: "-origin",
	} {
		err := fmt.Errorf("somewhere: %w", &server.LimitError{Limit: limit, Text: "too long"})
		assert.Equal(t, "somewhere: too long ("+flag+")", explain(err))
	}
	assert.Equal(t, "reset", explain(errors.New("reset")))
}
