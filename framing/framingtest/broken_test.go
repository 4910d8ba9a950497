package framingtest_test

import (
	"bufio"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"echolab/framing"
	"echolab/framing/framingtest"
)

// A broken codec is a good one with one method replaced.
type broken struct {
	framing.Codec
	append func(dst, msg []byte) ([]byte, error)
	read   func(r *bufio.Reader, max int) ([]byte, error)
}

func (b broken) Append(dst, msg []byte) ([]byte, error) {
	if b.append != nil {
		return b.append(dst, msg)
	}
	return b.Codec.Append(dst, msg)
}

func (b broken) Read(r *bufio.Reader, max int) ([]byte, error) {
	if b.read != nil {
		return b.read(r, max)
	}
	return b.Codec.Read(r, max)
}

// A fault is a broken codec, and the rules that the suite must name.
type fault struct {
	name  string
	codec framing.Codec
	rules []string
}

// TestWhatTheBrokenCodecsAreMadeFromIsSound: if one of these broke a rule, a finding about its broken kin would say
// nothing.
func TestWhatTheBrokenCodecsAreMadeFromIsSound(t *testing.T) {
	for name, codec := range map[string]framing.Codec{
		"length prefix": broken{Codec: framing.LengthPrefix{}, read: readPrefixed(options{})},
		"chunks":        broken{Codec: chunks{}},
		"lines":         broken{Codec: framing.Lines{}, read: readLine(lineOptions{})},
		"varint":        broken{append: appendVarint, read: readVarint(1 << 63)},
		"slip":          slip{},
		"64 KiB scratch in each Read": prefixed(options{body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			scratch := make([]byte, size64K)
			runtime.KeepAlive(&scratch)
			return readBody(r, n, max)
		}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, framingtest.TestCodec(codec))
		})
	}
}

// TestBrokenCodecsAreCaught runs the suite for each codec until it has found what is wrong. It runs all of it where the
// suite must protect itself to its end: from a codec that hangs or takes a lot of memory.
func TestBrokenCodecsAreCaught(t *testing.T) {
	dangerous := func(rule string) bool { return slices.Contains([]string{"hang", "memory"}, rule) }
	for _, f := range slices.Concat(stateFaults, waitFaults, forgedFaults, appendFaults, bodyFaults, endFaults, limitFaults,
		lineFaults, specialFaults, callerFaults, capacityFaults, textFaults) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			enough := f.rules
			if slices.ContainsFunc(f.rules, dangerous) {
				enough = nil
			}
			err := framingtest.Until(f.codec, enough...)
			for _, rule := range f.rules {
				assert.Contains(t, rulesIn(err), rule)
			}
			if err != nil {
				t.Log(err)
			}
		})
	}
}

func TestEndsThatDisagreeOnTheByteOrderAreCaught(t *testing.T) {
	t.Parallel()
	err := framingtest.TestPair(framing.LengthPrefix{}, broken{Codec: framing.LengthPrefix{}, read: readLittleEndian})
	assert.Contains(t, rulesIn(err), "round trip")
	assert.ErrorContains(t, err, "length (framing.LengthPrefix), read by ")
}

func TestAPanicIsReportedWithItsLine(t *testing.T) {
	t.Parallel()
	err := framingtest.TestCodec(prefixed(options{check: func(uint32, int) error { panic("here") }}))
	assert.Regexp(t, `Read panicked: here, in framingtest_test\.\S+ \(broken_test\.go:\d+\)`, err.Error())
}

// TestACallThatNeverReturnsEndsTheSuite has codecs that wait without reading; the suite gives up on them.
func TestACallThatNeverReturnsEndsTheSuite(t *testing.T) {
	for _, fault := range []func(stop <-chan struct{}) framing.Codec{readThatWaits, oneLockForAll} {
		synctest.Test(t, func(t *testing.T) {
			stop := make(chan struct{})
			defer close(stop)
			err := framingtest.TestCodec(fault(stop))
			assert.Contains(t, rulesIn(err), "hang")
			assert.ErrorContains(t, err, "had not returned after 5s; the suite ends here")
		})
	}
}
