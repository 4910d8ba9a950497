package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// sentence is that of one of the connection's streams, whose map this is.
func (c *connection) sentence(m *streammap.Map, dir event.Dir) string {
	if s := c.stream(dir); m.Size() == m.Start && s.missing > 0 {
		return fmt.Sprintf("%s: none of %s is in the capture.", m.Title, text.Bytes(s.missing))
	}
	text := sentence(m)
	if c.stream(dir).failed && len(agreement(m)) > 0 && decoded(m) < m.Size() {
		text = strings.TrimSuffix(text, ".") + " (compared as far as messages are known)."
	}
	return text
}

// decoded is the offset up to which frames or messages are known.
func decoded(m *streammap.Map) (end int64) {
	for _, l := range []streammap.Layer{streammap.Frames, streammap.Sent, streammap.Received} {
		if m.Count(l) > 0 {
			end = max(end, m.Row(l).End)
		}
	}
	return end
}

// sentence says of a stream what there was of each layer, and which layers agree with the messages.
func sentence(m *streammap.Map) string {
	counts := counted(m)
	if len(counts) == 0 {
		return m.Title + ": no byte."
	}
	text := m.Title + ": " + strings.Join(counts, ", ")
	if groups := agreement(m); len(groups) > 0 {
		text += "; " + strings.Join(groups, ", ")
	}
	if !m.Complete() {
		text += " (compared as far as all boundaries were kept)"
	}
	return text + "."
}

// counted says how many spans there were of each layer of calls, segments and frames, and of messages.
func counted(m *streammap.Map) []string {
	var counts []string
	for l := streammap.Writes; l <= streammap.Frames; l++ {
		if n := m.Count(l); n > 0 {
			counts = append(counts, l.Several(n))
		}
	}
	if n := cmp.Or(m.Count(streammap.Sent), m.Count(streammap.Received)); n > 0 {
		counts = append(counts, streammap.Sent.Several(n))
	}
	return counts
}

// agreement says of calls and segments how they agree with the messages; those that do alike, together.
func agreement(m *streammap.Map) []string {
	if m.Count(streammap.Sent) == 0 && (m.Count(streammap.Frames) == 0 || m.Count(streammap.Received) == 0) {
		return nil
	}
	type group struct {
		cut, lost int
		names     []string
		several   bool
	}
	var groups []*group
	for l := streammap.Writes; l < streammap.Frames; l++ {
		n := m.Count(l)
		if n == 0 {
			continue
		}
		_, cut, lost := m.Compare(l)
		i := slices.IndexFunc(groups, func(g *group) bool { return g.cut == cut && g.lost == lost })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{cut: cut, lost: lost})
		}
		groups[i].several = n > 1 || len(groups[i].names) > 0
		_, noun, _ := strings.Cut(l.Several(n), " ")
		groups[i].names = append(groups[i].names, "the "+noun)
	}
	var texts []string
	for _, g := range groups {
		texts = append(texts, text.List(g.names)+" "+verdict(g.cut, g.lost, g.several))
	}
	return texts
}

// verdict is what a layer does to the boundaries of messages.
func verdict(cut, lost int, several bool) string {
	s := "s"
	if several {
		s = ""
	}
	var does []string
	if lost > 0 {
		does = append(does, fmt.Sprintf("lose%s %s", s, text.Count(lost, "boundary", "boundaries")))
	}
	if cut > 0 {
		times := text.Number(int64(cut)) + " times"
		if cut == 1 {
			times = "once"
		}
		does = append(does, fmt.Sprintf("cut%s inside messages %s", s, times))
	}
	if len(does) == 0 {
		return fmt.Sprintf("keep%s every boundary", s)
	}
	return text.List(does)
}
