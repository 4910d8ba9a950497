package strace_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/strace"
	"echolab/internal/strace/stracetest"
)

// traced is set in the process that the tests run under strace: this one once more.
const traced = "ECHOLAB_TRACED"

func TestMain(m *testing.M) {
	if os.Getenv(traced) == "" {
		os.Exit(m.Run())
	}
	if err := talk(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// What talk sends: two buffers in one call, then bytes of every kind in another.
const (
	buffers = "two buffers"
	every   = "\x00\a\n\"\\\xff안) = 7 <unfinished ...>, and many, many more"
)

// talk sends something to itself.
func talk() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	server, err := l.Accept()
	if err != nil {
		return err
	}
	_ = server.SetDeadline(time.Now().Add(10 * time.Second))
	_, err = (&net.Buffers{[]byte(buffers[:4]), []byte(buffers[4:])}).WriteTo(client)
	_, err2 := io.WriteString(client, every)
	_, err3 := io.ReadFull(server, make([]byte, len(buffers+every)))
	return errors.Join(err, err2, err3, client.Close(), server.Close(), l.Close())
}

func TestARealTraceIsReadWithAnyOfTheFlags(t *testing.T) {
	for _, flags := range []string{"", "-T", "-v", "-y", "-yy", "-x", "-xx", "-s 5", "-s 1000 -yy -xx -T"} {
		t.Run(flags, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "run.strace")
			cmd := stracetest.Command(t, file, strings.Fields(flags), os.Args[0])
			cmd.Env = append(os.Environ(), traced+"=1")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			f, err := os.Open(file)
			require.NoError(t, err)
			defer f.Close()
			rec, err := strace.Read(f)
			require.NoError(t, err)

			kept := 32
			switch {
			case strings.Contains(flags, "-s 5"):
				kept = 5
			case strings.Contains(flags, "-s 1000"):
				kept = 1000
			}
			client, server := ends(t, rec)
			carries(t, client.Writes, kept)
			carries(t, server.Reads, kept)
			assert.Len(t, client.Writes, 2)
			assert.Equal(t, "writev", client.Writes[0].Name)
			for _, s := range []*strace.Socket{client, server, server.Listener} {
				assert.Equal(t, "close", s.Calls[len(s.Calls)-1].Name)
			}
		})
	}
}

// ends are the sockets at the two ends of the only connection.
func ends(t *testing.T, rec *strace.Recording) (client, server *strace.Socket) {
	t.Helper()
	for _, s := range rec.Sockets {
		if s.Listener != nil {
			server = s
		} else if slices.ContainsFunc(s.Calls, func(c *strace.Call) bool { return c.Name == "connect" }) {
			client = s
		}
	}
	require.NotNil(t, server)
	require.NotNil(t, client)
	assert.Equal(t, addr(t, server.Listener, "getsockname"), addr(t, client, "connect"))
	assert.Equal(t, addr(t, client, "getsockname"), addr(t, server, "accept4"))
	return client, server
}

// addr is the address in the socket's only call of that name.
func addr(t *testing.T, s *strace.Socket, name string) netip.AddrPort {
	t.Helper()
	var found []netip.AddrPort
	for _, c := range s.Calls {
		if c.Name == name {
			found = append(found, c.Addr())
		}
	}
	require.Len(t, found, 1, name)
	require.True(t, found[0].IsValid(), name)
	return found[0]
}

// carries holds the calls against the bytes that the stream had where they say.
func carries(t *testing.T, calls []*strace.Call, kept int) {
	t.Helper()
	const stream = buffers + every
	var at int64
	for _, c := range calls {
		require.Equal(t, at, c.Off)
		want := stream[at:][:min(int(c.Value), kept)]
		if c.Name == "writev" {
			want = want[:min(4, kept)] // the first buffer
		}
		assert.Equal(t, want, string(c.Data()), c)
		at += c.Value
	}
	assert.EqualValues(t, len(stream), at)
}
