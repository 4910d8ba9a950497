//go:build !linux && !darwin

package sock

import (
	"errors"
	"fmt"
	"runtime"
)

var errSystem = fmt.Errorf("not available on this system (%s): %w", runtime.GOOS, errors.ErrUnsupported)

func inspect(int) (Info, error)     { return Info{}, errSystem }
func unread(int) (int, error)       { return 0, errSystem }
func peek(int, []byte) (int, error) { return 0, errSystem }
func unacked(int) (int, error)      { return 0, errSystem }
func state(int) (string, error)     { return "", errSystem }
func setBacklog(int, int) error     { return errSystem }
