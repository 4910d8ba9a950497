package picture_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/picture"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
)

// page is what a page has in it for its script.
type page struct {
	Figures []struct {
		Maps []struct {
			Known, Size, Start int64
			Judged             bool
			Wire, Payload      []byte
			Rows               []struct {
				Noun         string
				Spans, Marks []run
			}
		}
	}
	More int
}

type run struct {
	N, More  int
	Kind     string
	Captions []string
}

var dataElement = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)

// pageOf writes a page, asserts what must be true of every one, and returns what is in it.
func pageOf(t *testing.T, figures ...picture.Figure) page {
	t.Helper()
	html := written(t, figures...)
	require.Less(t, len(html), 8<<20)
	require.Equal(t, 2, strings.Count(html, "<script"), "the data and the script")
	require.Equal(t, 2, strings.Count(html, "</script"))
	require.Equal(t, 1, strings.Count(html, "<style"))
	require.Empty(t, regexp.MustCompile(`https?://[^ "]*`).FindAllString(
		strings.ReplaceAll(html, "http://www.w3.org/2000/svg", ""), -1))
	var p page
	require.NoError(t, json.Unmarshal([]byte(dataElement.FindStringSubmatch(html)[1]), &p))
	return p
}

func written(t *testing.T, figures ...picture.Figure) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, picture.HTML(&b, "stream maps", figures...))
	return b.String()
}

func TestAPageHasEverySpanOfASmallMap(t *testing.T) {
	m := maptest.Spoken([]int{30, 1}, append(eventtest.Texts("hello", "hallo"), eventtest.Whole(event.OpPing, "hey").WithMask())...)
	p := pageOf(t, picture.Figure{ToServer: m}).Figures[0].Maps[0]
	got := map[string][]int{}
	for _, row := range p.Rows {
		for _, run := range row.Spans {
			for range run.More + 1 {
				got[row.Noun] = append(got[row.Noun], run.N)
			}
		}
	}
	assert.Equal(t, map[string][]int{
		"message": {11, 11}, "write": {11, 11, 9}, "read": {30, 1}, "frame": {11, 11, 9}, "received message": {11, 11},
	}, got)
	frames := p.Rows[3].Spans
	assert.Equal(t, []string{"text 11", "11"}, frames[0].Captions)
	assert.Equal(t, []string{"ping 9", "ping", "9"}, frames[1].Captions, "what a control frame is tells more than its length")
	assert.Empty(t, p.Rows[1].Spans[0].Captions, "the length alone")
	assert.Equal(t, m.Wire(187, 187+31), p.Wire)
	assert.Equal(t, "hello", string(p.Payload[6:11]))
	assert.Equal(t, p.Size, p.Known)
}

func TestAGapIsANegativeRun(t *testing.T) {
	m := maptest.Stream(eventtest.Greeting, maptest.Writes(33))
	maptest.Add(m, maptest.Reads(5))
	m.Row(streammap.Reads).Add(event.Span{Off: 20, N: 13})
	runs := pageOf(t, picture.Figure{ToServer: m}).Figures[0].Maps[0].Rows[1].Spans
	require.Len(t, runs, 3)
	assert.Equal(t, []int{5, -15, 13}, []int{runs[0].N, runs[1].N, runs[2].N})
}

func TestNothingInAStreamBecomesMarkupOfThePage(t *testing.T) {
	const hostile = "</script><script>alert(1)</script><!--\u2028\u202e\x00\xff"
	m := maptest.Stream(hostile, maptest.Sent(len(hostile)))
	m.Title = hostile
	html := written(t, picture.Figure{Title: hostile, Notes: []string{hostile}, ToServer: m})
	pageOf(t, picture.Figure{Title: hostile, Notes: []string{hostile}, ToServer: m}) // which counts the scripts
	assert.NotContains(t, html, "alert(1)</script>")
	assert.NotContains(t, html, "\u2028")
	assert.NotContains(t, html, "\u202e")

	var b strings.Builder
	require.NoError(t, picture.HTML(&b, hostile))
	assert.NotContains(t, b.String(), "<script>alert")
}

func TestThePolicyNamesTheScriptAndTheStyleThatAreInThePage(t *testing.T) {
	html := written(t)
	for _, element := range []string{"script", "style"} {
		text := regexp.MustCompile("(?s)<" + element + ">(.*?)</" + element + ">").FindStringSubmatch(html)[1]
		sum := sha256.Sum256([]byte(text))
		digest := strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")
		assert.Contains(t, html, element+"-src 'sha256-"+digest+"'")
	}
	assert.Contains(t, html, "default-src 'none'")
}

func TestAPageIsBoundedWhateverItShows(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	sizes := make([]int, 20_000)
	for i := range sizes {
		sizes[i] = 1 + random.IntN(1000)
	}
	m := maptest.Stream(strings.Repeat("x", 1<<17), maptest.Sent(sizes...), maptest.Writes(sizes...), maptest.Segments(sizes...), maptest.Reads(sizes...))
	p := pageOf(t, picture.Figure{ToServer: m, ToClient: m}).Figures[0].Maps[0]
	assert.Less(t, p.Known, p.Size, "not all of them have room")
	for _, row := range p.Rows {
		end := p.Start
		for _, run := range row.Spans {
			end += int64(run.N * (run.More + 1))
		}
		assert.GreaterOrEqual(t, end, p.Known, "all spans up to there are in the page")
		at := p.Start
		for _, run := range row.Marks {
			at += int64(run.N * (run.More + 1))
		}
		assert.GreaterOrEqual(t, at, p.Known, "all marks up to there are in the page")
	}

	many := make([]picture.Figure, 500)
	m = maptest.Stream(strings.Repeat("x", 1<<17), maptest.Sent(sizes[:4000]...), maptest.Reads(sizes[:4000]...))
	for i := range many {
		many[i] = picture.Figure{Conn: i + 1, ToServer: m}
	}
	all := pageOf(t, many...)
	assert.Equal(t, len(many), len(all.Figures)+all.More)
	assert.Positive(t, all.More)
}

func TestTheSameFiguresGiveTheSamePage(t *testing.T) {
	f := picture.Figure{ToServer: maptest.Spoken([]int{5, 6}, eventtest.Texts("hello")...)}
	assert.Equal(t, written(t, f), written(t, f))
}
