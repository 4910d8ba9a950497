package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// A server is one of the designs that are compared.
type server struct {
	name   string
	is     string                   // what it is, for the legend
	module string                   // whose loop it is, if not this lab's
	framed bool                     // it speaks WebSocket; otherwise it echoes bytes
	loop   func(net.Listener) error // nil: it is this lab's wsserver
}

const reference = "plain"

var servers = []server{
	{reference, "a loop of read and write, with 64 KiB a connection", "", false, servePlain},
	{"raw", "this lab's wsserver, raw bytes", "", false, nil},
	{"websocket", "this lab's wsserver, WebSocket", "", true, nil},
	{"gorilla", "its echo example", "github.com/gorilla/websocket", true, serveGorilla},
	{"coder", "Read and Write", "github.com/coder/websocket", true, serveCoder},
	{"gws", "its own server", "github.com/lxzan/gws", true, serveGWS},
	{"gobwas", "the loop of its README", "github.com/gobwas/ws", true, serveGobwas},
}

// describe says what the server is, with the version if it is another module's.
func (s server) describe() string {
	if s.module == "" {
		return s.is
	}
	return fmt.Sprintf("%s%s, %s", strings.TrimPrefix(s.module, "github.com/"), version(s.module), s.is)
}

// version is a blank and the version of a module in this program, or nothing if that does not say.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	i := slices.IndexFunc(info.Deps, func(dep *debug.Module) bool { return dep.Path == module })
	if i < 0 {
		return ""
	}
	return " " + info.Deps[i].Version
}

func serverNamed(name string) (server, bool) {
	i := slices.IndexFunc(servers, func(s server) bool { return s.name == name })
	if i < 0 {
		return server{}, false
	}
	return servers[i], true
}

func allServers() string {
	var names []string
	for _, s := range servers {
		names = append(names, s.name)
	}
	return strings.Join(names, ",")
}

// parseServers returns the servers of these names, with commas between them.
func parseServers(text string) (list []server, err error) {
	for name := range strings.SplitSeq(text, ",") {
		s, ok := serverNamed(name)
		if !ok {
			return nil, fmt.Errorf("-servers: no server is named %q: there are %s", name, allServers())
		}
		if slices.ContainsFunc(list, func(other server) bool { return other.name == name }) {
			return nil, fmt.Errorf("-servers: %q is there twice", name)
		}
		list = append(list, s)
	}
	return list, nil
}

// programs are the files that the servers run from.
type programs struct {
	self     string
	wsserver string
	scratch  string // a directory to remove, or ""
}

// findPrograms returns the programs that the servers need. It builds wsserver if none is given.
func findPrograms(ctx context.Context, list []server, wsserver string) (p programs, err error) {
	if p.self, err = os.Executable(); err != nil {
		return p, err
	}
	p.wsserver = wsserver
	if wsserver != "" || !slices.ContainsFunc(list, func(s server) bool { return s.loop == nil }) {
		return p, nil
	}
	root, err := repository()
	if err != nil {
		return p, err
	}
	if p.scratch, err = os.MkdirTemp("", "compare"); err != nil {
		return p, err
	}
	p.wsserver = filepath.Join(p.scratch, "wsserver.exe") // a name that every system runs
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", p.wsserver, "./wsserver")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		p.remove()
		return p, fmt.Errorf("cannot build wsserver, which raw and websocket are (leave them out with -servers): %w\n%s",
			err, strings.TrimSpace(string(out)))
	}
	return p, nil
}

func (p programs) remove() {
	if p.scratch != "" {
		os.RemoveAll(p.scratch)
	}
}

// repository returns the directory with this lab's go.mod: the current one, or one above.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module echolab\n") {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("this is not in the lab's repository: name its wsserver with -wsserver")
		}
		dir = up
	}
}

// maxServed is more connections than anybody can ask for here.
const maxServed = 2 * maxIdle

// command is what starts the server.
func (p programs) command(s server) (path string, args []string) {
	if s.loop != nil {
		return p.self, []string{serveCommand, s.name}
	}
	return p.wsserver, []string{
		"-quiet", "-addr", "127.0.0.1:0", "-ping", "0", "-idle-timeout", "1h",
		"-max-conns", fmt.Sprint(maxServed), "-max-message", fmt.Sprint(maxSize),
	}
}
