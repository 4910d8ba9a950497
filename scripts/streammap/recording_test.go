package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recording is what the walkthrough boundaries.sh recorded of frames that reads cut: the README shows it.
const recording = "../captures/boundaries/6-cut-frames"

func TestTheReadmesPictureIsWhatTheRecordingGives(t *testing.T) {
	svg := filepath.Join(t.TempDir(), "map.svg")
	got := runOn(t, strings.NewReader(""), recording+".pcap", "-svg", svg,
		"-account", recording+".client.jsonl", "-account", recording+".server.jsonl")
	require.Zero(t, got.status, got.stderr)
	drawn, err := os.ReadFile(svg)
	require.NoError(t, err)
	kept, err := os.ReadFile("map.svg")
	require.NoError(t, err)
	assert.Equal(t, string(drawn), string(kept), "scripts/captures/remake.sh draws it anew")
}
