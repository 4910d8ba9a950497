package interop

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A script is a client in testdata, of another language.
type script struct {
	by   *interpreter
	file string
}

// An interpreter runs scripts. It is the first of its commands that takes the arguments try.
type interpreter struct {
	what, packages string // for who misses it; without packages it may be missing anywhere
	commands       []string
	options, env   []string
	try            []string

	once sync.Once
	path string // "" if there is none
}

var (
	python = &interpreter{
		what: "Python's websockets", packages: "python3-websockets",
		// Debian's Python, if it is another than that of the PATH, is the one that has Debian's packages.
		commands: []string{"/usr/bin/python3", "python3"},
		try:      []string{"-c", "import websockets.legacy.client"},
	}
	nodeWS = &interpreter{
		what: "Node's package ws", packages: "nodejs node-ws",
		commands: []string{"node", "nodejs"},
		// Where Debian's packages for Node are, for a Node that is not Debian's.
		env: []string{"NODE_PATH=" + strings.Join(append(filepath.SplitList(os.Getenv("NODE_PATH")), "/usr/share/nodejs"),
			string(filepath.ListSeparator))},
		try: []string{"-e", "require('ws')"},
	}
	node = &interpreter{
		what:     "Node's own WebSocket (of Node 20.10 or later; Debian 12 has 18)",
		commands: []string{"node", "nodejs"},
		options:  []string{"--experimental-websocket"}, // before Node 22; later ones know it still
		try:      []string{"-e", "WebSocket"},
	}
)

// start runs a script in testdata, or ends the test where it cannot.
func (i *interpreter) start(t *testing.T, env []string, file string, args ...string) *process {
	t.Helper()
	i.once.Do(func() { i.path = first(i.env, i.commands, append(i.options, i.try...)...) })
	if i.path == "" {
		missing(t, i.what, i.packages)
	}
	args = slices.Concat(i.options, []string{filepath.Join("testdata", file)}, args)
	return start(t, nil, slices.Concat(env, i.env), i.path, args...)
}

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
	return s.by.start(t, env, s.file, way, to.url, to.ca, offer)
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
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for _, command := range commands {
		path, err := exec.LookPath(command)
		if err != nil {
			continue
		}
		try := exec.CommandContext(ctx, path, args...)
		try.Env = append(os.Environ(), env...)
		if try.Run() == nil {
			return path
		}
	}
	return ""
}
