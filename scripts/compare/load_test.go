package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDefaultLoadsAndNone(t *testing.T) {
	loads, err := parseLoads(defaultLoads)
	require.NoError(t, err)
	assert.Equal(t, []load{{100, 64, 1}, {100, 64, 64}, {100, 1024, 16}, {4, 1 << 20, 1}}, loads)
	loads, err = parseLoads("")
	require.NoError(t, err)
	assert.Empty(t, loads)
}

func TestALoadIsReadAndPrinted(t *testing.T) {
	for spec, says := range map[string]string{
		"1x1x1":         "1 connection, 1 B, 1 in flight",
		"100x64x64":     "100 connections, 64 B, 64 in flight",
		"100x1Kx16":     "100 connections, 1 KiB, 16 in flight",
		"4x1Mx1":        "4 connections, 1 MiB, 1 in flight",
		"10000x1000x1":  "10,000 connections, 1000 B, 1 in flight",
		"4x1048576x1":   "4 connections, 1 MiB, 1 in flight",
		"1x64Mx4":       "1 connection, 64 MiB, 4 in flight",
		"2x1025x65536":  "2 connections, 1025 B, 65536 in flight",
		"010x0064Kx001": "10 connections, 64 KiB, 1 in flight",
	} {
		l, err := parseLoad(spec)
		require.NoError(t, err, spec)
		assert.Equal(t, says, l.String())
	}
}

func TestALoadThatCannotBeIsRefused(t *testing.T) {
	for _, spec := range []string{
		"", "1", "1x1", "1x1x1x1", "x1x1", "1xx1", "1x1x", "0x1x1", "1x0x1", "1x1x0", "-1x1x1", "+1x1x1", "1 x1x1",
		"1x1Gx1", "1x1kx1", "1x1KKx1", "1xKx1", "1.5x1x1", "10001x1x1", "1x65Mx1", "1x1x65537", "1x64Mx5", "10000x1Mx1",
		"1x2097152Kx1", "1x99999999999999999999x1", "1x4294967297x1", "1x1x4097M",
	} {
		_, err := parseLoad(spec)
		assert.Error(t, err, spec)
	}
}
