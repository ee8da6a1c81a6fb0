package conns

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/memnet"
)

// ends returns the client's end of a connection and that of a server, in memory or on
// loopback.
func ends(t *testing.T, loopback bool) (client, server net.Conn) {
	t.Helper()
	if !loopback {
		client, server := memnet.Pipe(&net.TCPAddr{IP: memnet.ClientIP(), Port: 1}, machine())
		return client, NewSet().New(server, nil, nil).Conn()
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	accepted, err := ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { client.Close(); accepted.Close() })
	return client, NewSet().New(accepted, nil, nil).Conn()
}

// watch watches a connection, and returns a channel that is closed when it has ended.
func watch(c net.Conn) (gone chan struct{}, stop func()) {
	gone = make(chan struct{})
	return gone, Of(c).Watch(func() { close(gone) })
}

// The end of a connection is seen behind what was sent before, which is there to be read.
func TestWatch(t *testing.T) {
	for _, loopback := range []bool{false, true} {
		for _, size := range []int{0, 1, 5000, maxAhead} {
			client, server := ends(t, loopback)
			sent := bytes.Repeat([]byte("x"), size)
			gone, stop := watch(server)
			_, err := client.Write(sent)
			require.NoError(t, err)
			require.NoError(t, client.Close())
			<-gone
			stop()
			got, err := io.ReadAll(server)
			require.NoError(t, err)
			assert.Len(t, got, size)
		}

		client, server := ends(t, loopback)
		gone, stop := watch(server)
		require.NoError(t, client.(interface{ SetLinger(int) error }).SetLinger(0))
		require.NoError(t, client.Close())
		<-gone
		stop()
		_, err := server.Read(make([]byte, 1))
		require.Error(t, err)
		assert.NotErrorIs(t, err, io.EOF)
	}
}

// Bytes behind maxAhead are not read, and the end behind them is not seen, until the
// server reads.
func TestWatchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := ends(t, false)
		gone, stop := watch(server)
		sent := bytes.Repeat([]byte("0123456789abcdef"), (maxAhead+1000)/16)
		go func() {
			_, _ = client.Write(sent)
			client.Close()
		}()
		synctest.Wait()
		select {
		case <-gone:
			assert.Fail(t, "seen")
		default:
		}
		assert.Len(t, Of(server).ahead.data, maxAhead+1)
		stop()
		got, err := io.ReadAll(server)
		require.NoError(t, err)
		assert.Equal(t, sent, got)
	})
}

// That the connection is closed here is seen whatever the peer has sent.
func TestWatchSeesClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := ends(t, false)
		gone, _ := watch(server)
		go func() { _, _ = client.Write(make([]byte, 2*maxAhead)) }()
		synctest.Wait()
		require.NoError(t, server.Close())
		<-gone
		gone, _ = watch(server) // which has read enough already
		<-gone
	})
}

// The stop of an earlier Watch does not end a later one.
func TestWatchStopsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := ends(t, false)
		_, first := watch(server)
		gone, _ := watch(server)
		first()
		synctest.Wait()
		require.NoError(t, client.Close())
		<-gone
	})
}

// silent is a connection whose peer does not answer the keep-alive probes of TCP.
type silent struct{ net.Conn }

func (silent) Read([]byte) (int, error) {
	return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ETIMEDOUT)}
}

// A peer that answers no longer is gone, although the error says Timeout as that of a
// deadline does.
func TestWatchSeesSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, inner := ends(t, false)
		server := NewSet().New(silent{inner}, nil, nil).Conn()
		gone, _ := watch(server)
		<-gone
		_, err := server.Read(make([]byte, 1))
		assert.ErrorIs(t, err, syscall.ETIMEDOUT)
	})
}

// A read of the server that is under way gets what comes first. One that begins while
// something watches gets what is read then, and keeps its deadline.
func TestReadsBesideWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := ends(t, false)
		read := func(n int) chan string {
			got := make(chan string, 1)
			go func() {
				b := make([]byte, n)
				n, err := server.Read(b)
				if err != nil {
					got <- err.Error()
					return
				}
				got <- string(b[:n])
			}()
			synctest.Wait()
			return got
		}
		first := read(1)
		_, stop := watch(server)
		_, _ = io.WriteString(client, "abc")
		assert.Equal(t, "a", <-first)
		synctest.Wait()
		assert.Equal(t, "bc", <-read(5))

		second := read(5)
		_, _ = io.WriteString(client, "d")
		assert.Equal(t, "d", <-second)

		third := read(5)
		require.NoError(t, server.SetReadDeadline(time.Now().Add(time.Second)))
		start := time.Now()
		assert.Contains(t, <-third, "timeout")
		assert.Equal(t, time.Second, time.Since(start))
		stop()

		// A deadline that is set while Watch is told to end is in force afterwards.
		require.NoError(t, server.SetDeadline(time.Time{}))
		_, stop = watch(server)
		synctest.Wait()
		stop()
		require.NoError(t, server.SetDeadline(time.Now().Add(time.Minute)))
		start = time.Now()
		assert.Contains(t, <-read(1), "timeout")
		assert.Equal(t, time.Minute, time.Since(start))

		// Without one, a read waits.
		require.NoError(t, server.SetDeadline(time.Time{}))
		_, stop = watch(server)
		synctest.Wait()
		stop()
		last := read(1)
		time.Sleep(time.Hour)
		_, _ = io.WriteString(client, "e")
		assert.Equal(t, "e", <-last)
	})
}

// The server reads what was sent, in order, however often it has been watched.
func TestNothingIsLostByWatch(t *testing.T) {
	for _, loopback := range []bool{false, true} {
		for range 30 {
			client, server := ends(t, loopback)
			sent := make([]byte, 300_000)
			for i := range sent {
				sent[i] = byte(rand.Uint32())
			}
			go func() {
				for rest := sent; len(rest) > 0; {
					n := min(1+rand.IntN(20_000), len(rest))
					_, _ = client.Write(rest[:n])
					rest = rest[n:]
				}
				client.Close()
			}()
			var got bytes.Buffer
			for {
				watched := rand.IntN(3) > 0
				stop := func() {}
				if watched {
					stop = Of(server).Watch(func() {})
				}
				if rand.IntN(2) == 0 {
					stop()
				}
				_, err := io.CopyN(&got, server, int64(1+rand.IntN(5000)))
				stop()
				if err != nil {
					require.ErrorIs(t, err, io.EOF)
					break
				}
				if got.Len() > 250_000 { // and the rest at once
					_, err := io.Copy(&got, server)
					require.NoError(t, err)
				}
			}
			assert.True(t, bytes.Equal(sent, got.Bytes()))
		}
	}
}
