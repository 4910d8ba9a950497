//go:build !linux

package netns

import (
	"context"
	"errors"
	"os/exec"
)

// Command returns an error: only Linux has network namespaces.
func Command(context.Context, string, ...string) (*exec.Cmd, error) {
	return nil, errors.New("netns: only Linux has network namespaces")
}
