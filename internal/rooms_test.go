// Package internal_test holds the lab's architecture: which room may import which. ARCHITECTURE.md draws it.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rooms is the architecture: each room, and the rooms that it may import, from the ground up. A room that is not here does
// not exist; an import that is not here is a door where a wall should be. Tests may import more, since they look at rooms
// from outside.
var rooms = []struct{ room, imports string }{
	// What knows no other room.
	{"framing", ""},
	{"internal/text", ""},
	{"internal/sock", "text"},

	// Bytes, without a socket.
	{"framing/framingtest", "framing"},
	{"internal/deflate", "framing"},
	{"internal/websocket", "framing deflate"},
	{"internal/firstbytes", ""},

	// What happened, and its picture.
	{"internal/event", "text sock"},
	{"internal/streammap", "event text"},
	{"internal/terminal", "streammap event text"},
	{"internal/picture", "streammap event text"},
	{"internal/beside", "event text"},
	{"internal/strace", "text"},
	{"internal/netns", ""},

	// The two ends, which do not know each other.
	{"internal/server", "framing websocket deflate firstbytes event text sock"},
	{"internal/client", "framing websocket deflate event text sock streammap"},
	{"internal/lab", "server firstbytes framing websocket streammap event text sock"},

	// From packets to what they mean.
	{"internal/capture", "text"},
	{"internal/decode", "framing websocket deflate firstbytes event text"},
	{"internal/wire", "capture decode framing event text"},

	// Commands.
	{"internal/cli", "framing terminal event text"},
	{"internal/cli/serve", "cli server framing event sock text"},
	{"tcpserver", "cli cli/serve"},
	{"wsserver", "cli cli/serve server websocket"},
	{"tcpclient", "cli client lab framing websocket terminal streammap event text"},
	{"scripts/streammap", "cli wire capture beside picture terminal streammap framing event text"},
	{"scripts/calls", "cli beside strace event text"},

	// What only tests import.
	{"internal/text/texttest", ""},
	{"internal/event/eventtest", "event sock"},
	{"internal/streammap/maptest", "streammap terminal event event/eventtest text"},
	{"internal/picture/picturetest", "streammap streammap/maptest terminal event event/eventtest"},
	{"internal/capture/capturetest", "capture event"},
	{"internal/cli/clitest", "sock text/texttest"},
	{"internal/labtest", "event event/eventtest sock"},
	{"internal/proc", ""},
	{"internal/tshark", "capture wire event"},
	{"internal/strace/stracetest", "tshark"},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	allowed := map[string][]string{}
	for _, r := range rooms {
		allowed[r.room] = strings.Fields(r.imports)
	}
	found := imports(t, "..")
	assert.ElementsMatch(t, slices.Collect(maps.Keys(allowed)), slices.Collect(maps.Keys(found)), "the rooms that there are")
	for room, has := range found {
		for _, other := range has {
			assert.Contains(t, allowed[room], other, "%s must not import it", room)
		}
		for _, other := range allowed[room] {
			assert.Contains(t, has, other, "%s does not import it: take it out of the table", room)
		}
	}
}

// TestImportsRunOneWay holds the order of the table itself: a room stands after what it imports.
func TestImportsRunOneWay(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rooms {
		for _, other := range strings.Fields(r.imports) {
			assert.True(t, seen[other] || strings.Contains(r.room, "test"), "%s stands before %s, which it imports", r.room, other)
		}
		seen[strings.TrimPrefix(r.room, "internal/")] = true
	}
}

// imports has, for each directory below root with Go files that are no tests, the rooms that they import on any system.
func imports(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && isModule(path):
			return fs.SkipDir // a module of its own
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		room := filepath.ToSlash(rel)
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		if found[room] == nil {
			found[room] = []string{}
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if other, ours := strings.CutPrefix(name, "echolab/"); ours {
				other = strings.TrimPrefix(other, "internal/")
				if !slices.Contains(found[room], other) {
					found[room] = append(found[room], other)
				}
			}
		}
		return nil
	}))
	return found
}

func isModule(dir string) bool {
	matches, err := filepath.Glob(filepath.Join(dir, "go.mod"))
	return err == nil && len(matches) > 0
}

// TestEveryRoomSaysWhatItIsFor holds that each room has a package comment, which says what it may know.
func TestEveryRoomSaysWhatItIsFor(t *testing.T) {
	for _, r := range rooms {
		dir := filepath.Join("..", filepath.FromSlash(r.room))
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		var doc string
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
			require.NoError(t, err)
			if file.Doc != nil {
				assert.Empty(t, doc, "%s: two package comments", r.room)
				doc = file.Doc.Text()
			}
		}
		assert.NotEmpty(t, doc, "%s: no package comment", r.room)
		if strings.HasPrefix(r.room, "internal/") {
			doc = strings.Join(strings.Fields(doc), " ")
			assert.Contains(t, doc, "may know", "%s: the package comment says what it may know", r.room)
			assert.Contains(t, doc, "must not", "%s: and what it must not", r.room)
		}
	}
}

// TestBytesKnowNoSocketNoGoroutineAndNoClock holds the second rule of ARCHITECTURE.md. net/http is there for what a head
// of HTTP looks like.
func TestBytesKnowNoSocketNoGoroutineAndNoClock(t *testing.T) {
	for _, room := range []string{"framing", "internal/websocket", "internal/deflate", "internal/firstbytes"} {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(room), "*.go"))
		require.NoError(t, err)
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			for _, spec := range file.Imports {
				assert.NotContains(t, []string{`"net"`, `"os"`, `"syscall"`, `"time"`, `"context"`}, spec.Path.Value, path)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				_, starts := n.(*ast.GoStmt)
				assert.False(t, starts, "%s starts a goroutine", path)
				return true
			})
		}
	}
}
