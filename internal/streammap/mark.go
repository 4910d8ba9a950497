package streammap

// A Kind says what stands at an offset of a row, or at a place of its picture.
type Kind int

const (
	Nothing Kind = iota

	// Of one offset: a boundary of the row, held against the messages, or one that it lacks.
	Agree // a message ends or begins there, or the map begins
	Alone // no message is known there
	Cut   // it lies inside a message
	Part  // a frame ends there, and the message goes on
	Lost  // a message ends or begins there, and the row has no boundary

	// Of a place in a picture.
	Dense   // several boundaries, none of which cuts a message
	Mixed   // several, some of which cut messages
	Sparse  // several that are lost
	Unknown // too far on: only the first boundaries of a row are kept
)

var kinds = [...]struct{ name, meaning string }{
	Nothing: {"nothing", "nothing"},
	Agree:   {"agree", "boundary of a message"},
	Alone:   {"alone", "boundary where no message is known"},
	Cut:     {"cut", "cut inside a message"},
	Part:    {"part", "a frame ends, the message goes on"},
	Lost:    {"lost", "message boundary, lost in this row"},
	Dense:   {"dense", "several boundaries"},
	Mixed:   {"mixed", "several, some inside messages"},
	Sparse:  {"sparse", "several boundaries lost"},
	Unknown: {"unknown", "not drawn: more than were kept"},
}

// String is the kind's name, in one word.
func (k Kind) String() string { return kinds[k].name }

// Meaning is what a legend says of the kind.
func (k Kind) Meaning() string { return kinds[k].meaning }

// A Mark is what stands at one offset of a row.
type Mark struct {
	At   int64
	Kind Kind // from Agree to Lost

	// Whether the row's line begins or ends there: at the ends of the row, and beside a gap. At most one is true.
	First, Last bool
}

// A Tally counts the marks, by their kinds, that share one place in a picture.
type Tally [Lost + 1]int

// Own is how many of them are boundaries of the row.
func (t Tally) Own() int { return t[Agree] + t[Alone] + t[Cut] + t[Part] }

// Kind is what to draw for them. A single boundary of a message does not hide those that are lost beside it.
func (t Tally) Kind() Kind {
	switch {
	case t.Own() > 1 && t[Cut] > 0:
		return Mixed
	case t.Own() > 1:
		return Dense
	case t[Cut] > 0:
		return Cut
	case t[Part] > 0:
		return Part
	case t[Alone] > 0:
		return Alone
	case t[Lost] > 1:
		return Sparse
	case t[Lost] > 0:
		return Lost
	case t[Agree] > 0:
		return Agree
	}
	return Nothing
}
