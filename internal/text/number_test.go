package text_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/text"
)

func TestNumberHasACommaBetweenThousands(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12_345: "12,345", 999_999: "999,999", 1_000_000: "1,000,000",
		-1: "-1", -999: "-999", -1000: "-1,000", -123_456: "-123,456",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		assert.Equal(t, want, text.Number(n))
	}
}

func TestOneThingIsNotSeveral(t *testing.T) {
	assert.Equal(t, "0 bytes", text.Bytes(0))
	assert.Equal(t, "1 byte", text.Bytes(1))
	assert.Equal(t, "2 bytes", text.Bytes(2))
	assert.Equal(t, "65,536 bytes", text.Bytes(65536))
	assert.Equal(t, "1 cut", text.Count(1, "cut", "cuts"))
	assert.Equal(t, "1,024 cuts", text.Count(int64(1024), "cut", "cuts"))
}

func TestAListReadsAsOneSaysIt(t *testing.T) {
	assert.Equal(t, "", text.List(nil))
	assert.Equal(t, "a", text.List([]string{"a"}))
	assert.Equal(t, "a and b", text.List([]string{"a", "b"}))
	assert.Equal(t, "a, b and c", text.List([]string{"a", "b", "c"}))
}

func TestRoundNumbersAreOneTwoAndFiveOfEachDecade(t *testing.T) {
	var got []int64
	for n := int64(1); n < 10_000; n = text.Rounder(n) {
		got = append(got, n)
	}
	assert.Equal(t, []int64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000}, got)
}
