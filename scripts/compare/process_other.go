//go:build !linux

package main

import (
	"math"
	"os/exec"
	"runtime"
)

// endWithUs has no counterpart: when this process is killed, its servers stay.
func endWithUs(*exec.Cmd) {}

// cpu is told by no call that works for any process.
func (p *process) cpu() (float64, error) { return math.NaN(), nil }

// memory is told by no call that works for any process.
func (p *process) memory() (float64, error) { return math.NaN(), nil }

// openFiles is not known before they are opened.
func openFiles() (int, error) { return math.MaxInt, nil }

// system is the processor's kind and the operating system.
func system() string { return runtime.GOARCH + ", " + runtime.GOOS }
