package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServersTakeTurnsAndEachRoundBeginsWithAnother(t *testing.T) {
	var order [][3]int
	all, err := takeTurns(3, 2, 2, func(round, load, server int) (turn, error) {
		order = append(order, [3]int{round, load, server})
		return turn{cpu: float64(100*load + 10*server + round)}, nil
	})
	require.NoError(t, err)
	assert.Equal(t, [][3]int{
		{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 1},
		{1, 0, 1}, {1, 0, 0}, {1, 1, 1}, {1, 1, 0},
		{2, 0, 0}, {2, 0, 1}, {2, 1, 0}, {2, 1, 1},
	}, order)
	assert.Equal(t, [][][]turn{
		{{{cpu: 0}, {cpu: 1}, {cpu: 2}}, {{cpu: 10}, {cpu: 11}, {cpu: 12}}},
		{{{cpu: 100}, {cpu: 101}, {cpu: 102}}, {{cpu: 110}, {cpu: 111}, {cpu: 112}}},
	}, all)

	all, err = takeTurns(3, 2, 2, func(int, int, int) (turn, error) { return turn{}, io.EOF })
	assert.Equal(t, io.EOF, err)
	assert.Nil(t, all)
}

func TestTheDefaultOfIdleConnectionsFitsTheOpenFiles(t *testing.T) {
	const files = 1000
	c := comparison{options: options{idle: 15_000}}
	require.NoError(t, c.fit(files))
	assert.Equal(t, files-spareFiles, c.idle)
	c.idleGiven = true
	require.NoError(t, c.fit(files))
	c.idle++
	assert.ErrorIs(t, c.fit(files), errUnable)
	c.idle, c.loads = 1, []load{{files - spareFiles + 1, 1, 1}}
	assert.ErrorIs(t, c.fit(files), errUnable)
}
