//go:build unix

package cli_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli"
)

func TestAnInterruptEndsTheContext(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		ctx := cli.Interruptible()
		assert.NoError(t, ctx.Err())
		require.NoError(t, syscall.Kill(syscall.Getpid(), signal))
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
			require.Fail(t, "the context goes on", signal)
		}
		assert.Equal(t, context.Canceled, ctx.Err())
	}
}
