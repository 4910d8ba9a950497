package framingtest

import (
	"slices"

	"echolab/framing"
)

// Until is TestCodec, but ends when it has found each of these rules to be broken.
func Until(c framing.Codec, names ...string) error {
	s := newSuite(c, c)
	for r := range rules {
		if slices.Contains(names, contract[r].name) {
			s.report.enough = append(s.report.enough, r)
		}
	}
	return s.run(nil)
}
