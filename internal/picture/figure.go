// Package picture draws stream maps, as [streammap.Layout] says, for people who are not at a terminal: as an SVG to be shown
// in a text, and as a page in which one points at a byte and sees where it is. It may know events' directions, maps and
// their layouts, and how wide and how high a picture is. It must not judge a boundary, nor let anything in a stream become
// markup: its bytes are text, and those that cannot be seen are dots.
package picture

import (
	"strings"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// A Figure is what is shown of one connection.
type Figure struct {
	Conn  int      // its number, for links to a byte of it; they are unique only if it is
	Title string   // such as its two ends
	Notes []string // sentences below the title, such as "3 writes, 1 segment, 1 read, 3 messages"

	// The streams. A nil one is left out.
	ToServer, ToClient *streammap.Map
}

// maps are the figure's streams, with the names that they have in links.
func (f Figure) maps() []named {
	var all []named
	for _, n := range []named{{event.ClientToServer, f.ToServer}, {event.ServerToClient, f.ToClient}} {
		if n.Map != nil {
			all = append(all, n)
		}
	}
	return all
}

type named struct {
	dir event.Dir
	*streammap.Map
}

// compared says in a few words how a row's boundaries compare with the messages; nothing, if there are none or they
// are the row's own.
func compared(m *streammap.Map, r *streammap.Row) string {
	ref := m.Reference()
	if ref == nil || ref == r || r.Count == 0 {
		return ""
	}
	_, cut, lost := m.Compare(r.Layer)
	var parts []string
	within := 0 // a message may be made of several frames: they do not cut it
	if r.Layer == streammap.Frames {
		within, cut = cut, 0
	}
	if cut+lost == 0 {
		parts = append(parts, "✓ agrees")
	}
	if cut > 0 {
		parts = append(parts, text.Count(cut, "cut", "cuts"))
	}
	if lost > 0 {
		parts = append(parts, text.Count(lost, "lost", "lost"))
	}
	if within > 0 {
		parts = append(parts, text.Count(within, "within a message", "within messages"))
	}
	if !m.Complete() {
		parts = append(parts, "so far")
	}
	return strings.Join(parts, ", ")
}

// Bounds of a title and a note, in characters, and of the notes of a figure: more than this project ever writes.
const (
	titleKept = 300
	notesKept = 12
)

// notes are the figure's notes as they are shown.
func (f Figure) notes() []string {
	notes := []string{}
	for _, note := range f.Notes[:min(len(f.Notes), notesKept)] {
		notes = append(notes, plain(note))
	}
	return notes
}

// plain is the title without what is no character to be seen, and without what turns the direction of reading around.
func plain(title string) string {
	n := 0
	for i := range title {
		if n++; n > titleKept {
			title = title[:i] + "..."
			break
		}
	}
	return text.Harmless(title)
}
