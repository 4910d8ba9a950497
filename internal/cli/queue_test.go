package cli_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli"
	"echolab/internal/event"
	"echolab/internal/event/eventtest"
)

// queueRoom is the most that waits in a Queue.
const queueRoom = 4 << 20

func countHole(writes int) []byte { return fmt.Appendf(nil, "%d are missing\n", writes) }

// row is a line of 1,000 bytes.
func row(n int) string { return fmt.Sprintf("%0999d\n", n) }

func TestWhoWritesToAQueueDoesNotWaitForItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		q := cli.NewQueue(w, countHole)
		const all = 2 * queueRoom / 1000
		for n := range all {
			_, err := io.WriteString(q, row(n))
			require.NoError(t, err)
		}
		_, _ = io.WriteString(q, "short enough for what room is left, and too late\n")
		in := bufio.NewReader(r)
		next := func() string {
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			return line
		}
		const told = queueRoom / 1000
		for n := range told {
			require.Equal(t, row(n), next(), "in order, and whole")
		}
		assert.Equal(t, fmt.Sprintf("%d are missing\n", all-told+1), next())
		_, _ = io.WriteString(q, row(7))
		assert.Equal(t, row(7), next(), "there is room again")
		synctest.Wait()
		assert.NoError(t, q.Flush(0))
	})
}

func TestAQueueLosesNothingOfWhatHasRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		q := cli.NewQueue(w, countHole)
		go func() {
			for n := range 3 * queueRoom / 1000 {
				_, _ = io.WriteString(q, row(n))
				time.Sleep(time.Millisecond) // of the bubble: the reader is behind, and never by 4 MiB
			}
			_ = q.Flush(time.Hour)
			w.Close()
		}()
		in := bufio.NewScanner(r)
		n := 0
		for ; in.Scan(); n++ {
			require.Equal(t, row(n), in.Text()+"\n")
			time.Sleep(1300 * time.Microsecond)
		}
		assert.Equal(t, 3*queueRoom/1000, n)
	})
}

func TestWhatAProgramSaysLastHasRoomInAFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		q := cli.NewQueue(w, countHole)
		for n := range queueRoom/1000 + 5 {
			_, _ = io.WriteString(q, row(n))
		}
		q.Last()
		_, _ = io.WriteString(q, row(7))
		began := time.Now()
		assert.ErrorContains(t, q.Flush(5*time.Second), "nobody read its last 4,1", "4 MiB and a little")
		assert.Equal(t, 5*time.Second, time.Since(began))

		read := make(chan string)
		go func() {
			b, _ := io.ReadAll(r)
			read <- string(b)
		}()
		require.NoError(t, q.Flush(time.Second))
		w.Close()
		assert.True(t, strings.HasSuffix(<-read, "\n5 are missing\n"+row(7)))
	})
}

func TestAWriteThatIsLargerThanAQueueIsNotLostForThat(t *testing.T) {
	var out bytes.Buffer
	q := cli.NewQueue(&out, countHole)
	large := strings.Repeat("x", queueRoom+1) + "\n"
	_, _ = io.WriteString(q, large)
	require.NoError(t, q.Flush(time.Minute))
	assert.Equal(t, len(large), out.Len())
}

// writes keeps what is written at once; the first write waits.
type writes struct {
	first chan struct{}
	all   []string
}

func (w *writes) Write(b []byte) (int, error) {
	<-w.first
	w.all = append(w.all, string(b))
	return len(b), nil
}

// A program that is ended while nobody reads leaves a pipe whose last write went in whole, or not at all: so it must be
// whole lines, and no more than a pipe takes in one go.
func TestAQueueWritesWholeLinesThatAPipeTakesAtOnce(t *testing.T) {
	w := &writes{first: make(chan struct{})}
	q := cli.NewQueue(w, countHole)
	long := strings.Repeat("y", 5000) + "\n"
	var said string
	for n := range 20 {
		for _, line := range []string{row(n), long, "short\n"} {
			_, _ = io.WriteString(q, line)
			said += line
		}
	}
	close(w.first)
	require.NoError(t, q.Flush(time.Minute))
	assert.Equal(t, said, strings.Join(w.all, ""))
	for _, b := range w.all {
		assert.True(t, strings.HasSuffix(b, "\n"))
		assert.True(t, len(b) <= 4096 || b == long, "%d bytes", len(b))
	}
	assert.Less(t, len(w.all), 45, "lines go together")
}

func TestAQueueToADiskWithoutRoomIsAFailure(t *testing.T) {
	p := newTry()
	p.Stdout = full{}
	assert.Equal(t, cli.Failed, p.Run(func(p cli.Program) int {
		q := cli.NewQueue(p.Stdout, countHole)
		fmt.Fprintln(q, "the answer")
		assert.NoError(t, q.Flush(time.Minute), "it waits for no reader")
		return cli.OK
	}))
	assert.Contains(t, p.stderr.String(), errFull.Error())
}

func TestAHoleIsALineOfTheAccount(t *testing.T) {
	assert.Equal(t, "untold   nobody read this in time: 1,234 events are left out here\n", string(cli.Hole(false)(1234)))
	read := new(eventtest.List)
	require.NoError(t, event.ReadJSON(bytes.NewReader(cli.Hole(true)(1)), read))
	require.Len(t, read.Events, 1)
	assert.Equal(t, event.Untold, read.Events[0].Ev)
	assert.Contains(t, read.Events[0].Text, "1 event is")
}

// Every event is left out whole, or not at all.
func TestEveryEventIsOneWrite(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		w := &writes{first: make(chan struct{})}
		close(w.first)
		rec, _ := cli.Program{Stdout: w}.Account(asJSON, false)
		for _, kind := range eventtest.Kinds {
			rec.Record(event.Event{Ev: kind, Text: strings.Repeat("more than one line of words ", 20),
				Bytes: []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Sock: eventtest.Info()})
		}
		assert.Len(t, w.all, len(eventtest.Kinds))
	}
}
