package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli"
	"echolab/internal/lab"
)

func TestTheListHasEveryExperimentBelowItsChapter(t *testing.T) {
	r := runClient(t, "-list")
	assert.Equal(t, 0, r.status)
	var want []string
	for i, e := range lab.Experiments() {
		if i == 0 || e.Chapter != lab.Experiments()[i-1].Chapter {
			want = append(want, e.Chapter)
		}
		want = append(want, e.Name+" "+e.Question)
	}
	var got []string
	for line := range strings.Lines(r.stdout) {
		assert.LessOrEqual(t, len(line), 80+1)
		words := strings.Join(strings.Fields(line), " ")
		assert.Equal(t, !strings.HasPrefix(line, " "), !strings.HasSuffix(words, "?"), "only chapters are not indented: %s", line)
		got = append(got, words)
	}
	assert.Equal(t, want, got)
}

func TestExperimentsCanBePickedInEitherForm(t *testing.T) {
	for _, args := range [][]string{
		{"-tour", "refused,two-sockets"}, {"-tour=refused,two-sockets"}, {"-tour", "refused", "two-sockets"},
		{"-tour=refused", "two-sockets"}, {"-tour", "refused", ",", "two-sockets,"}, {"-tour", "refused", "-quiet=false", "two-sockets"},
	} {
		r := runClient(t, args...)
		assert.Equal(t, 0, r.status, r.stderr)
		assert.Less(t, strings.Index(r.stdout, "== 1 of 2: refused ="), strings.Index(r.stdout, "== 2 of 2: two-sockets ="), args)
		assert.Contains(t, r.stdout, "Q: What if nobody listens?\n")
		assert.Equal(t, 2, strings.Count(r.stdout, "\nA: "))
		assert.True(t, strings.HasSuffix(r.stdout, "\n2 experiments went as expected.\n"), r.stdout)
		assert.NotContains(t, r.stdout, "\x1b")
	}
}

func TestATourInJSONHasALineForEachExperimentAndAResult(t *testing.T) {
	r := runClient(t, "-tour", "refused,two-sockets", "-json")
	assert.Equal(t, 0, r.status)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	require.Len(t, lines, 3)
	for i, name := range []string{"refused", "two-sockets"} {
		var e struct {
			Ev, Chapter, Name, Question, Answer string
			OK                                  bool
			Measured                            map[string]any
			Claims                              []lab.Claim
		}
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &e))
		assert.Equal(t, "experiment", e.Ev)
		assert.Equal(t, name, e.Name)
		assert.True(t, e.OK)
		assert.NotEmpty(t, e.Question)
		assert.NotEmpty(t, e.Answer)
		assert.NotEmpty(t, e.Measured)
		assert.Equal(t, "Sockets", e.Chapter)
		assert.Len(t, e.Claims, 2*i, "nobody claims anything of refused; T2 and T6 are of two sockets")
		for _, claim := range e.Claims {
			assert.NotEmpty(t, claim.Says)
		}
	}
	assert.Equal(t, map[string]any{"ev": "result", "ok": true, "held": 2.0}, r.result(t))
}

func TestAQuietTourSaysHowItWent(t *testing.T) {
	r := runClient(t, "-tour", "refused", "-quiet")
	assert.Equal(t, 0, r.status)
	assert.Equal(t, "1 experiment went as expected.\n", r.stdout)
}

func TestTheTourEndsWithAnInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, stderr bytes.Buffer
	assert.Equal(t, 130, run(ctx, []string{"-tour", "-json"}, nil, &out, &stderr))
	assert.Equal(t, "tcpclient: interrupted\n", stderr.String())
	assert.Equal(t, map[string]any{"ev": "result", "ok": false, "held": 0.0}, try{stdout: out.String()}.result(t))
}

// found is what an experiment of a test found.
type found lab.Report

func (f found) Report() lab.Report { return lab.Report(f) }

// shows is a tour of experiments that end as told.
func shows(asked []string, outcomes ...any) try {
	var out, stderr bytes.Buffer
	p := cli.Program{Name: "tcpclient", Stdout: &out, Stderr: &stderr}
	t := newTestTour(p)
	for i, outcome := range outcomes {
		e := lab.Experiment{Name: asked[i], Question: "Does it?"}
		if err, failed := outcome.(error); failed {
			t.show(e, nil, err)
		} else {
			t.show(e, found(outcome.(lab.Report)), nil)
		}
	}
	return try{t.end(nil), out.String(), stderr.String()}
}

func newTestTour(p cli.Program) *tour { return &tour{p: p, style: cli.Style(p.Stdout)} }

func TestATourFailsWithItsExperiments(t *testing.T) {
	good := lab.Report{Steps: []string{"first this"}, Answer: "It does."}
	bad := lab.Report{Answer: "It does.", Surprises: []string{"it does not"}}
	unable := fmt.Errorf("not here: %w", errors.ErrUnsupported)

	r := shows([]string{"a", "b", "c", "d"}, good, bad, errors.New("it broke"), unable)
	assert.Equal(t, 1, r.status)
	assert.Contains(t, r.stdout, "-  first this\nA: It does.\n")
	assert.Contains(t, r.stdout, "!  not as expected: it does not\n")
	assert.Contains(t, r.stdout, "!  it broke\n")
	assert.Contains(t, r.stdout, "!  not here: ")
	assert.Contains(t, r.stdout, "\n1 experiment went as expected; not so: b, c; not available on this system: d.\n")

	assert.Equal(t, 0, shows([]string{"a", "d"}, good, unable).status, "what cannot be shown here is no failure")
	assert.Equal(t, 3, shows([]string{"d"}, unable).status)
}
