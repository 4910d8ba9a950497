package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli"
	"echolab/internal/event"
)

func TestEveryWalkthroughIsThere(t *testing.T) {
	scripts, err := filepath.Glob("../scripts/*.sh")
	require.NoError(t, err)
	var there, named []string
	for _, script := range scripts {
		if name := filepath.Base(script); name != "functions.sh" {
			there = append(there, name)
		}
	}
	for _, w := range walkthroughs() {
		named = append(named, w.name)
	}
	assert.ElementsMatch(t, there, named)
}

func TestTheSentenceNamesWhatIsMissing(t *testing.T) {
	can, cannot, _ := strings.Cut(onTheWire([]readiness{{Name: "a.sh"}, {Name: "b.sh"}}), "Recordings")
	assert.Contains(t, can, "a.sh, b.sh")
	assert.Empty(t, cannot)

	can, cannot, _ = strings.Cut(onTheWire([]readiness{{"a.sh", "no right"}, {"b.sh", "no right"}, {Name: "c.sh"}}), "Recordings")
	assert.Contains(t, can, "c.sh")
	assert.NotContains(t, can, "a.sh")
	assert.Contains(t, cannot, "a.sh, b.sh: no right")

	can, cannot, _ = strings.Cut(onTheWire([]readiness{{"a.sh", "this"}, {"b.sh", "that"}}), "Recordings")
	assert.NotContains(t, can, ".sh")
	assert.Contains(t, cannot, "a.sh: this")
	assert.Contains(t, cannot, "b.sh: that")
}

// TestWhatAMachineLacksIsFoundOut puts programs into the path that behave as the real ones do without rights.
func TestWhatAMachineLacksIsFoundOut(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	missing := func(need func(context.Context) error) string {
		if err := need(t.Context()); err != nil {
			return err.Error()
		}
		return ""
	}
	pretend := func(name, script string) {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	}
	assert.Equal(t, "tcpdump is not installed", missing(capturing))
	assert.Equal(t, "strace is not installed", missing(tracing))
	assert.Equal(t, "unshare is not installed", missing(namespaces))
	pretend("tcpdump", "echo 'tcpdump: lo: You do not have permission to capture on that device' >&2; exit 1")
	pretend("strace", "exit 1")
	pretend("unshare", "exit 1")
	assert.Equal(t, "tcpdump may not capture here; as root it may", missing(capturing))
	assert.Equal(t, "strace may not trace here", missing(tracing))
	assert.Equal(t, "network namespaces may not be made here; as root they may", missing(namespaces))
	pretend("tcpdump", "echo 'tcpdump: listening on lo, link-type EN10MB (Ethernet)' >&2; while :; do :; done")
	pretend("strace", "exit 0")
	pretend("unshare", "exit 0")
	assert.Empty(t, missing(capturing))
	assert.Empty(t, missing(tracing))
	assert.Empty(t, missing(namespaces))
}

func TestTheTourEndsWithTheWalkthroughs(t *testing.T) {
	scripts := []readiness{{Name: "a.sh"}, {"b.sh", "no right"}}
	end := func(lines *event.JSON) string {
		var out bytes.Buffer
		tour := newTestTour(cli.Program{Stdout: &out})
		tour.held, tour.lines = 1, lines
		assert.Zero(t, tour.end(scripts))
		return strings.Join(strings.Fields(out.String()), " ")
	}
	assert.True(t, strings.HasSuffix(end(nil), onTheWire(scripts)), end(nil))
	assert.Empty(t, end(event.NewJSON(io.Discard)))
}

// TestEachToolIsTriedOnceAndNotAtAllForAQuietTour counts how often the tools are started.
func TestEachToolIsTriedOnceAndNotAtAllForAQuietTour(t *testing.T) {
	bin := t.TempDir()
	path := os.Getenv("PATH")
	started := filepath.Join(bin, "started")
	for tool, says := range map[string]string{"tcpdump": "listening on lo", "strace": ""} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, tool), []byte("#!/bin/sh\necho "+tool+" >>"+started+"\necho "+says+" >&2\n"), 0o755))
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+path)

	picked, err := pick([]string{"refused"})
	require.NoError(t, err)
	quiet := newTestTour(cli.Program{Stdout: io.Discard})
	quiet.quiet = true
	assert.Zero(t, quiet.run(t.Context(), picked, true))
	assert.NoFileExists(t, started)

	assert.Zero(t, newTestTour(cli.Program{Stdout: io.Discard}).run(t.Context(), picked, true))
	tools, err := os.ReadFile(started)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"tcpdump", "strace"}, strings.Fields(string(tools)))
}
