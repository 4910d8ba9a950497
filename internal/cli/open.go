package cli

import (
	"context"
	"os"
	"time"
)

// Open is os.Open that ends with ctx, as reads of the file do: a FIFO opens only once somebody writes into it, and whoever
// does may take his time.
func Open(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		*os.File
		error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.Open(name)
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		if o.error == nil {
			context.AfterFunc(ctx, func() { _ = o.SetReadDeadline(time.Unix(1, 0)) }) // of a file that knows deadlines
		}
		return o.File, o.error
	case <-ctx.Done():
		go func() { // somebody may come to write
			if o := <-done; o.error == nil {
				o.Close()
			}
		}()
		return nil, ctx.Err()
	}
}
