// Package tshark is an oracle for tests: what tshark makes of a capture, and whether this project's own reading of it,
// by internal/capture, internal/wire and internal/decode, is the same. It also makes the captures, with tcpdump.
// It may know all that is to be compared. It must not be imported by anything but tests.
package tshark

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// limit is how long tshark or tcpdump may take; the longest takes some seconds.
const limit = time.Minute

// settings make tshark's answer depend on nothing but the capture: neither on what somebody has set, nor on which port
// the kernel picked, which may be that of another protocol. HTTP finds out by itself what is none of it.
var settings = []string{
	"-n",
	"-o", "tcp.desegment_tcp_streams:TRUE",
	"-o", "tcp.reassemble_out_of_order:TRUE",
	"-o", "tcp.analyze_sequence_numbers:TRUE",
	"-o", "tcp.relative_sequence_numbers:TRUE",
	"-d", "tcp.port==1-65535,http",
}

// run returns what tshark prints of a capture.
func run(t testing.TB, file string, args ...string) []byte {
	t.Helper()
	find(t, "tshark", "tshark")
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tshark", append(append([]string{"-r", file}, settings...), args...)...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir(), "LC_ALL=C")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "%s", &stderr)
	return stdout.Bytes()
}

// find ends a test that cannot be without a program that is not there: see [Missing].
func find(t testing.TB, program, packages string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		Missing(t, program+" is missing: on Debian, apt-get install "+packages)
	}
}

// Missing ends a test that cannot be done here, and says why: it is skipped, but fails in CI, where all must be there.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Program is the command to run tshark with; see [Missing].
func Program(t testing.TB) string {
	t.Helper()
	find(t, "tshark", "tshark")
	return "tshark"
}
