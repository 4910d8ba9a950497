package main

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/server"
)

func TestTheLabInTwoCommands(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("whether one read returns it all is known only where the kernel tells what has come, and this is " + runtime.GOOS)
	}
	addr := webServer(t, new(server.Web))
	raw := runClient(t, addr, "-glue", "-quiet")
	assert.Equal(t, "3 messages sent in 1 write; 1 read returned all 33 bytes: raw TCP kept no boundary.", unfolded(raw.stdout))
	frames := runClient(t, addr, "-ws", "-glue", "-quiet")
	assert.Equal(t, "3 messages sent in 1 write; 1 read returned all 39 bytes, and the frames in it gave back 3 messages. The Close took 1 write and 1 read more.",
		unfolded(frames.stdout))
	assert.Empty(t, raw.stderr+frames.stderr)
}

func TestTheAccountOfAWebSocketFitsATerminal(t *testing.T) {
	addr := webServer(t, &server.Web{Deflate: true})
	for _, args := range [][]string{{}, {"-glue"}, {"-fragment", "8", "-ping"}, {"-compress"}, {"-chunk", "5", "-read", "7"}} {
		r := runClient(t, append(args, addr, "-ws")...)
		assert.Equal(t, 0, r.status, r.stderr)
		for line := range strings.Lines(r.stdout) {
			assert.LessOrEqual(t, columns(strings.TrimSuffix(line, "\n")), 80, line)
		}
		for _, part := range []string{"request ", "GET /ws HTTP/1.1", "response ", "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", "SHA-1 = ",
			"frame ", "masked", "code 1000", "after the handshake's", "closes first", "closes second", "gave back 3 messages"} {
			assert.Contains(t, unfolded(r.stdout), part)
		}
	}
}

// TestTheMapsAndTheVerdictCountTheSame: what the verdict says of the messages, and of the Close, is what the maps have.
func TestTheMapsAndTheVerdictCountTheSame(t *testing.T) {
	addr := webServer(t, new(server.Web))
	counts := regexp.MustCompile(`(\d+) (write|read)s?\b`)
	for _, args := range [][]string{{}, {"-glue"}, {"-fragment", "4"}, {"-ping"}, {"-chunk", "1"}, {"-read", "5"}} {
		r := runClient(t, append(args, addr, "-ws")...)
		drawn, said := map[string]int{}, map[string]int{}
		for line := range strings.Lines(r.stdout) {
			if m := counts.FindStringSubmatch(line); m != nil && strings.HasPrefix(line, m[0]+" ") {
				drawn[m[2]] = atoi(t, m[1])
			}
		}
		out := unfolded(r.stdout)
		for _, m := range counts.FindAllStringSubmatch(out[strings.LastIndex(out, " sent in "):], -1) {
			said[m[2]] += atoi(t, m[1])
		}
		assert.Len(t, drawn, 2, r.stdout)
		assert.Equal(t, drawn, said, out)
	}
}

func atoi(t *testing.T, digits string) int {
	t.Helper()
	n, err := strconv.Atoi(digits)
	require.NoError(t, err)
	return n
}

// columns is how wide a line is; characters of Hangul take two.
func columns(line string) (n int) {
	for _, r := range line {
		n++
		if r >= 0xac00 && r <= 0xd7a3 {
			n++
		}
	}
	return n
}

func TestTheResultOfAWebSocketInJSON(t *testing.T) {
	addr := webServer(t, new(server.Web))
	last := runClient(t, addr, "-ws", "-json", "-ping", "-close", "3000", "-compress").result(t)
	assert.Positive(t, last["reads"])
	delete(last, "reads")
	delete(last, "verdict")
	assert.Equal(t, map[string]any{
		"ev": "result", "ok": true, "messages_sent": 3.0, "messages_received": 3.0, "writes": 3.0, "bytes_sent": 75.0,
		"bytes_received": 55.0, "websocket": true, "frames_sent": 6.0, "frames_received": 6.0, "pings": 2.0, "pongs": 2.0,
		"close_sent": 3000.0, "close_received": 3000.0, "declined": true,
	}, last)
}

