package framingtest

import (
	"time"

	"echolab/framing"
)

// A suite is one run of all checks on one codec.
type suite struct {
	sender, receiver framing.Codec

	samples []sample // every kind of message at every size, as far as the codec carries it
	bySize  []sample // one for each size
	short   []sample // a few of at most shortSize bytes, each with a size or content that is worth every check
	long    []sample // of those above shortSize the first and the last, and those that the caller asked for

	watch  watch
	report report
}

// run does the checks in a goroutine of their own, so that a call that never returns can be left behind.
func (s *suite) run(sizes []int, patience time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.collect(sizes)
		if len(s.samples) == 0 {
			s.find(carries, scene{}, "Append refused each of them as unframable, or failed",
				"at least one that it carries: pass a size that this codec carries")
			return
		}
		for _, check := range []func(){
			s.checkAppend, s.checkRoundTrip, s.checkDelivery, s.checkGlued, s.checkShared, s.checkEnd, s.checkLimit,
			s.checkWaiting, s.checkReadError, s.checkHostile,
		} {
			check()
		}
	}()
	if stuck, verb, at := s.watch.wait(done, patience); stuck {
		s.find(hangs, at, verb+" had not returned after "+patience.String()+"; the suite ends here",
			"a message or an error")
	}
}

// find notes that the codec broke a rule.
func (s *suite) find(r rule, at scene, came, want string) { s.report.add(r, at, came, want) }
