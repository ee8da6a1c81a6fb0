package simtest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// webConn is what a Server knows of an open connection.
type webConn struct {
	state http.ConnState
	since time.Time // when the state began
	last  string    // the method and URL of the last request; empty if there was none
}

// webConnKey is the context key of the *webConn of a connection.
type webConnKey struct{}

// enter begins the record of a connection. It is the ConnContext of the server.
func (s *Server) enter(ctx context.Context, c net.Conn) context.Context {
	conn := &webConn{since: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = conn
	return context.WithValue(ctx, webConnKey{}, conn)
}

// note follows the state of a connection. It is the ConnState of the server.
func (s *Server) note(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateClosed {
		delete(s.conns, c)
	} else if conn := s.conns[c]; conn != nil {
		conn.state, conn.since = state, time.Now()
	}
}

// count keeps the list of requests that next has not finished.
func (s *Server) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls[r] = time.Now()
		if conn, ok := r.Context().Value(webConnKey{}).(*webConn); ok {
			conn.last = requestLine(r)
		}
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.calls, r)
			if len(s.calls) == 0 && s.idle != nil {
				close(s.idle)
				s.idle = nil
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// requestLine returns the method and URL of a request for an account.
func requestLine(r *http.Request) string { return fmt.Sprintf("%.20s %.200s", r.Method, r.URL) }

// tell says what the client at an address is doing.
func (s *Server) tell(client string) string {
	unread := ""
	if n := s.listener.Sending(client).Unread; n > 0 {
		unread = fmt.Sprintf(", which has not read %d bytes", n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var requests []string
	for r, since := range s.calls {
		if r.RemoteAddr == client {
			requests = append(requests, fmt.Sprintf("%s with the handler for %v", requestLine(r), age(since)))
		}
	}
	if len(requests) > 0 {
		slices.Sort(requests)
		return strings.Join(requests, ", ") + unread
	}
	for c, conn := range s.conns {
		if c.RemoteAddr().String() == client {
			return conn.String() + unread
		}
	}
	return ""
}

// String says what the connection is open for.
func (c *webConn) String() string {
	switch {
	case c.state == http.StateHijacked:
		return fmt.Sprintf("hijacked by the handler of %s, %v ago", c.last, age(c.since))
	case c.last == "":
		return fmt.Sprintf("no request for %v", age(c.since))
	case c.state == http.StateIdle:
		return fmt.Sprintf("kept open since the answer to %s, %v ago: the client has not closed its idle connections or the body of the answer",
			c.last, age(c.since))
	}
	return fmt.Sprintf("between requests, after %s", c.last)
}

// close ends the server and fails the test for what is left.
func (s *Server) close() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	s.listener.Close()
	bodies := s.bodies(ctx)
	for _, c := range s.unused() {
		c.Close()
	}
	_ = s.Config.Shutdown(ctx)
	requests := s.finish(ctx)
	connections := s.listener.Drain(ctx)
	for i, client := range connections {
		if text := s.tell(client); text != "" {
			connections[i] += ": " + text
		}
	}
	s.Config.Close()
	report := func(thing, what string, list []string) {
		s.t.Helper()
		s.t.Errorf("simtest: %s %s %v after the test:\n\t%s", counted(len(list), thing), what, grace, strings.Join(list, "\n\t"))
	}
	if len(bodies) > 0 {
		report("answer", "that the client has neither read to the end nor closed", bodies)
	}
	switch {
	case len(requests) > 0:
		report("request", "that the handler has not finished", requests)
	case len(connections) > 0:
		report("connection", "still open", connections)
	}
}

// bodies waits until the server's own clients have closed their connections, apart from
// those on which a handler is at work. It returns the ones that they keep although the
// server is done with them. A client keeps such a connection for one reason only: it
// has neither read the body of an answer to its end nor closed it.
func (s *Server) bodies(ctx context.Context) (left []string) {
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		s.mu.Lock()
		clients := slices.Clone(s.clients)
		s.mu.Unlock()
		for _, client := range clients {
			client.CloseIdleConnections()
		}
		answered, others := s.kept()
		if len(answered) == 0 && others == 0 {
			return nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return answered
		}
	}
}

// kept looks at the connections that the server's own clients have not closed and on
// which no handler is at work. It lists those that the server is done with, and counts
// the others.
func (s *Server) kept() (answered []string, others int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy := make(map[string]bool)
	for r := range s.calls {
		busy[r.RemoteAddr] = true
	}
	conns := make(map[string]*webConn, len(s.conns))
	for c, conn := range s.conns {
		conns[c.RemoteAddr().String()] = conn
	}
	for end := range s.ends {
		client := end.LocalAddr().String()
		conn, ended := conns[client], s.listener.Sending(client).Ended
		switch {
		case busy[client], conn != nil && conn.state == http.StateHijacked && !ended:
		case ended, conn != nil && conn.state == http.StateIdle:
			if conn != nil && conn.last != "" {
				client = conn.last + " from " + client
			}
			answered = append(answered, client)
		default:
			others++
		}
	}
	slices.Sort(answered)
	return answered, others
}

// unused returns the connections that no request is using, which may be closed.
func (s *Server) unused() (list []net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, conn := range s.conns {
		if conn.state == http.StateNew || conn.state == http.StateIdle {
			list = append(list, c)
		}
	}
	return list
}

// finish waits until the handler has finished all requests, and returns those that it
// has not.
func (s *Server) finish(ctx context.Context) (left []string) {
	s.mu.Lock()
	if len(s.calls) == 0 {
		s.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	s.idle = done
	s.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for r, since := range s.calls {
		text := fmt.Sprintf("%s from %s, for %v", requestLine(r), r.RemoteAddr, age(since))
		if n := s.listener.Sending(r.RemoteAddr).Unread; n > 0 {
			text += fmt.Sprintf(": the client has not read %d bytes of the answer", n)
		}
		left = append(left, text)
	}
	slices.Sort(left)
	return left
}
