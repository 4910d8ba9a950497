package sock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"echolab/internal/sock"
)

func TestAwaitLooksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		looks := 0
		assert.NoError(t, sock.Await(t.Context(), func() (bool, error) { looks++; return true, nil }))
		assert.Equal(t, 1, looks)
		assert.Zero(t, time.Since(start))
	})
}

func TestAwaitLooksAgainUntilItIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		looks := 0
		assert.NoError(t, sock.Await(t.Context(), func() (bool, error) { looks++; return looks == 11, nil }))
		assert.Equal(t, time.Millisecond, time.Since(start))
	})
}

func TestAwaitReturnsTheErrorsAsTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		broken := errors.New("broken")
		assert.Equal(t, broken, sock.Await(ctx, func() (bool, error) { return false, broken }))
		start := time.Now()
		assert.Equal(t, context.DeadlineExceeded, sock.Await(ctx, func() (bool, error) { return false, nil }))
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestAwaitLooksOnceMoreAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		assert.NoError(t, sock.Await(ctx, func() (bool, error) {
			late := ctx.Err() != nil
			cancel()
			return late, nil
		}))
	})
}
