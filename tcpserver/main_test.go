package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"echolab/internal/cli/clitest"
	"echolab/internal/server"
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

func TestTheDefaultsAreThoseOfTheServer(t *testing.T) {
	status, help, _ := once(t, "-h")
	assert.Equal(t, 0, status)
	assert.Contains(t, help, `(default "127.0.0.1:9000")`)
	assert.Equal(t, 64<<10, server.DefaultReadBuffer)
	for _, value := range []string{"(default 65536)", "(default 1048576)", "(default 1024)", "(default 5m0s)"} {
		assert.Contains(t, clitest.Unfolded(help), value)
	}
}
