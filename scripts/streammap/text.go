package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"echolab/internal/cli"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// draw prints a connection: its maps, and a sentence for each of its streams.
func (s *survey) draw(c *connection) {
	style := cli.Style(s.p.Stdout)
	s.fold(style.Bold, c.title()+", "+c.extent())
	for _, remark := range c.remarks() {
		s.fold(style.Plain, remark)
	}
	var sentences []string
	for _, dir := range directions {
		m := c.drawing(dir)
		sentences = append(sentences, c.sentence(m, dir))
		if m.Size() == m.Start {
			continue // the sentence is enough
		}
		fmt.Fprintln(s.p.Stdout)
		if err := terminal.Draw(s.p.Stdout, m, style); err != nil {
			return // there is nobody to show it to
		}
	}
	fmt.Fprintln(s.p.Stdout)
	for _, text := range sentences {
		s.fold(style.Bold, text)
	}
	if c != s.drawn[len(s.drawn)-1] {
		fmt.Fprintln(s.p.Stdout)
	}
}

func (s *survey) fold(paint func(string) string, sentence string) {
	for _, line := range text.Fold(sentence, text.Width) {
		fmt.Fprintln(s.p.Stdout, paint(line))
	}
}

// remarks are what else there is to say about a connection.
func (c *connection) remarks() []string {
	var remarks []string
	if c.start != "" {
		remarks = append(remarks, c.start)
	}
	for i, dir := range directions {
		s := &c.streams[i]
		if s.unplaced {
			remarks = append(remarks, dir.Words()+": its start is not in the capture; offset 0 is the first byte in it")
		}
		if s.missing > 0 {
			remarks = append(remarks, fmt.Sprintf("%s: %s of %s are not in the capture", dir.Words(), text.Number(s.missing),
				text.Bytes(s.bytes)))
		}
	}
	if c.streams[0].tls || c.streams[1].tls {
		remarks = append(remarks, "TLS: one sees where its records end, but nothing of what is in them")
	}
	if c.streams[0].compressed || c.streams[1].compressed {
		remarks = append(remarks, "RSV1 marks compressed messages (permessage-deflate): their payloads are shown as they crossed the wire")
	}
	var marks []string
	for _, mark := range slices.Sorted(maps.Keys(c.marks)) {
		marks = append(marks, fmt.Sprintf("%d × %s", c.marks[mark], mark))
	}
	if len(marks) > 0 {
		remarks = append(remarks, "unusual: "+strings.Join(marks, ", "))
	}
	remarks = append(remarks, c.notes...)
	if c.moreNotes > 0 {
		remarks = append(remarks, fmt.Sprintf("and %d more of these", c.moreNotes))
	}
	return remarks
}

// brief prints a connection that is not drawn.
func (s *survey) brief(c *connection) {
	sentence := c.title() + ", " + c.extent()
	for i, dir := range directions {
		st := &c.streams[i]
		sentence += fmt.Sprintf("; %s: %s in %s", dir.Words(), text.Bytes(st.bytes), text.Count(st.segments, "segment", "segments"))
		if st.frames > 0 {
			sentence += ", " + text.Count(st.frames, "frame", "frames")
		}
		if st.messages > 0 {
			sentence += ", " + text.Count(st.messages, "message", "messages")
		}
	}
	s.fold(cli.Style(s.p.Stdout).Plain, sentence)
}
