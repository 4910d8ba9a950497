package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A script is a client in testdata, of another language.
type script struct {
	run  interpreter
	file string
}

// An interpreter runs a script, or skips the test where it cannot.
type interpreter func(t *testing.T, env []string, file string, args ...string) *process

// start runs the script in one of its ways, visit or stay.
func (s script) start(t *testing.T, way string, to target) *process {
	t.Helper()
	offer := "plain"
	if to.deflate {
		offer = "deflate"
	}
	var env []string
	if to.ca != "" {
		env = []string{"NODE_EXTRA_CA_CERTS=" + to.ca} // Node's own WebSocket has no option for that
	}
	return s.run(t, env, s.file, way, to.url, to.ca, offer)
}

func (s script) visit(t *testing.T, to target) []result {
	p := s.start(t, "visit", to)
	p.succeed()
	return results(t, p.stdout.text())
}

func (s script) stay(t *testing.T, to target, ready func()) closed {
	p := s.start(t, "stay", to)
	p.await(&p.stdout, `{"case":"ready"}`)
	ready()
	p.succeed()
	all := results(t, p.stdout.text())
	require.Len(t, all, 2)
	return all[1].closed
}

// results reads what a script prints. What it has no place for is an error.
func results(t *testing.T, lines string) (all []result) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var r result
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&r), line)
		all = append(all, r)
	}
	require.NotEmpty(t, all)
	return all
}

// first is the first of the commands that is there and takes args without an error; "" if there is none.
func first(env []string, commands []string, args ...string) string {
	for _, command := range commands {
		path, err := exec.LookPath(command)
		if err != nil {
			continue
		}
		try := exec.Command(path, args...)
		try.Env = append(os.Environ(), env...)
		if try.Run() == nil {
			return path
		}
	}
	return ""
}

// findPython prefers Debian's Python if it is another than that of the PATH: it is the one that has Debian's packages.
var findPython = sync.OnceValue(func() string {
	return first(nil, []string{"/usr/bin/python3", "python3"}, "-c", "import websockets.legacy.client")
})

func python(t *testing.T, env []string, file string, args ...string) *process {
	t.Helper()
	path := findPython()
	if path == "" {
		missing(t, "Python's websockets", "python3-websockets")
	}
	return start(t, env, path, append([]string{filepath.Join("testdata", file)}, args...)...)
}

// debianModules is where Debian's packages for Node are, for a Node that is not Debian's.
var debianModules = "NODE_PATH=" + strings.Join(append(filepath.SplitList(os.Getenv("NODE_PATH")), "/usr/share/nodejs"),
	string(filepath.ListSeparator))

var findNodeWS = sync.OnceValue(func() string {
	return first([]string{debianModules}, []string{"node", "nodejs"}, "-e", "require('ws')")
})

// nodeWS runs a script that needs the package ws.
func nodeWS(t *testing.T, env []string, file string, args ...string) *process {
	t.Helper()
	path := findNodeWS()
	if path == "" {
		missing(t, "Node's package ws", "nodejs node-ws")
	}
	return start(t, append(env, debianModules), path, append([]string{filepath.Join("testdata", file)}, args...)...)
}

// experimental is what a Node before 22 needs to be told; later ones know it still.
const experimental = "--experimental-websocket"

var findNode = sync.OnceValue(func() string {
	return first(nil, []string{"node", "nodejs"}, experimental, "-e", "WebSocket")
})

// node runs a script that needs Node's own WebSocket. Not every release has one: it is no failure to go without.
func node(t *testing.T, env []string, file string, args ...string) *process {
	t.Helper()
	path := findNode()
	if path == "" {
		t.Skip("Node's own WebSocket is missing: it needs Node 20.10 or later, and Debian 12 has 18")
	}
	script := filepath.Join("testdata", file)
	return start(t, env, path, append([]string{experimental, script}, args...)...)
}
