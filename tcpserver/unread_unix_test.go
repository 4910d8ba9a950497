//go:build unix

package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli"
	"echolab/internal/cli/clitest"
	"echolab/internal/event"
	"echolab/internal/event/eventtest"
)

// untilResult is a Recorder that says when the last line of an account came.
type untilResult struct {
	eventtest.List
	result chan struct{}
}

func (u *untilResult) Record(e event.Event) {
	if u.List.Record(e); e.Ev == "result" {
		close(u.result)
	}
}

// TestAFloodThatNobodyReadsIsCountedAndToldLater: the flood is far more than a pipe takes, and than waits for its reader.
func TestAFloodThatNobodyReadsIsCountedAndToldLater(t *testing.T) {
	t.Parallel() // it waits
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var stderr clitest.Printed
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-json", "-codec", "lines"}, w, &stderr)
	}()
	s := &clitest.Server{Addr: stderr.Await(t, `^listening on (\S+)$`)}
	const messages = 60_000
	flood := strings.Repeat("x\n", messages)
	assert.Equal(t, flood, s.Exchange(t, flood))
	assert.Equal(t, "somebody else\n", s.Exchange(t, "somebody else\n"))
	interrupt()
	select {
	case status := <-ended:
		assert.Equal(t, cli.Failed, status)
	case <-time.After(clitest.Watchdog):
		require.Fail(t, "it does not end")
	}
	assert.Regexp(t, `tcpserver: cannot write the output: nobody read its last [\d,]+ bytes\n`, stderr.String())

	account := &untilResult{result: make(chan struct{})}
	read := make(chan error, 1)
	go func() { read <- event.ReadJSON(r, account) }()
	<-account.result
	w.Close()
	require.NoError(t, <-read, "every line is whole")
	holes := account.All(event.Untold)
	require.Len(t, holes, 1)
	assert.Regexp(t, `[\d,]+ events are left out`, holes[0].Text)
	assert.Less(t, len(account.All(event.Message)), messages)
	assert.NotEmpty(t, account.All(event.Listen), "what came first was told first")
}
