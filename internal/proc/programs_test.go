package proc_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/proc"
)

// clientResult is the last line of tcpclient -json.
type clientResult struct {
	Ev               string `json:"ev"`
	OK               bool   `json:"ok"`
	MessagesSent     int    `json:"messages_sent"`
	MessagesReceived int    `json:"messages_received"`
	Writes           int    `json:"writes"`
	Reads            int    `json:"reads"`
	BytesSent        int64  `json:"bytes_sent"`
	BytesReceived    int64  `json:"bytes_received"`
}

func resultOf(t *testing.T, out proc.Output) clientResult {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out.Stdout), "\n")
	var r clientResult
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &r), "%s%s", out.Stdout, out.Stderr)
	require.Equal(t, "result", r.Ev)
	return r
}

// codecs are the ways in which the programs mark messages.
var codecs = []string{"raw", "lines", "fixed=16", "length"}

func TestTheProgramsGiveEveryMessageBack(t *testing.T) {
	t.Parallel()
	for _, codec := range codecs {
		server := proc.StartServer(t, "tcpserver", "-codec", codec)
		for _, how := range [][]string{nil, {"-chunk", "1"}, {"-chunk", "7"}, {"-glue"}, {"-nodelay=false"}, {"-read", "4"}} {
			out := proc.Run(t, "tcpclient", append([]string{"-addr", server.Addr, "-codec", codec, "-json"}, how...)...)
			r := resultOf(t, out)
			require.Equal(t, 0, out.Status, "%s %v: %s", codec, how, out.Stderr)
			assert.True(t, r.OK)
			assert.Equal(t, 3, r.MessagesSent)
			assert.Equal(t, r.BytesSent, r.BytesReceived)
			switch {
			case codec != "raw":
				assert.Equal(t, 3, r.MessagesReceived, "%s %v", codec, how)
			case slices.Contains(how, "-read"):
				assert.Equal(t, 9, r.Reads, "33 bytes in reads of at most 4")
			default:
				assert.Equal(t, 1, r.MessagesReceived, "raw keeps no boundary, %v", how)
			}
			if slices.Contains(how, "-glue") {
				assert.Equal(t, 1, r.Writes)
			}
			if slices.Contains(how, "1") {
				assert.EqualValues(t, r.BytesSent, r.Writes)
			}
		}
		assert.Equal(t, 0, server.Stop().Status)
	}
}

// TestTheProgramsCarryThisRepositorysOwnFiles has them all in one stream for each codec: a process for each file would
// cost more time than the bytes.
func TestTheProgramsCarryThisRepositorysOwnFiles(t *testing.T) {
	t.Parallel()
	var all []byte
	for _, path := range sources(t) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		all = append(all, text...)
	}
	file := filepath.Join(t.TempDir(), "all")
	require.NoError(t, os.WriteFile(file, all, 0o600))
	lines := bytes.Count(all, []byte("\n"))
	for codec, overhead := range map[string]int{"raw": 0, "lines": 1, "length": 4} {
		server := proc.StartServer(t, "tcpserver", "-quiet", "-codec", codec)
		r := resultOf(t, proc.Run(t, "tcpclient", "-addr", server.Addr, "-codec", codec, "-file", file, "-json", "-quiet"))
		assert.True(t, r.OK, codec)
		assert.Equal(t, lines, r.MessagesSent, codec)
		if codec != "raw" {
			assert.Equal(t, lines, r.MessagesReceived, codec)
		}
		assert.EqualValues(t, len(all)-lines+overhead*lines, r.BytesReceived, codec)
		assert.Equal(t, 0, server.Stop().Status)
	}
}

// sources are the programs' own files: Go, and what the README is written in.
func sources(t *testing.T) []string {
	var paths []string
	require.NoError(t, filepath.WalkDir(proc.Root(t), func(path string, d fs.DirEntry, err error) error {
		if d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if ext := filepath.Ext(path); err == nil && (ext == ".go" || ext == ".md") && !strings.HasSuffix(path, "_test.go") {
			paths = append(paths, path)
		}
		return err
	}))
	require.NotEmpty(t, paths)
	return paths
}

// many is more than the kernels hold of one connection.
const many = 24 << 20

// random is a stream of the same n bytes for everybody.
func random(n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{1}), n)
}

func TestMuchComesBackThroughTheRawEcho(t *testing.T) {
	t.Parallel()
	server := proc.StartServer(t, "tcpserver", "-quiet")
	conn := dial(t, server.Addr)
	sent := sha256.New()
	go func() {
		io.Copy(conn, io.TeeReader(random(many), sent))
		conn.CloseWrite()
	}()
	received := sha256.New()
	n, err := io.Copy(received, conn) // the end of the echo comes after the end of what was sent
	require.NoError(t, err)
	assert.EqualValues(t, many, n)
	assert.Equal(t, sent.Sum(nil), received.Sum(nil))
	assert.Equal(t, 0, server.Stop().Status)
}

func TestMuchComesBackThroughACodec(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "random")
	f, err := os.Create(path)
	require.NoError(t, err)
	_, err = io.Copy(f, random(many))
	require.NoError(t, err)
	require.NoError(t, f.Close())

	server := proc.StartServer(t, "tcpserver", "-quiet", "-codec", "length")
	r := resultOf(t, proc.Run(t, "tcpclient", "-addr", server.Addr, "-codec", "length", "-file", path, "-json", "-quiet"))
	assert.True(t, r.OK, "tcpclient compares every byte")
	assert.Greater(t, r.MessagesSent, 50_000)
	assert.Equal(t, r.MessagesSent, r.MessagesReceived)

	// The same once more with a client that shares no code with tcpclient.
	conn := dial(t, server.Addr)
	sent := sha256.New()
	go func() {
		defer conn.CloseWrite()
		in := io.TeeReader(random(many), sent)
		for msg := make([]byte, 4+10_000); ; {
			n, _ := io.ReadFull(in, msg[4:])
			binary.BigEndian.PutUint32(msg, uint32(n))
			if _, err := conn.Write(msg[:4+n]); n == 0 || err != nil {
				return
			}
		}
	}()
	received := sha256.New()
	for prefix := make([]byte, 4); ; {
		if _, err := io.ReadFull(conn, prefix); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		_, err := io.CopyN(received, conn, int64(binary.BigEndian.Uint32(prefix)))
		require.NoError(t, err)
	}
	assert.Equal(t, sent.Sum(nil), received.Sum(nil))
	assert.Equal(t, 0, server.Stop().Status)
}

func TestManyClientsAtOnce(t *testing.T) {
	t.Parallel()
	server := proc.StartServer(t, "tcpserver", "-codec", "length")
	var clients []*proc.Process
	for i := range 50 {
		clients = append(clients, proc.Start(t, "tcpclient", nil,
			"-addr", server.Addr, "-codec", "length", "-json", "-quiet", "-message", fmt.Sprintf("client %d", i), "-message", "안녕하세요"))
	}
	for _, c := range clients {
		out := c.Wait()
		r := resultOf(t, out)
		assert.True(t, r.OK, out.Stderr)
		assert.Equal(t, 2, r.MessagesReceived)
	}
	out := server.Stop()
	assert.Equal(t, 0, out.Status)
	assert.Contains(t, out.Stdout, "stopped: 50 connections (0 failed, 0 refused)")
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// pipe is a standard input that stays open until the test is over.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	return r, w
}
