package server

import "echolab/internal/deflate"

// negotiate chooses among the extensions that a client offers. It returns what to answer.
func (s *Server) negotiate(up *upgrade, offered []string) (answer string, err error) {
	params, answer, ok, err := deflate.Accept(offered)
	if err != nil || !ok || !s.Web.Deflate {
		return "", err
	}
	up.deflate = &params
	return answer, nil
}

// packing is the permessage-deflate of a session.
type packing struct {
	*deflate.Writer
	*deflate.Reader
}
