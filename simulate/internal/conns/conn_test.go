package conns

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/memnet"
)

func machine() net.Addr { return &net.TCPAddr{IP: memnet.MachineIP(), Port: 80} }

// pipe returns an end of a connection in memory, as net/http would get it.
func pipe() *memnet.Conn {
	_, server := memnet.Pipe(&net.TCPAddr{IP: memnet.ClientIP(), Port: 1}, machine())
	return server
}

func TestOtherConn(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	s := NewSet()
	closed := 0
	e := s.New(a, nil, func() { closed++ })
	s.Add(e)
	assert.Same(t, a, e.Conn().NetConn())
	assert.Same(t, e, Of(e.Conn()))
	assert.Same(t, e, Of(tls.Server(e.Conn(), nil)))
	assert.Nil(t, Of(b))
	assert.Nil(t, Of(nil))
	assert.Error(t, e.Conn().(*otherConn).CloseWrite(), "a pipe has no half")
	require.NoError(t, e.Conn().Close())
	require.NoError(t, e.Conn().Close())
	assert.Equal(t, 1, closed)
}

// hidden is a wrapper that cannot be looked into.
type hidden struct{ net.Conn }

// raw is a wrapper like those of github.com/pires/go-proxyproto.
type raw struct{ conn net.Conn }

func (r raw) Raw() net.Conn                      { return r.conn }
func (r raw) Read(b []byte) (int, error)         { return r.conn.Read(b) }
func (r raw) Write(b []byte) (int, error)        { return r.conn.Write(b) }
func (r raw) Close() error                       { return r.conn.Close() }
func (r raw) LocalAddr() net.Addr                { return &net.TCPAddr{} }
func (r raw) RemoteAddr() net.Addr               { return &net.TCPAddr{} }
func (r raw) SetDeadline(t time.Time) error      { return r.conn.SetDeadline(t) }
func (r raw) SetReadDeadline(t time.Time) error  { return r.conn.SetReadDeadline(t) }
func (r raw) SetWriteDeadline(t time.Time) error { return r.conn.SetWriteDeadline(t) }

// loop wraps itself.
type loop struct{ net.Conn }

func (l *loop) NetConn() net.Conn { return l }

func TestConnsAreFoundUnderWrappers(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer tcp.Close()
	client, err := net.Dial("tcp", tcp.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	onLoopback, err := tcp.Accept()
	require.NoError(t, err)
	s := NewSet()
	for _, c := range []net.Conn{onLoopback, pipe(), hidden{pipe()}} {
		e := s.New(c, nil, func() {})
		s.Add(e)
		other := s.New(pipe(), nil, func() {})
		s.Add(other)
		assert.Same(t, e, Of(raw{e.Conn()}))
		assert.Nil(t, Of(hidden{e.Conn()}))
		for _, wrapped := range []net.Conn{hidden{e.Conn()}, hidden{tls.Server(hidden{e.Conn()}, nil)}} {
			assert.Same(t, e, s.Find(wrapped.LocalAddr()))
			assert.Equal(t, c.LocalAddr().String(), wrapped.LocalAddr().String())
		}
		assert.Nil(t, s.Find(machine()), "it only equals the address")
		local := e.Conn().LocalAddr()
		require.NoError(t, e.Conn().Close())
		assert.Nil(t, s.Find(local), "it is closed")
		require.NoError(t, other.Conn().Close())
		assert.Empty(t, s.locals)
		assert.Empty(t, s.open)
	}
	assert.Nil(t, s.Find(nil))
	assert.Nil(t, s.Find((*net.TCPAddr)(nil)))
	assert.Nil(t, Of(&loop{}))
}

// A connection is found to be around another one of the same set when something asks for its
// address, although the wrapper between them cannot be looked into.
func TestAround(t *testing.T) {
	s := NewSet()
	inner := s.New(pipe(), nil, func() {})
	s.Add(inner)
	outer := s.New(hidden{inner.Conn()}, nil, func() {})
	s.Add(outer)
	assert.Equal(t, machine(), outer.Conn().LocalAddr())
	assert.True(t, outer.IsAround())
	assert.False(t, inner.IsAround())
	assert.Same(t, outer, s.Find(outer.Conn().LocalAddr()))
	assert.Same(t, inner, s.Find(inner.Conn().LocalAddr()))
}

func TestPeer(t *testing.T) {
	s := NewSet()
	known := s.New(pipe(), nil, func() {})
	assert.Equal(t, "192.0.2.2:1", known.Peer().String())
	late := s.New(hidden{pipe()}, nil, func() {})
	assert.Empty(t, late.Peer().String())
	assert.Equal(t, "192.0.2.2:1", late.Conn().RemoteAddr().String())
	assert.Equal(t, "192.0.2.2:1", late.Peer().String())
	pipe, _ := net.Pipe()
	assert.Empty(t, s.New(pipe, nil, func() {}).Peer().String())
}