func TestMisuseOfTheFlagsForWebSocketIsNamed(t *testing.T) {
	for args, says := range map[string]string{
		"-ping":                         "-ping needs -ws",
		"-fragment 3":                   "-fragment needs -ws",
		"-close 1001":                   "-close needs -ws",
		"-compress":                     "-compress needs -ws",
		"-insecure":                     "-insecure needs -tls",
		"-ca x":                         "-ca needs -tls",
		"-ws -insecure":                 "-insecure needs -tls",
		"-ws -codec lines":              "-ws and -codec cannot be combined",
		"-ws -codec raw":                "-ws and -codec cannot be combined",
		"-tls -ca x -insecure":          "-ca and -insecure cannot be combined",
		"-ws -fragment -1":              "-fragment -1: it must be 0 or more",
		"-ws -close 0":                  "-close 0: a Close may carry 1000 to 1003, 1007 to 1014, and 3000 to 4999",
		"-ws -close 999":                "-close 999: ",
		"-ws -close 1004":               "-close 1004: ",
		"-ws -close 1005":               "-close 1005: ",
		"-ws -close 1006":               "-close 1006: ",
		"-ws -close 1015":               "-close 1015: ",
		"-ws -close 2000":               "-close 2000: ",
		"-ws -close 5000":               "-close 5000: ",
		"-ws -close 66536":              "-close 66536: ", // 1000, in 16 bits
		"-ws -close x":                  `invalid value "x" for flag -close`,
		"-ws -chunk 3 -glue":            "-chunk and -glue cannot be combined",
		"-tls=false -insecure -ws=true": "-insecure needs -tls",
	} {
		r := runClient(t, strings.Fields(args)...)
		assert.Equal(t, 2, r.status, args)
		assert.Contains(t, r.stderr, says)
		assert.Empty(t, r.stdout)
	}
}

func TestNobodyListeningForAWebSocket(t *testing.T) {
	addr := nobody(t)
	at := strings.TrimPrefix(addr, "-addr=")
	assert.Contains(t, runClient(t, addr, "-ws").stderr, `"go run ./wsserver -addr `+at+`"`)
	assert.Contains(t, runClient(t, addr, "-tls").stderr, `"go run ./wsserver -tls self-signed -addr `+at+`"`)
}

// certificatePEM is a server's certificate as a file has it.
func certificatePEM(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func TestTLSIsVerifiedUnlessToldOtherwise(t *testing.T) {
	other := httptest.NewTLSServer(nil) // only for its certificate
	defer other.Close()
	ca := temp(t, certificatePEM(other))
	addr := webServer(t, &server.Web{TLS: other.TLS.Clone()})
	for _, ws := range []string{"-ws", "-ws=false"} {
		r := runClient(t, addr, "-tls", ws)
		assert.Equal(t, 1, r.status)
		assert.Contains(t, r.stderr, "the server's certificate is not trusted")
		assert.NotContains(t, r.stdout, "request ")

		r = runClient(t, addr, "-tls", ws, "-insecure")
		assert.Equal(t, 0, r.status, r.stderr)
		assert.Equal(t, "tcpclient: -insecure: the server's certificate is not verified, so it may be anybody's\n", r.stderr)

		r = runClient(t, addr, "-tls", ws, "-ca", ca)
		assert.Equal(t, 0, r.status, r.stderr)
		assert.Empty(t, r.stderr)
	}
	r := runClient(t, addr, "-tls", "-ca", temp(t, "no PEM"))
	assert.Equal(t, 1, r.status)
	assert.Contains(t, r.stderr, "there is no certificate in ")
	r = runClient(t, addr, "-tls", "-ca", os.DevNull+"/nowhere", "-json")
	assert.Equal(t, 1, r.status)
	assert.Contains(t, r.result(t)["error"], "cannot read the certificates to trust (-ca)")
}
