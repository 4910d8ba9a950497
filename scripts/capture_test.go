//go:build unix

package scripts_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A line is what these tests want to know of a line of streammap -json.
type line struct {
	Ev      string   `json:"ev"`
	Dir     string   `json:"dir"`
	N       int      `json:"n"`
	Flags   string   `json:"flags"`
	Marks   []string `json:"marks"`
	Opcode  int      `json:"opcode"`
	Fin     bool     `json:"fin"`
	Masked  bool     `json:"masked"`
	Bytes   int64    `json:"bytes"`
	Packets int      `json:"packets"`
	OK      bool     `json:"ok"`
}

// codec is the framing of the streams of a step, where streammap cannot know it.
func codec(pcap string) []string {
	for _, name := range []string{"lines", "length"} {
		if strings.Contains(filepath.Base(pcap), name) {
			return []string{"-codec", name}
		}
	}
	return nil
}

// read reads a capture with streammap.
func read(t *testing.T, pcap string) (lines []line) {
	t.Helper()
	out, err := exec.Command(filepath.Join(bin, "streammap"), append(codec(pcap), "-json", pcap)...).Output()
	require.NoError(t, err, pcap)
	for text := range bytes.Lines(out) {
		var l line
		require.NoError(t, json.Unmarshal(text, &l), "%s", text)
		lines = append(lines, l)
	}
	require.NotEmpty(t, lines)
	require.True(t, lines[len(lines)-1].OK, pcap)
	return lines
}

// A gist is what stays the same from run to run, of one direction.
type gist struct {
	Signs    []string // SYN, FIN and RST
	Bytes    int64
	Segments []int
	Frames   []line
	Messages []int
}

// gists are those of both directions of the capture's one connection. Of TLS they have the signs only: sizes vary there
// with the certificate.
func gists(t *testing.T, pcap string) map[string]*gist {
	all := map[string]*gist{"c2s": {}, "s2c": {}}
	secret := false
	for _, l := range read(t, pcap) {
		g := all[l.Dir]
		if slices.Contains(l.Marks, "retransmission") {
			continue // the machine was slow
		}
		for _, sign := range []string{"SYN", "FIN", "RST"} {
			if strings.Contains(l.Flags, sign) {
				g.Signs = append(g.Signs, sign)
			}
		}
		switch l.Ev {
		case "tls":
			secret = true
		case "stream":
			g.Bytes = l.Bytes
		case "segment":
			g.Segments = append(g.Segments, l.N)
		case "frame":
			g.Frames = append(g.Frames, line{N: l.N, Opcode: l.Opcode, Fin: l.Fin, Masked: l.Masked})
		case "message":
			g.Messages = append(g.Messages, l.N)
		}
	}
	if secret {
		for _, g := range all {
			*g = gist{Signs: g.Signs}
		}
	}
	return all
}

// keptLikeFresh asserts that the recordings that are kept of a walkthrough are what the programs still do.
func keptLikeFresh(t *testing.T, name, saved string) {
	t.Helper()
	const remake = "%s is not as before: bash scripts/captures/remake.sh makes it anew"
	kept, fresh := bases(t, filepath.Join("captures", name)), bases(t, saved)
	require.Equal(t, kept, fresh, remake, name)
	for _, file := range fresh {
		if filepath.Ext(file) == ".pcap" {
			assert.Equal(t, gists(t, filepath.Join("captures", name, file)), gists(t, filepath.Join(saved, file)), remake, file)
		}
	}
}

// bases are the names of the files in a directory.
func bases(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestTcpdumpReadsTheKeptFilesAndCountsTheSame(t *testing.T) {
	t.Parallel()
	needLive(t, "close")
	countsLikeTcpdump(t, "captures/*/*.pcap")
}

func countsLikeTcpdump(t *testing.T, pattern string) {
	t.Helper()
	files := glob(t, pattern)
	require.NotEmpty(t, files)
	for _, file := range files {
		out, err := exec.Command("tcpdump", "-nr", file).Output()
		require.NoError(t, err, file)
		counts := map[string]int{}
		for text := range strings.Lines(string(out)) {
			counts["packets"]++
			flags := regexp.MustCompile(`Flags \[(.*?)\].* length (\d+)`).FindStringSubmatch(text)
			require.NotNil(t, flags, text)
			for letter, flag := range map[string]string{"S": "SYN", "F": "FIN", "R": "RST", "P": "PSH"} {
				if strings.Contains(flags[1], letter) {
					counts[flag]++
				}
			}
			if flags[2] != "0" {
				counts["segments"]++
			}
		}
		ours := map[string]int{}
		for _, l := range read(t, file) {
			for flag := range strings.FieldsSeq(l.Flags) {
				if flag != "ACK" {
					ours[flag]++
				}
			}
			switch l.Ev {
			case "segment":
				ours["segments"]++
			case "result":
				ours["packets"] = l.Packets
			}
		}
		assert.Equal(t, counts, ours, file)
	}
}
