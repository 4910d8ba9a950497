//go:build !linux

package main

import (
	"os/exec"
	"runtime"
	"time"
)

// endWithUs has no counterpart: after a kill of this process a wsserver stays.
func endWithUs(*exec.Cmd) {}

// cpu is told by no call that works for any process.
func (p *process) cpu() (time.Duration, error) { return 0, errNotAvailable }

// memory is told by no call that works for any process.
func (p *process) memory() (int64, error) { return 0, errNotAvailable }

// raiseFiles leaves the limit as it is: Go raises it as far as it may.
func raiseFiles(n int) (int, error) { return n, nil }

// machine is the system, how many processors it has, and the Go release.
func machine() string { return machineText(runtime.GOARCH, runtime.GOOS) }
