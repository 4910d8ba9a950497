package interop

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/picture"
	"echolab/internal/picture/picturetest"
	"echolab/internal/streammap/maptest"
)

// stopTabs ends the browser that tabs begins.
var stopTabs = func() {}

// tabs is the browser whose tabs show the pages of stream maps: one for all of them, since it takes its time to begin.
var tabs = sync.OnceValue(func() context.Context {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(findBrowser()),
		chromedp.NoSandbox, // which root cannot have
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")) // it has no business elsewhere
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	browser, _ := chromedp.NewContext(allocator)
	stopTabs = func() {
		_ = chromedp.Cancel(browser) // and waits for its end
		stop()
	}
	_ = chromedp.Do(browser) // an error comes again when a tab is opened
	return browser
})

// acting runs ACTS on the page, where svg is its first map, press a key pressed there, and said what a screen reader says.
const acting = `(() => {
	const svg = document.querySelector("svg[role=slider]");
	const said = () => document.getElementById("at").textContent;
	const press = (key, shiftKey = false) => svg.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey }));
	const button = label => document.querySelector("button[aria-label='" + label + "']").click();
	const point = (type, x) => svg.dispatchEvent(new PointerEvent(type, { clientX: x, pointerType: "mouse" }));
	let at, left, tick, script; // what one act may leave for the next
	return [ACTS].map(act => String(act()));
})()`

// act opens the page of figures in a browser at an address with that fragment, and returns what each of the acts,
// expressions in JavaScript, evaluates to.
func act(t *testing.T, fragment string, acts []string, figures ...picture.Figure) []string {
	t.Helper()
	if findBrowser() == "" {
		missing(t, "a browser", "chromium")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		assert.NoError(t, picture.HTML(w, "stream maps", figures...))
	}))
	t.Cleanup(server.Close)
	tab, closeTab := chromedp.NewContext(tabs())
	defer closeTab()
	require.NoError(t, chromedp.Do(tab)) // the tab opens, and lives as long as its context
	ctx, cancel := context.WithTimeout(tab, limit)
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(900, 800), chromedp.Navigate(server.URL+"/#"+fragment)))
	all := "() => (" + strings.Join(acts, "), () => (") + ")"
	results, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](strings.Replace(acting, "ACTS", all, 1)))
	require.NoError(t, err)
	return results
}

// greeted are three messages in frames of 11, 21 and 19 bytes after a handshake, cut by the reads.
func greeted() picture.Figure {
	m := maptest.Spoken([]int{8, 8, 35}, eventtest.Texts("hello", "안녕하세요", "goodbye, TCP!")...)
	maptest.Add(m, maptest.Segments(51))
	return picture.Figure{Conn: 1, Title: "a → b", ToServer: m}
}

const said209 = "byte at 209, client → server: 6f on the wire, 95 without its mask (6f xor fa), byte 3 of 3 of “녕”; " +
	"message 2 of 3 (21 bytes at 198): byte 12 of 21; write 2 of 3 (21 bytes at 198): byte 12 of 21; " +
	"segment 1 of 1 (51 bytes at 187): byte 23 of 51; read 3 of 3 (35 bytes at 203): byte 7 of 35; " +
	"text frame 2 of 3 (21 bytes at 198): byte 12 of 21, payload byte 6 of 15; " +
	"received message 2 of 3 (21 bytes at 198): byte 12 of 21"

func TestALinkToAByteTellsWhereItIs(t *testing.T) {
	told := act(t, "c1.c2s.209", []string{
		"said()",
		"document.getElementById('what').textContent",
		"[...document.querySelectorAll('#where tr')].map(tr => [...tr.cells].map(td => td.textContent).join(' | '))" +
			".join('\\n')",
		"document.querySelectorAll('.around').length",
		"svg.getAttribute('aria-valuetext')",
	}, greeted())
	assert.Equal(t, []string{
		said209,
		"byte at 209, client → server: 6f on the wire, 95 without its mask (6f xor fa), byte 3 of 3 of “녕”",
		`message 2 of 3 | 21 bytes at 198 | byte 12 of 21
write 2 of 3 | 21 bytes at 198 | byte 12 of 21
segment 1 of 1 | 51 bytes at 187 | byte 23 of 51
read 3 of 3 | 35 bytes at 203 | byte 7 of 35
text frame 2 of 3 | 21 bytes at 198 | byte 12 of 21, payload byte 6 of 15
received message 2 of 3 | 21 bytes at 198 | byte 12 of 21`,
		"6", "byte at 209",
	}, told)
}

