package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"echolab/internal/cli"
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
	{reference, "a loop of read and write, with 64 to 256 KiB a connection", "", false, servePlain},
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
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == s.module {
				version = " " + dep.Version
			}
		}
	}
	return fmt.Sprintf("%s%s, %s", strings.TrimPrefix(s.module, "github.com/"), version, s.is)
}

func indexOf(list []server, name string) int {
	return slices.IndexFunc(list, func(s server) bool { return s.name == name })
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
		i := indexOf(servers, name)
		if i < 0 {
			return nil, fmt.Errorf("-servers: no server is named %q: there are %s", name, allServers())
		}
		if indexOf(list, name) >= 0 {
			return nil, fmt.Errorf("-servers: %q is there twice", name)
		}
		list = append(list, servers[i])
	}
	return list, nil
}

// command is what starts the server.
func (s server) command(wsserver string) (path string, args []string, err error) {
	if s.loop != nil {
		path, err = os.Executable()
		return path, []string{serveCommand, s.name}, err
	}
	return wsserver, []string{
		"-quiet", "-addr", "127.0.0.1:0", "-ping", "0", "-idle-timeout", "1h",
		"-max-conns", fmt.Sprint(2 * maxIdle), "-max-message", fmt.Sprint(maxSize),
	}, nil
}

// buildWsserver builds this repository's wsserver in a directory.
func buildWsserver(ctx context.Context, dir string) (path string, err error) {
	path = filepath.Join(dir, "wsserver.exe") // a name that every system runs
	build := exec.CommandContext(ctx, "go", "build", "-C", "../..", "-buildvcs=false", "-o", path, "./wsserver")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build wsserver, which raw and websocket are (run this in scripts/compare, name one "+
			"with -wsserver, or leave them out with -servers): %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return path, nil
}

// serveCommand makes this program one of the servers that it compares: compare serve NAME. It is hidden, because nobody
// but compare itself needs it.
const serveCommand = "serve"

// serve runs one of the loops on a free port until it is interrupted.
func serve(ctx context.Context, p cli.Program, args []string) int {
	if len(args) != 1 {
		return p.Misused(fmt.Errorf("%s wants one name", serveCommand))
	}
	i := indexOf(servers, args[0])
	if i < 0 || servers[i].loop == nil {
		return p.Misused(fmt.Errorf("%s: no server here is named %q", serveCommand, args[0]))
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return p.Fail(err)
	}
	context.AfterFunc(ctx, func() { ln.Close() })
	fmt.Fprintf(p.Stdout, "%s%s\n", listeningOn, ln.Addr())
	err = servers[i].loop(ln)
	if ctx.Err() != nil {
		return cli.OK
	}
	return p.Fail(err)
}
