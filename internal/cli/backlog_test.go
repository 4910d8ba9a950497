package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli"
)

// stuck is a reader's end that takes nothing until it is let go.
type stuck struct {
	bytes.Buffer
	let chan struct{}
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.let
	return s.Buffer.Write(p)
}

func TestABacklogHoldsNobodyUpAndCountsWhatItLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &stuck{let: make(chan struct{})}
		b := cli.NewBacklog(out)
		b.Note = func(lost int) []byte { return fmt.Appendf(nil, "%d left out\n", lost) }
		line := strings.Repeat("x", 999) + "\n"
		const lines = 10_000 // of which some 4,200 have room, and as many again in what is being written
		for range lines {
			n, err := io.WriteString(b, line)
			require.NoError(t, err)
			require.Equal(t, len(line), n)
		}
		close(out.let)
		synctest.Wait()
		io.WriteString(b, "the last\n")
		b.Flush(t.Context())
		shown, lost := 0, 0
		var last string
		for got := range strings.Lines(out.String()) {
			last = got
			if got == line {
				shown++
			} else if n, _ := fmt.Sscanf(got, "%d left out\n", &lost); n == 0 {
				assert.Equal(t, "the last\n", got, "half a line")
			}
		}
		assert.Equal(t, lines, shown+lost)
		assert.Greater(t, shown, 4000)
		assert.Greater(t, lost, 1000)
		assert.Equal(t, "the last\n", last)
	})
}

func TestABacklogThatNobodyReadsEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &stuck{let: make(chan struct{})}
		b := cli.NewBacklog(out)
		io.WriteString(b, "never read\n")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		b.Flush(ctx)
		assert.Equal(t, time.Second, time.Since(began))
		close(out.let)
	})
}

func TestABacklogGoesOnAfterAnError(t *testing.T) {
	b := cli.NewBacklog(full{})
	io.WriteString(b, "lost\n")
	b.Flush(t.Context())
}

func TestTheOutputOfACommandKnowsWhatABacklogCouldNotWrite(t *testing.T) {
	p := newTry()
	p.Program.Stdout = full{}
	status := p.Run(func(p cli.Program) int {
		b := cli.NewBacklog(p.Stdout)
		io.WriteString(b, "lost\n")
		b.Flush(context.Background())
		return cli.OK
	})
	assert.Equal(t, cli.Failed, status)
	assert.Contains(t, p.stderr.String(), errFull.Error())
}
