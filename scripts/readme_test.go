//go:build unix

package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheCourseShowsWhatTheRecordingsGive holds the blocks of README.md against the kept recordings.
func TestTheCourseShowsWhatTheRecordingsGive(t *testing.T) {
	t.Parallel()
	course, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(course), -1)
	require.Len(t, blocks, 2)
	for i, given := range []string{recorded(t), traced(t)} {
		lines := strings.SplitAfter(blocks[i][1], "\n")
		for len(lines) > 0 && (strings.HasPrefix(lines[0], "$ ") || lines[0] == "...\n") {
			lines = lines[1:]
		}
		require.NotEmpty(t, lines)
		assert.Contains(t, given, strings.Join(lines, ""), "paste it anew")
	}
}

// recorded is how handshake.sh shows its recording.
func recorded(t *testing.T) string {
	dir := tree(t, true)
	edit(t, filepath.Join(dir, "functions.sh"), "PATH=$PATH:/usr/sbin:/sbin", "PATH="+fewTools(t))
	w := prepare(t, dir, "handshake")
	require.Equal(t, 0, w.run(t), "%s", &w.stderr)
	return w.stdout.String()
}

// traced is what calls makes of the client's recording.
func traced(t *testing.T) string {
	calls := exec.Command(filepath.Join(bin, "calls"), "-account", "1-raw.client.jsonl", "-trace", "1-raw.client.strace")
	calls.Dir = filepath.Join("captures", "calls")
	out, err := calls.Output()
	require.NoError(t, err)
	return string(out)
}