func TestTheKeysMoveByByteAndByBoundary(t *testing.T) {
	at := "svg.getAttribute('aria-valuenow')"
	told := act(t, "c1.c2s.187", []string{
		at,
		"press('ArrowRight'), " + at,
		"press('ArrowRight', true), " + at, // the first read ends
		"press('ArrowRight', true), " + at, // the first message ends
		"press('ArrowLeft', true), " + at,
		"press('ArrowLeft'), " + at,
		"press('End'), " + at,
		"press('ArrowRight'), " + at,
		"press('Home'), " + at,
		"press('ArrowLeft'), " + at,
		"location.hash",
		"button('next cut inside a message'), " + at,
		"button('next cut inside a message'), " + at,
		"button('next cut inside a message'), " + at, // from the first one again
	}, greeted())
	assert.Equal(t, []string{
		"187", "188", "195", "198", "195", "194", "237", "237", "187", "187", "#c1.c2s.187", "195", "203", "195",
	}, told)
}

func TestTheMouseTellsAndPicks(t *testing.T) {
	told := act(t, "c1.c2s.187", []string{
		"tick = svg.querySelectorAll('.tick')[1], tick.textContent", // a place to point at
		"at = svg.getBoundingClientRect().left + Number(tick.getAttribute('x')) + 6, " +
			"point('pointermove', at), said().slice(0, 11)",
		"svg.getAttribute('aria-valuenow')",
		"point('pointerleave', 0), said().slice(0, 11)",
		"point('pointerdown', at), point('pointerup', at), svg.getAttribute('aria-valuenow')",
		"location.hash",
	}, greeted())
	assert.Equal(t, []string{"190", "byte at 190", "187", "byte at 187", "190", "#c1.c2s.190"}, told)
}

func TestARangeIsPickedWithTheMouseAndLeftWithAButton(t *testing.T) {
	const size = 1 << 20
	m := maptest.Stream("", maptest.Sent(maptest.Times(1<<14, 64, 0)...), maptest.Reads(maptest.Times(1000, 1000, size)...))
	figure := picture.Figure{Conn: 3, ToClient: m}
	ticks := "[...svg.querySelectorAll('.tick')].map(t => t.textContent).join(' ')"
	told := act(t, "c3.s2c.0", []string{
		"button('the whole stream'), " + ticks,
		"left = svg.getBoundingClientRect().left, point('pointerdown', left + 200), " +
			"point('pointermove', left + 300), svg.querySelectorAll('.zoom').length",
		"point('pointerup', left + 300), " + ticks,
		"button('the whole stream'), " + ticks,
	}, figure)
	assert.True(t, strings.HasPrefix(told[0], "0 100,000 200,000"), told[0])
	assert.Equal(t, "1", told[1], "the range is shown while it is picked")
	assert.Contains(t, told[2], "300,000 310,000")
	assert.Equal(t, told[0], told[3])
}

func TestAByteCanBeInTheHeaderOfAFrameOrInNoSpan(t *testing.T) {
	figure := greeted()
	figure.ToClient = maptest.Stream(eventtest.Greeting, maptest.Sent(5))
	figure.ToClient.Title = "server → client"
	maptest.Add(figure.ToClient, maptest.Writes(33))
	header := act(t, "c1.c2s.198", []string{"said()"}, figure)[0]
	assert.Contains(t, header, "byte at 198, client → server: 81, of a frame's header; ")
	assert.Contains(t, header, "byte 1 of 21, header byte 1 of 6")
	told := act(t, "c1.s2c.7", []string{"said()", "document.querySelectorAll('.here').length"}, figure)
	assert.Equal(t, "byte at 7, server → client: 88, byte 3 of 3 of “안”; in no message; "+
		"write 1 of 1 (33 bytes at 0): byte 8 of 33", told[0])
	assert.Equal(t, "1", told[1], "the other stream has none")
}

