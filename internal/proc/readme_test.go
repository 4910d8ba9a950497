package proc_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/proc"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		proc.Cleanup()
		os.Exit(status)
	}))
}

// console finds the README's runs: a command, and what it printed.
var console = regexp.MustCompile("(?s)```console\n\\$ go run \\./([\\w/]+)([^\n]*)\n(.*?)```")

func TestTheReadmeShowsWhatTheProgramsPrint(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(proc.Root(t), "README.md"))
	require.NoError(t, err)
	runs := console.FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, runs)

	var server *proc.Server
	var serverShown string
	for _, run := range runs {
		program, args, shown := run[1], strings.Fields(run[2]), run[3]
		switch {
		case strings.HasSuffix(program, "server"): // it runs until the next client has come and gone, and ^C
			server, serverShown = proc.StartServer(t, program, args...), strings.Replace(shown, "^C", "", 1)
			continue
		case strings.Contains(run[2], "-ws"):
			server = proc.StartServer(t, "wsserver", "-addr", addrOfFourDigits(t))
		case strings.Contains(run[2], "-tour"), strings.HasPrefix(program, "scripts/"): // they need no server
			assert.Equal(t, constant(shown), constant(proc.Run(t, program, args...).Stdout), run[2])
			continue
		case server == nil:
			server = proc.StartServer(t, "tcpserver")
		}
		out := proc.Run(t, program, append(args, "-addr", server.Addr)...)
		assert.Equal(t, constant(shown), constant(out.Stdout), "go run ./%s%s", program, run[2])
		stopped := server.Stop()
		if serverShown != "" {
			assert.Equal(t, constant(serverShown), constant(stopped.Stdout), "the server's side")
		}
		server, serverShown = nil, ""
	}
}

// addrOfFourDigits is an address whose port nobody has, and as long as the default one: requests name it, and how long
// they are shows in every offset after them.
func addrOfFourDigits(t *testing.T) string {
	for port := 9001; port < 10000; port++ {
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		if ln, err := net.Listen("tcp", addr); err == nil {
			ln.Close()
			return addr
		}
	}
	require.FailNow(t, "no port of four digits is free")
	return ""
}

// varying is what differs from run to run: addresses, descriptors, measurements, the state of a socket whose peer may be
// faster or slower, and what a WebSocket makes at random: its key, what is computed of it, and masks.
var varying = regexp.MustCompile(`127\.0\.0\.1:\d+|[\w+/]{22}==|[\w+/]{27}=|SHA-1 = [0-9a-f]{40}|masked [0-9a-f]{8}|"\\x8[18]\\x8[0-9a-f][^\n]*|descriptor \d+|MSS [\d,]+|RTT [^,\n]+(, \d+ bytes unread)?|of [\d,]+ waiting|state\s+[A-Z0-9-]+|ESTABLISHED|CLOSE-WAIT`)

// folded is where a line was broken.
var folded = regexp.MustCompile(`\n {9,}`)

// constant leaves out what varies, and joins the lines that were broken because of it.
func constant(text string) string {
	return varying.ReplaceAllString(folded.ReplaceAllString(text, " "), "*")
}

func TestTheReadmeNamesEveryExperiment(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(proc.Root(t), "README.md"))
	require.NoError(t, err)
	for line := range strings.Lines(proc.Run(t, "tcpclient", "-list").Stdout) {
		if !strings.HasPrefix(line, " ") {
			continue // a chapter
		}
		name := strings.Fields(line)[0]
		assert.Contains(t, string(readme), "| `"+name+"` |")
	}
}
