// Package netns runs a program again in a network of its own, in which it may do everything: make links with any MTU,
// take them down, capture, filter. That needs no root on Linux, because the network comes with a user namespace in which
// the program is root. It is for tests and experiments that need packets of a known size between two hosts. It may know
// the kernel, and nothing of this project; and it must not touch the machine's own network: every function that changes
// something refuses to, except where Command has put the process.
package netns

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// insideEnv tells a process that Command has started it.
const insideEnv = "ECHOLAB_NETNS"

// Inside says whether this process was started by Command.
func Inside() bool { return os.Getenv(insideEnv) != "" }

// Missing says why there can be no such network here; nil if there can be one. It finds out by making one.
func Missing() error {
	cmd, err := Command(context.Background(), "/bin/sh", "-c", ":")
	if err != nil {
		return err
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w (user namespaces may be forbidden: see user.max_user_namespaces, and on Ubuntu "+
			"kernel.apparmor_restrict_unprivileged_userns; a container needs a seccomp profile that allows them)", err)
	}
	return nil
}

// TB is what Test needs of a *testing.T.
type TB interface {
	Helper()
	Name() string
	Context() context.Context
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Test runs body, the rest of a top-level test, in a process of its own that is alone in a new network; what the test
// says there is said here. Where that cannot be had the test is skipped, but fails if CI=true.
func Test(t TB, body func()) {
	t.Helper()
	if Inside() {
		body()
		return
	}
	if err := Missing(); err != nil {
		unable(t, err)
		return
	}
	args := []string{"-test.run=^" + regexp.QuoteMeta(t.Name()) + "$", "-test.v", "-test.count=1"}
	cmd, err := Command(t.Context(), os.Args[0], args...)
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	switch {
	case err != nil:
		t.Fatalf("in a network namespace: %v\n%s", err, text)
	case !strings.Contains(text, "--- PASS: "+t.Name()): // skipped, or not there at all
		t.Skipf("in a network namespace:\n%s", text)
	default:
		t.Logf("in a network namespace:\n%s", text)
	}
}

// unable ends a test that cannot be run here.
func unable(t TB, err error) {
	end := t.Skipf
	if os.Getenv("CI") == "true" {
		end = t.Fatalf
	}
	end("this needs a network namespace of its own: %v", err)
}
