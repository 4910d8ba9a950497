//go:build !linux

package main

import (
	"context"
	"errors"
)

// namespaces are Linux's.
func namespaces(context.Context) error { return errors.New("network namespaces are Linux only") }
