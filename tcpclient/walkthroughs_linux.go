package main

import (
	"context"
	"errors"
	"os/exec"
	"syscall"
)

// namespaces tries to make a network namespace.
func namespaces(ctx context.Context) error {
	inside := exec.CommandContext(ctx, "true")
	inside.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if err := inside.Run(); err != nil {
		return errors.New("network namespaces may not be made here; as root they may")
	}
	return nil
}
