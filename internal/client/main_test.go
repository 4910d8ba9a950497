package client_test

import (
	"testing"

	"echolab/internal/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }
