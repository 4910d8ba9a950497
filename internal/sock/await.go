package sock

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"echolab/internal/text"
)

// pause is the time from one look to the next: long beside a look (about a microsecond), short beside a test.
const pause = 100 * time.Microsecond

// Await returns nil as soon as cond reports true, or cond's error as it is, or ctx.Err() as it is once ctx has ended.
// It looks at once, then about ten thousand times a second, and one last time after the end of ctx, so that a program
// that got no processor for a while does not miss what has happened. It calls cond from the caller's goroutine.
func Await(ctx context.Context, cond func() (bool, error)) error {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		end := ctx.Err() // before the look, so that one look comes after the end
		if ok, err := cond(); ok || err != nil {
			return err
		}
		if end != nil {
			return end
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// AwaitUnread waits until at least n bytes lie in the receive queue of c, see [Unread]. Once ctx has ended, the error
// wraps ctx.Err() and says how many there were.
func AwaitUnread(ctx context.Context, c any, n int) error {
	there := 0
	return await(ctx, func() (ok bool, err error) {
		there, err = Unread(c)
		return there >= n, err
	}, func() string {
		return fmt.Sprintf("%s: %d were there", text.Count(n, "unread byte", "unread bytes"), there)
	})
}

// AwaitState waits until the TCP state of c is one of states, such as [StateCloseWait]. Once ctx has ended, the error
// wraps ctx.Err() and names the state that there was.
func AwaitState(ctx context.Context, c any, states ...string) error {
	there := ""
	return await(ctx, func() (ok bool, err error) {
		there, err = State(c)
		return slices.Contains(states, there), err
	}, func() string {
		return fmt.Sprintf("%s: it was %s", strings.Join(states, " or "), there)
	})
}

// await is Await, and says what it waited for if ctx ended.
func await(ctx context.Context, cond func() (bool, error), what func() string) error {
	err := Await(ctx, cond)
	if err != nil && err == ctx.Err() { // itself: the questions wrap their errors
		err = fmt.Errorf("sock: waiting for %s: %w", what(), err)
	}
	return err
}
