package framingtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"echolab/framing"
)

// examples is how many findings of one rule are shown; the others are counted.
const examples = 2

// A report collects findings. It may be used from several goroutines.
type report struct {
	mu     sync.Mutex
	shown  [rules][]finding
	counts [rules]int
}

// A finding is one input for which a codec broke a rule.
type finding struct {
	at         scene
	came, want string
}

func (r *report) add(broken rule, at scene, came, want string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[broken]++
	if f := (finding{at, came, want}); len(r.shown[broken]) < examples && !slices.Contains(r.shown[broken], f) {
		r.shown[broken] = append(r.shown[broken], f)
	}
}

// has says whether the codec is known to break a rule.
func (r *report) has(broken rule) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[broken] > 0
}

// err is nil if there are no findings.
func (r *report) err(sender, receiver framing.Codec) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	broken := 0
	for i, count := range r.counts {
		if count == 0 {
			continue
		}
		broken++
		fmt.Fprintf(&text, "\n\n%s: %s", contract[i].name, contract[i].says)
		for _, f := range r.shown[i] {
			fmt.Fprintf(&text, "\n  - %v\n      came: %s\n      want: %s", f.at, f.came, f.want)
		}
		if more := count - len(r.shown[i]); more > 0 {
			fmt.Fprintf(&text, "\n    and %d more like it", more)
		}
	}
	if broken == 0 {
		return nil
	}
	who := name(sender)
	if other := name(receiver); other != who {
		who += ", read by " + other + ","
	}
	order := ""
	if broken > 1 {
		order = "\nFix the first one first: others may follow from it."
	}
	return fmt.Errorf("framingtest: %s breaks %s of the contract of framing.Codec:%s%s",
		who, count(broken, "rule"), order, &text)
}

// name is what the codec calls itself, and its type.
func name(c framing.Codec) string {
	if s, ok := c.(fmt.Stringer); ok {
		return fmt.Sprintf("%v (%T)", s, c)
	}
	return fmt.Sprintf("%T", c)
}

// count is "1 byte", "2 bytes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// show is a message as a reader of the report sees it: its length and how it begins.
func show(msg []byte) string {
	const enough = 24
	if len(msg) > enough {
		return fmt.Sprintf("%s, %q...", count(len(msg), "byte"), msg[:enough])
	}
	return fmt.Sprintf("%s, %q", count(len(msg), "byte"), msg)
}

// outcome is what a Read returned.
func outcome(msg []byte, err error) string {
	switch {
	case err == nil:
		return "a message of " + show(msg)
	case len(msg) > 0:
		return fmt.Sprintf("error %q (%T) beside %s", err, err, show(msg))
	}
	return fmt.Sprintf("error %q (%T)", err, err)
}
