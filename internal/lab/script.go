package lab

import (
	"context"
	"errors"
	"io"
	"sync"
)

// An experiment is a script: whatever fails ends it. So that it reads as what is done and measured, check and must do that
// with a panic of type failure, which never leaves this package: [caught], deferred by every Run function, returns it.
type failure struct{ error }

// check ends the experiment if err is not nil.
func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// must is the value of a call that may fail, and ends the experiment if it did.
func must[T any](v T, err error) T {
	check(err)
	return v
}

// caught makes an error of a failure. Any other panic goes on.
func caught(err *error) {
	switch p := recover().(type) {
	case nil:
	case failure:
		*err = p.error
	default:
		panic(p)
	}
}

// attempt calls f and returns what failed in it.
func attempt(f func()) (err error) {
	defer caught(&err)
	f()
	return nil
}

// together calls functions at the same time, and fails with all their errors once every one has returned.
func together(functions ...func()) {
	errs := make([]error, len(functions))
	var all sync.WaitGroup
	for i, f := range functions {
		all.Go(func() { errs[i] = attempt(f) })
	}
	all.Wait()
	check(errors.Join(errs...))
}

// await waits until something is received from c, or c is closed, and fails when ctx ends first.
func await[T any](ctx context.Context, c <-chan T) T {
	select {
	case v := <-c:
		return v
	case <-ctx.Done():
		panic(failure{ctx.Err()})
	}
}

// unlessEOF is err, but nil for the end of a stream, where it may end.
func unlessEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
