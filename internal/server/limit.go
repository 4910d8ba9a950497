package server

// A Limit is a field of Server or Web that a client can meet.
type Limit string

const (
	LimitIdle    Limit = "IdleTimeout"
	LimitWrite   Limit = "WriteTimeout"
	LimitPong    Limit = "PongWait"
	LimitConns   Limit = "MaxConns"
	LimitOrigins Limit = "Origins"
	LimitHosts   Limit = "Hosts"
)

// A LimitError says which limit a client met. Its text, which also a client may get to see, names no setting.
type LimitError struct {
	Limit Limit
	Text  string
}

func (e *LimitError) Error() string { return e.Text }

// explain is the text of an error in the account.
func (s *Server) explain(err error) string {
	if s.Explain != nil {
		return s.Explain(err)
	}
	return err.Error()
}
