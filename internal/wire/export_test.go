package wire

// Held is how much is charged for what came ahead, and for the copies of what was delivered.
func (f *Follower) Held() (ahead, copies int) { return f.held, f.past }

const (
	MaxOpen = maxOpen
	MaxOver = maxOver
)

// Open is how many connections are followed that have not ended.
func (f *Follower) Open() int { return f.table.open }
