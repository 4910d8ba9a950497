package main

import (
	"testing"

	"go.uber.org/goleak"

	"echolab/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func start(t *testing.T, args ...string) *clitest.Server {
	t.Helper()
	return clitest.Start(t, run, args...)
}

func once(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return clitest.Once(t, run, args...)
}
