package main

import (
	"context"
	"net"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// forwarder is a front of kind tcp: any server, with the limit on connections before
// they are accepted and the one after that.
type forwarder struct{ front *front }

func newForwarder(f *front) (server, error) {
	if err := f.needs(f.config.Service); err != nil {
		return nil, err
	}
	if f.config.Backlog != nil {
		policy, err := f.machine.host.Policy(limits.TCPBacklog)
		if err != nil {
			return nil, err
		}
		if _, err := policy.Listen(*f.config.Backlog); err != nil {
			return nil, err
		}
	}
	return &forwarder{f}, nil
}

func (s *forwarder) serve(ln net.Listener) error {
	limited, err := tcp.NewListener(s.front.machine.host, s.front.config.Service, ln, nil)
	if err != nil {
		ln.Close()
		return err
	}
	return s.front.handleEach(limited, time.Duration(s.front.config.AcceptEvery), s.handle)
}

func (s *forwarder) handle(c net.Conn) {
	client := &client{Conn: c}
	var d net.Dialer
	server, err := client.dialing(s.front.ctx, func(ctx context.Context) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", s.front.config.Upstream)
	})
	if err != nil {
		return
	}
	relay(s.front.ctx, client, server)
}

func (s *forwarder) close() error { return nil }
