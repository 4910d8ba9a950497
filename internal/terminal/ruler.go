package terminal

import (
	"echolab/internal/text"
)

// tickGap is the least room between two numbers on the ruler.
const tickGap = 3

// ruler has offsets at round places, as many as have room.
func (v *view) ruler() string {
	step := int64(1)
	for ; step < v.To-v.From; step = v.next(step) {
		last := v.To / step * step
		widest := max(len(v.tick(last)), len(v.tick(last-step)))
		if v.col(v.From+step) >= widest+tickGap {
			break
		}
	}
	cells := blank(v.width - v.label)
	free := 0
	if v.AtStart() { // which need not be a round place
		free = copy(cells, []rune(v.tick(v.From))) + tickGap
	}
	for at := (v.From + step - 1) / step * step; at <= v.To; at += step {
		if tick := v.tick(at); v.col(at) >= free && v.col(at)+len(tick) <= len(cells) {
			copy(cells[v.col(at):], []rune(tick))
		}
	}
	return string(cells)
}

// next is the next larger round number, or, where the numbers are in KiB and more, the next power of two.
func (v *view) next(step int64) int64 {
	if v.binary() {
		return step * 2
	}
	return text.Rounder(step)
}

// binary says whether the ruler counts in powers of two.
func (v *view) binary() bool { return v.To-v.From >= 4096 }

func (v *view) tick(offset int64) string {
	if v.binary() {
		return short(offset)
	}
	return text.Number(offset)
}
