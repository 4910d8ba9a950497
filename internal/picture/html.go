package picture

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
)

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle string

// The page's script, in the order in which its parts build on each other.
var (
	//go:embed stream.js
	streamScript string
	//go:embed draw.js
	drawScript string
	//go:embed page.js
	viewScript string

	pageScript = streamScript + drawScript + viewScript
)

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// HTML writes figures to w, with one write, as one page that needs nothing else and asks for nothing: one points at a
// byte, with a mouse, a finger or the arrow keys, and sees in which write, segment, read, frame and message it is.
//
// A link to a byte names connection, stream and offset: #c1.c2s.190. Of long streams, and of many, the page has the
// first spans and bytes, and says how far they go.
func HTML(w io.Writer, title string, figures ...Figure) error {
	page := struct {
		Title, Style, Script string
		CSS                  template.CSS
		JS                   template.JS
		Patterns             template.HTML
		Legend               []legendEntry
		Data                 pageData
	}{
		Title: plain(title), Style: digest(svgStyle + pageStyle), Script: digest(pageScript),
		CSS: template.CSS(svgStyle + pageStyle), JS: template.JS(pageScript), Patterns: template.HTML(patterns),
		Legend: legend(), Data: dataOf(figures),
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, page); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// digest names a text for the Content-Security-Policy, which lets nothing else run or be applied.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
