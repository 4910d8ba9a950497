//go:build unix

package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"echolab/internal/cli/clitest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHelpSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, name := range walkthroughs {
		for _, flag := range []string{"-h", "--help"} {
			w := prepare(t, ".", name, flag)
			assert.Equal(t, 0, w.run(t))
			assert.Empty(t, w.stderr.String())
			help := w.stdout.String()
			assert.True(t, strings.HasPrefix(help, name+".sh "), "%s", help)
			for _, want := range []string{"--save DIR", "--pause", "--fast", "--help", "needs", "scripts/" + name + ".sh"} {
				assert.Contains(t, help, want)
			}
			for line := range strings.Lines(help) {
				assert.LessOrEqual(t, len(line), 81, "%s", line)
			}
		}
	}
}

func TestAnUnknownFlagIsWrongUsage(t *testing.T) {
	t.Parallel()
	for i, name := range walkthroughs {
		for j, args := range [][]string{{"--slow"}, {"--fast", "now"}, {"--save"}, {"--save", ""}, {"--save", "--fast"}} {
			if i > 0 && j > 0 {
				continue // they share what reads the flags
			}
			w := prepare(t, ".", name, args...)
			assert.Equal(t, 2, w.run(t), "%s %v", name, args)
			assert.Empty(t, w.stdout.String())
			assert.Contains(t, w.stderr.String(), name+".sh: ")
		}
	}
}

// captured are the walkthroughs that an ordinary user cannot record; calls.sh captures nothing.
var captured = walkthroughs[:len(walkthroughs)-1]

func TestWithoutPermissionToCaptureTheRecordingIsShown(t *testing.T) {
	t.Parallel()
	dir := tree(t, true)
	for _, name := range []string{"handshake", "segments"} { // the others ask as handshake does
		w := prepare(t, dir, name, "--fast", "--save", "saved")
		w.asNobody(t)
		said := w.replays(t, name)
		assert.Contains(t, said, "nothing is saved")
		assert.Regexp(t, "sudo|apt-get|not permitted|Linux only", said, "how to get it")
	}
}

func TestWithoutAKeptRecordingNothingIsShown(t *testing.T) {
	t.Parallel()
	dir := tree(t, false)
	for _, name := range captured {
		w := prepare(t, dir, name)
		w.asNobody(t)
		assert.Equal(t, 3, w.run(t), name)
		assert.Empty(t, w.stdout.String())
		assert.Contains(t, w.stderr.String(), "there is no recording")
	}
	edit(t, filepath.Join(dir, "functions.sh"), "PATH=$PATH:/usr/sbin:/sbin", "PATH="+fewTools(t))
	w := prepare(t, dir, "calls")
	assert.Equal(t, 3, w.run(t), "%s%s", &w.stdout, &w.stderr)
}

func TestWithoutItsToolsTheKeptRecordingIsShown(t *testing.T) {
	t.Parallel()
	dir := tree(t, true)
	edit(t, filepath.Join(dir, "functions.sh"), "PATH=$PATH:/usr/sbin:/sbin", "PATH="+fewTools(t))
	for _, name := range walkthroughs {
		assert.Regexp(t, "is missing: apt-get install|Linux only", prepare(t, dir, name, "--fast").replays(t, name))
	}
}

// replays runs a walk that shows the kept recording, and returns what it says to that.
func (w *walk) replays(t *testing.T, name string) string {
	t.Helper()
	require.Equal(t, 0, w.run(t), "%s: %s%s", name, &w.stdout, &w.stderr)
	said := clitest.Unfolded(w.stderr.String())
	assert.Contains(t, said, "kept in scripts/captures/"+name)
	assert.Contains(t, said, "recorded on ")
	assert.Contains(t, w.stdout.String(), "== 1-")
	assert.Contains(t, w.stdout.String(), "== 2-")
	return said
}

// fewTools is a directory with what a walkthrough always uses, and neither tcpdump nor strace.
func fewTools(t *testing.T) string {
	dir := t.TempDir()
	for _, tool := range strings.Fields("bash cat cut date fold grep mkdir paste rm sed sleep tail uname wc") {
		path, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(dir, tool)))
	}
	return dir
}

// edit replaces a text of a file, which must be there.
func edit(t *testing.T, file, old, replacement string) {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(b), old)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(b), old, replacement, 1)), 0o644))
}

func TestADirectoryWithoutTheProgramsIsReported(t *testing.T) {
	t.Parallel()
	w := prepare(t, tree(t, true), "handshake")
	w.cmd.Env = append(w.cmd.Env, "ECHOLAB_BIN="+t.TempDir())
	assert.Equal(t, 1, w.run(t))
	assert.Contains(t, clitest.Unfolded(w.stderr.String()), "has no tcpserver: go build -o ")
}

func TestTheCourseHasEveryStep(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, course, _ := strings.Cut(string(b), "\n## 1. ")
	for _, name := range walkthroughs {
		script, err := os.ReadFile(name + ".sh")
		require.NoError(t, err)
		steps := regexp.MustCompile(`(?m)^step (\S+) `).FindAllStringSubmatch(string(script), -1)
		require.NotEmpty(t, steps)
		for _, step := range steps {
			_, rest, found := strings.Cut(course, "| "+step[1])
			require.True(t, found, "%s is not in README.md, or not in order", step[1])
			course = rest
		}
	}
}

func TestPauseWaitsForEnter(t *testing.T) {
	t.Parallel()
	dir := tree(t, true)
	edit(t, filepath.Join(dir, "functions.sh"), "PATH=$PATH:/usr/sbin:/sbin", "PATH="+fewTools(t))
	w := prepare(t, dir, "handshake", "--pause")
	w.cmd.Stdin = strings.NewReader("\n\n")
	require.Equal(t, 0, w.run(t), "%s", &w.stderr)
	assert.Equal(t, 2, strings.Count(w.stdout.String(), "-- Enter --"))
}
