package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// The memory of a server is mostly its idle connections, and those of a handshake are mostly garbage: net/http's, for
// the request. Messages make next to none. So the collector may come more often than by default without a cost that
// shows, and what a burst of handshakes leaves is given back to the system when it is over.
const (
	gcPercent = 25  // Go's default is 100; GOGC in the environment goes before
	burst     = 500 // handshakes that leave something worth giving back: a few MB
	calm      = 250 * time.Millisecond
)

// saveMemory gives back what handshakes leave, until ctx ends. accepted is how many connections there were.
func saveMemory(ctx context.Context, accepted func() int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	tick := time.NewTicker(calm)
	defer tick.Stop()
	given, last := 0, 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := accepted()
		if now == last && now-given >= burst {
			runtime.GC() // what lies in pools needs two
			debug.FreeOSMemory()
			given = now
		}
		last = now
	}
}
