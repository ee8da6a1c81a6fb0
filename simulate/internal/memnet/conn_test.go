package memnet

import (
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConn is about what the tests of golang.org/x/net/nettest, which
// examples/interop runs, leave out.
func TestConn(t *testing.T) {
	pair := func() (*Conn, *Conn) {
		return Pipe(&net.TCPAddr{IP: ClientIP(), Port: 1}, &net.TCPAddr{IP: MachineIP(), Port: 2})
	}
	for name, test := range map[string]func(t *testing.T, a, b *Conn){
		"addresses": func(t *testing.T, a, b *Conn) {
			assert.Equal(t, "192.0.2.2:1", a.LocalAddr().String())
			assert.Equal(t, a.LocalAddr(), b.RemoteAddr())
			assert.Equal(t, b.LocalAddr(), a.RemoteAddr())
		},
		"a write needs no reader": func(t *testing.T, a, b *Conn) {
			n, err := a.Write(make([]byte, Buffer))
			assert.NoError(t, err)
			assert.Equal(t, Buffer, n)
		},
		"until the buffer is full": func(t *testing.T, a, b *Conn) {
			require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Minute)))
			start := time.Now()
			n, err := a.Write(make([]byte, Buffer+1))
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			assert.Equal(t, Buffer, n)
			assert.Equal(t, time.Minute, time.Since(start))
		},
		"what was sent is read after a close": func(t *testing.T, a, b *Conn) {
			_, err := a.Write([]byte("last words"))
			require.NoError(t, err)
			require.NoError(t, a.Close())
			text, err := io.ReadAll(b)
			assert.NoError(t, err)
			assert.Equal(t, "last words", string(text))
			_, err = b.Write([]byte("answer"))
			assert.ErrorIs(t, err, io.ErrClosedPipe)
			_, err = a.Read(make([]byte, 1))
			assert.ErrorIs(t, err, net.ErrClosed)
		},
		"one direction can end": func(t *testing.T, a, b *Conn) {
			require.NoError(t, a.CloseWrite())
			_, err := b.Read(make([]byte, 1))
			assert.ErrorIs(t, err, io.EOF)
			_, err = b.Write([]byte("answer"))
			assert.NoError(t, err)
			_, err = io.ReadFull(a, make([]byte, 6))
			assert.NoError(t, err)
			_, err = a.Write(nil)
			assert.ErrorIs(t, err, io.ErrClosedPipe)
		},
		"a reset loses what was sent": func(t *testing.T, a, b *Conn) {
			_, err := a.Write([]byte("last words"))
			require.NoError(t, err)
			told := 0
			b.NotifyReset(func() { told++ })
			a.NotifyReset(func() { assert.Fail(t, "an end is not told of its own reset") })
			require.NoError(t, a.SetLinger(0))
			require.NoError(t, a.Close())
			require.NoError(t, a.Close())
			assert.Equal(t, 1, told)
			_, err = b.Read(make([]byte, 1))
			assert.ErrorIs(t, err, syscall.ECONNRESET)
			_, err = b.Write([]byte("answer"))
			assert.ErrorIs(t, err, syscall.ECONNRESET)
			_, err = a.Read(make([]byte, 1))
			assert.ErrorIs(t, err, net.ErrClosed)
		},
		"nothing is told after stop, nor of a close": func(t *testing.T, a, b *Conn) {
			b.NotifyReset(func() { assert.Fail(t, "told") })()
			a.NotifyReset(func() { assert.Fail(t, "told") })
			require.NoError(t, a.SetLinger(0))
			require.NoError(t, a.SetLinger(5))
			require.NoError(t, b.SetLinger(-1))
			require.NoError(t, a.SetLinger(0))
			require.NoError(t, a.Close())
			require.NoError(t, b.Close())
		},
		"a reset ends a read that waits": func(t *testing.T, a, b *Conn) {
			require.NoError(t, a.SetLinger(0))
			time.AfterFunc(time.Second, func() { a.Close() })
			_, err := b.Read(make([]byte, 1))
			assert.ErrorIs(t, err, syscall.ECONNRESET)
		},
		"a close ends a write that waits": func(t *testing.T, a, b *Conn) {
			time.AfterFunc(time.Second, func() { b.Close() })
			_, err := a.Write(make([]byte, 2*Buffer))
			assert.ErrorIs(t, err, io.ErrClosedPipe)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := pair()
				test(t, a, b)
				assert.NoError(t, a.Close())
				assert.NoError(t, b.Close())
			})
		})
	}
}
