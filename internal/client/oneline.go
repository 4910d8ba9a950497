package client

import "echolab/internal/text"

// maxLine is how much of an error is shown, in characters.
const maxLine = 320

// A lineError is an error in one line that is safe to print, whatever of the server's is in it.
type lineError struct {
	error
	line string
}

func (e *lineError) Error() string { return e.line }
func (e *lineError) Unwrap() error { return e.error }

// inOneLine makes an error a line, unless it is one.
func inOneLine(err error) error {
	if err == nil {
		return nil
	}
	line := []rune(text.Harmless(err.Error()))
	if len(line) > maxLine {
		line = append(line[:maxLine], []rune(text.Dots)...)
	}
	if string(line) == err.Error() {
		return err
	}
	return &lineError{err, string(line)}
}
