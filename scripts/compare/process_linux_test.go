package main

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// own is the processor time that the kernel charges to this process.
func own(t *testing.T) time.Duration {
	t.Helper()
	var usage unix.Rusage
	require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestTheProcessorTimeIsThatOfAllThreads(t *testing.T) {
	before, err := self.cpu()
	require.NoError(t, err)
	const work = 50 * time.Millisecond
	from := own(t)
	for done := make(chan bool); own(t) < from+work; {
		go func() { // on whatever thread
			for range 1_000_000 {
			}
			done <- true
		}()
		<-done
	}
	after, err := self.cpu()
	require.NoError(t, err)
	// The kernel accounts to a thread that runs with each tick only: some of the work may be missing.
	assert.Greater(t, after-before, float64(work/2))
}

func TestTheProcessorTimeOfNoProcessIsAnError(t *testing.T) {
	gone := exec.Command("true")
	require.NoError(t, gone.Run())
	_, err := (&process{cmd: gone}).cpu()
	assert.ErrorIs(t, err, unix.EINVAL)
	_, err = (&process{cmd: gone}).memory()
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestResidentSizeIsReadInPages(t *testing.T) {
	size, err := residentSize("9999 1234 56 1 0 78 0\n")
	require.NoError(t, err)
	assert.Equal(t, float64(1234*os.Getpagesize()), size)
	for _, statm := range []string{"", "9999", "9999 x 56", "9999 -1 56", "9999 99999999999999999999 56", "0 0 0 0 0 0 0\n"} {
		_, err := residentSize(statm)
		assert.Error(t, err, statm)
	}
}

func TestTheProcessorHasAName(t *testing.T) {
	info := "processor\t: 0\nmodel\t\t: 97\nmodel name\t: Zilog Z80 @ 4MHz: fast\n"
	assert.Equal(t, "Zilog Z80 @ 4MHz: fast", processorModel([]byte(info)))
	assert.Equal(t, "unknown processor", processorModel(nil))
}
