package serve

import (
	"errors"
	"fmt"

	"echolab/internal/server"
)

// flags are the flags that set the server's limits.
var flags = map[server.Limit]string{
	server.LimitIdle:    "-idle-timeout",
	server.LimitWrite:   "-write-timeout",
	server.LimitPong:    "-pong-wait",
	server.LimitConns:   "-max-conns",
	server.LimitOrigins: "-origin",
}

// explain adds to the text of an error the flag that could change it.
func explain(err error) string {
	var met *server.LimitError
	if errors.As(err, &met) {
		return fmt.Sprintf("%v (%s)", err, flags[met.Limit])
	}
	return err.Error()
}
