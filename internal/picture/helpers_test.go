package picture_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/picture"
	"echolab/internal/streammap"
)

// svgOf is the picture of one map.
func svgOf(t *testing.T, m *streammap.Map) string {
	t.Helper()
	return drawn(t, picture.Figure{Conn: 1, Title: "127.0.0.1:50000 → 127.0.0.1:9000", ToServer: m})
}

func drawn(t *testing.T, figures ...picture.Figure) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, picture.SVG(&b, figures...))
	return b.String()
}
