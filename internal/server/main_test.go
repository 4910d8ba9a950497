package server_test

import (
	"os"
	"testing"

	"echolab/internal/labtest"
)

// beServer makes a process of its own out of the test program, for the benchmark. It is nil where there is none.
var beServer func(kind string)

// serverEnv says which server the process is to be.
const serverEnv = "ECHO_TEST_SERVER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(serverEnv); kind != "" && beServer != nil {
		beServer(kind)
		return
	}
	labtest.Main(m)
}

// either runs a test with an account and without: the server has a way of its own to read when nobody looks.
func either(t *testing.T, test func(t *testing.T, rec *labtest.Account)) {
	t.Run("quiet", func(t *testing.T) { test(t, nil) })
	t.Run("with an account", func(t *testing.T) { test(t, new(labtest.Account)) })
}
