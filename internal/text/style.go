package text

import "strconv"

// Style is how text is shown on a terminal. The zero Style leaves it as it is, for [Width] columns.
type Style struct {
	Color   bool
	Columns int // that the terminal has; 0 where there is none
}

// Narrow is how many columns a map needs, and whatever else has rows.
const Narrow = 60

// Width is how wide what has rows may be: as wide as the terminal, but no less than [Narrow]. A narrower one breaks its lines.
func (s Style) Width() int {
	if s.Columns == 0 {
		return Width
	}
	return max(s.Columns, Narrow)
}

// TooNarrow says so of a terminal that has not the columns that such a thing needs. Of another it says nothing.
func (s Style) TooNarrow(thing string) string {
	if s.Columns == 0 || s.Columns >= Narrow {
		return ""
	}
	return Count(s.Columns, "column", "columns") + ": " + thing + " need " + strconv.Itoa(Narrow)
}

// SGR codes of ECMA-48 section 8.3.117.
const (
	sgrBold   = "1"
	sgrDim    = "2"
	sgrRed    = "31"
	sgrGreen  = "32"
	sgrYellow = "33"
)

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Plain leaves text as it is.
func (s Style) Plain(text string) string { return text }

// Dim makes text step back.
func (s Style) Dim(text string) string { return s.paint(sgrDim, text) }

// Bold makes text stand out.
func (s Style) Bold(text string) string { return s.paint(sgrBold, text) }

// Good and Bad are for what went as it should, and for what did not.
func (s Style) Good(text string) string { return s.paint(sgrGreen, text) }
func (s Style) Bad(text string) string  { return s.paint(sgrRed, text) }

// Warn is for what is missing.
func (s Style) Warn(text string) string { return s.paint(sgrYellow, text) }
