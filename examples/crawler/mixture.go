package main

import (
	"math/rand/v2"
	"net"
)

// An ownMixture is a set of addresses on loopback, some of which never answer.
type ownMixture struct {
	addresses              []string
	live, refusing, silent int
	connect                dialFunc // replaces a connection by the network; may be nil
	close                  func()
}

// mixture makes one of 60 addresses that accept, 12 that refuse and 24 that never
// answer, always in the same random order.
func mixture() (*ownMixture, error) {
	m := &ownMixture{live: 60, refusing: 12, silent: 24}
	var listeners []net.Listener
	m.close = func() {
		for _, ln := range listeners {
			ln.Close()
		}
	}
	for i := range m.live + m.refusing {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			m.close()
			return nil, err
		}
		m.addresses = append(m.addresses, ln.Addr().String())
		listeners = append(listeners, ln)
		if i < m.live {
			go accept(ln)
		}
	}
	for _, ln := range listeners[m.live:] {
		ln.Close()
	}
	silent, connect, closeSilent, err := silence()
	if err != nil {
		m.close()
		return nil, err
	}
	m.connect = connect
	closeLive := m.close
	m.close = func() { closeLive(); closeSilent() }
	for range m.silent {
		m.addresses = append(m.addresses, silent)
	}
	random := rand.New(rand.NewPCG(4226, 0))
	random.Shuffle(len(m.addresses), func(i, j int) {
		m.addresses[i], m.addresses[j] = m.addresses[j], m.addresses[i]
	})
	return m, nil
}

// accept accepts connections, and closes each when its client does.
func accept(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1))
		}()
	}
}