func TestAFrameInPartsTellsItsOwnMask(t *testing.T) {
	long := strings.Repeat("0123456789", 7000) // in a frame whose length takes 8 bytes
	m := maptest.Spoken(nil, eventtest.Fragment(event.OpText, long[:200]).WithMask(),
		eventtest.Whole(event.OpContinuation, long).WithMask())
	figure := picture.Figure{Conn: 1, ToServer: m}
	said := act(t, "c1.c2s.409", []string{"said()"}, figure)[0]
	assert.Contains(t, said, "30 without its mask", "187 + 208 + 14 is the first byte of the second payload")
	assert.Contains(t, said, "continuation frame 2 of 2 (70,014 bytes at 395): "+
		"byte 15 of 70,014, payload byte 1 of 70,000")
}

func TestNothingOfAHostileStreamRunsInThePage(t *testing.T) {
	const hostile = `</script><img src=x onerror="window.owned = 1"><script>window.owned = 1</script>`
	m := maptest.Stream(hostile, maptest.Sent(len(hostile)))
	m.Title = hostile
	told := act(t, "c1.c2s.0", []string{
		"window.owned",
		"document.querySelectorAll('img, main script').length",
		"said().includes('“<”')",
		// And if something did become markup, the policy would not let it run.
		"script = document.createElement('script'), script.textContent = 'window.owned = 1', document.body.append(script), " +
			"window.owned",
	}, picture.Figure{Conn: 1, Title: hostile, Notes: []string{hostile}, ToServer: m})
	assert.Equal(t, []string{"undefined", "0", "true", "undefined"}, told)
}

func TestThePageSaysWhatIsNotInIt(t *testing.T) {
	const size = 1 << 20
	m := maptest.Stream("\xec\x95"+strings.Repeat("x", 1<<17), maptest.Sent(maptest.Times(size/50, 50, size)...), maptest.Reads(size))
	figure := picture.Figure{Conn: 1, ToServer: m}
	told := act(t, "c1.c2s.1000000", []string{
		"said()", "document.querySelector('.note').textContent", "press('Home'), said()",
	}, figure)
	assert.Contains(t, told[0], "byte at 1,000,000, client → server: its value was not kept; message 20,001 of 20,972")
	assert.Equal(t, "The bytes after offset 131,072 are not in this page.", told[1])
	assert.Contains(t, told[2], "byte at 0, client → server: ec, no character to be seen; ", "its last byte is missing")
}

func TestThePageDrawsTheLayout(t *testing.T) {
	all := picturetest.Scenes()
	last := len(all) - 1 // which takes the room that a page has for spans, by itself
	for _, scenes := range [][]picturetest.Scene{all[:last], all[last:]} {
		for i, d := range pageDrawings(t, scenes) {
			t.Run(scenes[i].Name, func(t *testing.T) { scenes[i].Matches(t, d.Read(t)) })
		}
	}
}

// pageDrawings are what a browser draws in a page of the scenes, one for each.
func pageDrawings(t *testing.T, scenes []picturetest.Scene) []picturetest.Drawing {
	t.Helper()
	var figures []picture.Figure
	for i, s := range scenes {
		figures = append(figures, picture.Figure{Conn: i + 1, ToServer: s.Map})
	}
	told := act(t, "", []string{`JSON.stringify([...document.querySelectorAll("svg[role=slider]")].map(svg => ({
		ticks: [...svg.querySelectorAll(".tick")].map(tick => [tick.textContent, tick.getAttribute("x")]),
		rows: [...svg.querySelectorAll("g.row, g.message")].map(g =>
			[...g.querySelectorAll("path")].map(path => [path.getAttribute("class"), path.getAttribute("d")])),
	})))`}, figures...)
	var drawings []picturetest.Drawing
	require.NoError(t, json.Unmarshal([]byte(told[0]), &drawings), told[0])
	require.Len(t, drawings, len(scenes))
	return drawings
}
