package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// A walkthrough is a script that shows on the wire what the tour asserts, and what it needs of this machine.
type walkthrough struct {
	name  string
	needs []func(context.Context) error
}

// walkthroughs returns them all. What several of them need is tried once.
func walkthroughs() []walkthrough {
	capturing := once(capturing)
	return []walkthrough{
		{"handshake.sh", []func(context.Context) error{capturing}},
		{"boundaries.sh", []func(context.Context) error{capturing}},
		{"segments.sh", []func(context.Context) error{capturing, program("ip"), program("ethtool"), program("ss"),
			program("nsenter"), namespaces}},
		{"upgrade.sh", []func(context.Context) error{capturing}},
		{"close.sh", []func(context.Context) error{capturing}},
		{"calls.sh", []func(context.Context) error{tracing}},
	}
}

// once is a need that is tried the first time it is asked for.
func once(need func(context.Context) error) func(context.Context) error {
	var tried bool
	var err error
	return func(ctx context.Context) error {
		if !tried {
			tried, err = true, need(ctx)
		}
		return err
	}
}

// A readiness says whether this machine can run a walkthrough.
type readiness struct {
	Name    string `json:"name"`
	Missing string `json:"missing,omitempty"` // why it cannot, or ""
}

// ready finds out which walkthroughs this machine can run, by trying what they need.
func ready(ctx context.Context) []readiness {
	var all []readiness
	for _, w := range walkthroughs() {
		r := readiness{Name: w.name}
		for _, need := range w.needs {
			if err := need(ctx); err != nil {
				r.Missing = err.Error()
				break
			}
		}
		all = append(all, r)
	}
	return all
}

// onTheWire is a sentence about which walkthroughs this machine can run.
func onTheWire(all []readiness) string {
	var can, missing []string
	without := make(map[string][]string)
	for _, r := range all {
		if r.Missing == "" {
			can = append(can, r.Name)
			continue
		}
		if without[r.Missing] == nil {
			missing = append(missing, r.Missing)
		}
		without[r.Missing] = append(without[r.Missing], r.Name)
	}
	text := "On the wire, in scripts: this machine can run " + strings.Join(can, ", ") + "."
	if len(can) == 0 {
		text = "On the wire, in scripts: this machine can run no walkthrough."
	}
	for _, why := range missing {
		text += fmt.Sprintf(" Recordings are shown by %s: %s.", strings.Join(without[why], ", "), why)
	}
	return text
}

// patience is how long one need is tried.
const patience = 5 * time.Second

// program is the need of a program.
func program(name string) func(context.Context) error {
	return func(context.Context) error {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%s is not installed", name)
		}
		return nil
	}
}

// capturing tries to capture on the loopback interface.
func capturing(ctx context.Context) error {
	if err := program("tcpdump")(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	loopback := "lo"
	if runtime.GOOS == "darwin" {
		loopback = "lo0"
	}
	tcpdump := exec.CommandContext(ctx, "tcpdump", "-i", loopback, "--immediate-mode", "-w", "/dev/null")
	says, err := tcpdump.StderrPipe()
	if err != nil {
		return err
	}
	if err := tcpdump.Start(); err != nil {
		return err
	}
	listens := false
	for lines := bufio.NewScanner(says); lines.Scan(); {
		if strings.Contains(lines.Text(), "listening on") {
			listens = true
			cancel() // that is all there is to know
		}
	}
	_ = tcpdump.Wait() // it was ended, or said why
	if !listens {
		return errors.New("tcpdump may not capture here; as root it may")
	}
	return nil
}

// tracing tries to trace a process.
func tracing(ctx context.Context) error {
	return works(ctx, "strace may not trace here", "strace", "-o", "/dev/null", "true")
}

// namespaces tries to make network namespaces.
func namespaces(ctx context.Context) error {
	return works(ctx, "network namespaces may not be made here; as root they may", "unshare", "--net", "--mount", "true")
}

// works tries a program that ends by itself, and says what it means if it fails.
func works(ctx context.Context, fails, name string, args ...string) error {
	if err := program(name)(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := exec.CommandContext(ctx, name, args...).Run(); err != nil {
		return errors.New(fails)
	}
	return nil
}
