// Package tshark is an oracle for tests: what tshark makes of a capture, and whether this project's own reading of it,
// by internal/capture, internal/wire and internal/decode, is the same. It also makes the captures, with tcpdump.
// It may know all that is to be compared. It must not be imported by anything but tests.
package tshark

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// Join makes one capture of several, whose packets follow each other: tshark takes longer to begin than to read. It is
// done by mergecap, which comes with tshark; the links of the captures may differ.
func Join(t testing.TB, files ...string) (file string) {
	t.Helper()
	find(t, "mergecap", "tshark")
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	file = filepath.Join(t.TempDir(), "joined.pcapng")
	out, err := exec.CommandContext(ctx, "mergecap", append([]string{"-a", "-w", file}, files...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return file
}

// Fields returns what tshark says of the TCP packets of a capture: the first value of each of the fields, as it shows it.
func Fields(t testing.TB, file string, fields ...string) (packets [][]string) {
	t.Helper()
	args := []string{"-Y", "tcp", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"}
	for _, field := range fields {
		args = append(args, "-e", field)
	}
	for line := range strings.Lines(string(run(t, file, args...))) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, values, len(fields), line)
		packets = append(packets, values)
	}
	return packets
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
