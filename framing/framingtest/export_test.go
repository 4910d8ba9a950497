package framingtest

// TestPairPatient is TestPair with another patience, so that a test need not wait for a codec that hangs.
var TestPairPatient = testPair
