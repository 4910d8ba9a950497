package server_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/server"
)

// A ledger is an account of which only the sums are kept, and every kind of complaint.
type ledger struct {
	mu         sync.Mutex
	count      map[event.Kind]int
	complaints map[string]int
}

func newLedger() *ledger {
	return &ledger{count: make(map[event.Kind]int), complaints: make(map[string]int)}
}

var particulars = regexp.MustCompile(`\d+(\.\d+)?|"[^"]*"`)

func (l *ledger) Record(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Conn > 0 {
		l.count[e.Ev]++
	}
	if e.Ev == event.Failed {
		l.complaints[particulars.ReplaceAllString(e.Text, "N")]++
	}
}

// What the account complains of must be one of these. Those in must are met by some client in any case.
var (
	must = []string{
		"nothing came for", "took nothing for", "a message of N bytes is over the limit",
		"a message of N or more bytes is over the limit", // found out while inflating it
		"TLS: context deadline exceeded", "inside a message, without a Close", "RFC N",
	}
	may = []string{"TLS: ", "connection reset by peer", "broken pipe"}
)

// check holds the account against what the server itself counts.
func (l *ledger) check(t *testing.T, stats server.Stats) {
	assert.Equal(t, stats.Conns, l.count[event.Accept], "accepted")
	assert.Equal(t, stats.Conns, l.count[event.Close], "closed")
	assert.Equal(t, stats.Conns, l.count[event.End]+l.count[event.Failed], "ended or failed")
	assert.Equal(t, stats.Failed, l.count[event.Failed], "failed")
	known := slices.Concat(must, may)
	for _, text := range slices.Sorted(maps.Keys(l.complaints)) {
		t.Logf("%5d %s", l.complaints[text], text)
		isKnown := slices.ContainsFunc(known, func(s string) bool { return strings.Contains(text, s) })
		assert.True(t, isKnown, "a complaint of no known kind: %s", text)
		assert.NotContains(t, text, "panic")
	}
	if *chaosClient >= 0 || chaosLasts() < 20*time.Second {
		return // too few of each kind for a promise
	}
	all := strings.Join(slices.Collect(maps.Keys(l.complaints)), "\n")
	for _, s := range must {
		assert.Contains(t, all, s, "a limit that nobody met")
	}
}
