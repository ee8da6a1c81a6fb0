package tcp_test

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/internal/soak"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// admissions returns how many admissions a soak test makes.
func admissions(t *testing.T) int {
	t.Helper()
	n, err := soak.Admissions()
	require.NoError(t, err)
	return n
}

// soakRounds makes n admissions on machines of their own, each in a bubble.
func soakRounds(t *testing.T, n int, run func(t *testing.T, n int64, ledger *soak.Ledger)) {
	var ledger soak.Ledger
	for _, n := range soak.Rounds(n) {
		synctest.Test(t, func(t *testing.T) { run(t, n, &ledger) })
	}
	t.Log(&ledger)
}

// pause lets up to so many milliseconds pass in a bubble, most often none.
func pause(most int) {
	if ms := rand.IntN(2*most+2) - most; ms > 0 {
		time.Sleep(time.Duration(ms) * time.Millisecond)
	}
}

// closeTwice closes c twice at the same time.
func closeTwice(c net.Conn) {
	done := make(chan struct{})
	go func() {
		c.Close()
		close(done)
	}()
	c.Close()
	<-done
}

// soakClient is any client of a listener in memory. It reads what the server says
// first, if it reads at all.
func soakClient(c *memnet.Conn) (line string) {
	switch rand.IntN(12) {
	case 0:
		c.Close()
	case 1:
		_ = c.SetLinger(0)
		pause(2)
		c.Close()
	case 2:
		pause(2)
		closeTwice(c)
	case 3: // sends more than anything reads at once
		_, _ = c.Write(make([]byte, rand.IntN(2*memnet.Buffer)))
		_ = c.CloseWrite()
		line, _ = bufio.NewReader(c).ReadString('\n')
	case 4:
		_ = c.CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	default:
		in := bufio.NewReader(c)
		line, _ = in.ReadString('\n')
		pause(3)
		if rand.IntN(2) == 0 {
			_, _ = io.WriteString(c, "QUIT\r\n")
			_, _ = io.Copy(io.Discard, in)
		}
	}
	c.Close()
	return line
}

// soakServer is any server of an accepted connection, over a listener in memory.
func soakServer(c net.Conn) {
	defer func() {
		_ = recover()
		c.Close()
	}()
	_, _ = io.WriteString(c, "220 hello\r\n")
	switch rand.IntN(8) {
	case 0:
	case 1:
		inner := c
		if wrapped, ok := c.(tcp.Conn); ok {
			inner = wrapped.NetConn()
		}
		_ = inner.(*memnet.Conn).SetLinger(0)
		pause(2)
	case 2:
		pause(2)
		closeTwice(c)
	case 3:
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	case 4:
		panic("a program's")
	case 5:
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, _ = c.Read(make([]byte, 1))
	default:
		_, _ = bufio.NewReader(c).ReadString('\n')
	}
}

// TestSoakListener: each connection is let in or refused, and each that was let in
// is released once, whatever its two ends do and when the machine stops.
func TestSoakListener(t *testing.T) {
	n := admissions(t)
	cases := []struct {
		name    string
		windows limits.Windows
		service limits.Service
		moves   bool
	}{
		{"ftp", xpPro, limits.FTP, false},
		{"ftp-moved", xpPro, limits.FTP, true},
		{"pool", win98, limits.TCPOther, false},
		{"pool-moved", win98, limits.TCPOther, true},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			soakRounds(t, n/len(cases), func(t *testing.T, n int64, ledger *soak.Ledger) {
				host := newHost(t, tt.windows, nil)
				gate, err := host.Gate(tt.service)
				require.NoError(t, err)
				account := ledger.Open(gate)
				inner := memnet.NewListener(21)
				ln, err := tcp.NewListener(host, tt.service, inner, nil)
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				var background, clients sync.WaitGroup
				var accepted, dialled, greeted, turnedAway atomic.Int64
				background.Go(func() {
					for {
						c, err := ln.Accept()
						if err != nil {
							assert.ErrorIs(t, err, net.ErrClosed)
							return
						}
						accepted.Add(1)
						background.Go(func() { soakServer(c) })
					}
				})
				if tt.moves {
					background.Go(func() { assert.NoError(t, account.Move(ctx)) })
				}
				most, _ := gate.Limit().Number()
				for range most + most/2 + 15 {
					clients.Go(func() {
						for {
							if gate.Stats().Admitted >= n {
								assert.NoError(t, host.Close()) // with all that is open
							}
							c, err := inner.DialFrom(ctx, memnet.ClientIP())
							if err != nil {
								assert.ErrorIs(t, err, syscall.ECONNREFUSED)
								return
							}
							dialled.Add(1)
							switch line := soakClient(c); {
							case strings.HasPrefix(line, "220 "):
								greeted.Add(1)
							case strings.HasPrefix(line, "421 "):
								turnedAway.Add(1)
							}
							pause(5)
						}
					})
				}
				clients.Wait()
				cancel()
				background.Wait()
				synctest.Wait()
				s := gate.Stats()
				require.NoError(t, account.Settle())
				assert.Equal(t, dialled.Load(), s.Admitted+s.Refused)
				assert.Equal(t, accepted.Load(), s.Admitted)
				assert.LessOrEqual(t, greeted.Load(), s.Admitted)
				assert.LessOrEqual(t, turnedAway.Load(), s.Refused)
				if tt.service != limits.FTP {
					assert.Zero(t, turnedAway.Load())
				}
			})
		})
	}
}

// TestSoakBacklog: each dial is taken into the backlog or refused, and each that
// was taken leaves it once, to Accept, by a reset of its client or with the machine.
func TestSoakBacklog(t *testing.T) {
	n := admissions(t)
	cases := []struct {
		name    string
		windows limits.Windows
		moves   bool
	}{
		{"xp", xpSP2, false},
		{"xp-moved", xpSP2, true},
		{"pool", win98, false}, // of all sockets, beside the backlog of five
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			soakRounds(t, n/len(cases), func(t *testing.T, n int64, ledger *soak.Ledger) {
				host := newHost(t, tt.windows, nil)
				inner := memnet.NewListener(21)
				b, err := tcp.NewBacklog(host, inner, nil)
				require.NoError(t, err)
				accounts := []*soak.Account{ledger.Open(b.Gate())}
				if host.Pool() != nil {
					accounts = append(accounts, ledger.Open(host.Pool()))
				}
				ctx, cancel := context.WithCancel(t.Context())
				var background, clients sync.WaitGroup
				var accepted, dialled, refused atomic.Int64
				for range 4 {
					background.Go(func() {
						for {
							c, err := b.Accept()
							if err != nil {
								assert.ErrorIs(t, err, net.ErrClosed)
								return
							}
							accepted.Add(1)
							background.Go(func() { soakServer(c) })
							pause(1)
						}
					})
				}
				if tt.moves {
					background.Go(func() { assert.NoError(t, accounts[0].Move(ctx)) })
				}
				const workers = 64
				for range workers {
					clients.Go(func() {
						for {
							if b.Gate().Stats().Admitted >= n {
								assert.NoError(t, host.Close())
							}
							c, err := inner.DialFrom(ctx, memnet.ClientIP())
							if err != nil {
								assert.ErrorIs(t, err, syscall.ECONNREFUSED)
								refused.Add(1)
								if b.Gate().Stats().Admitted >= n {
									return
								}
								time.Sleep(3 * time.Millisecond)
								continue
							}
							dialled.Add(1)
							soakClient(c)
						}
					})
				}
				clients.Wait()
				cancel()
				background.Wait()
				synctest.Wait()
				s := b.Gate().Stats()
				for _, account := range accounts {
					require.NoError(t, account.Settle())
				}
				assert.Equal(t, dialled.Load(), s.Admitted)
				assert.LessOrEqual(t, accepted.Load(), s.Admitted)
				if host.Pool() == nil {
					assert.GreaterOrEqual(t, refused.Load(), s.Refused)
					assert.LessOrEqual(t, refused.Load(), s.Refused+workers, "one for each client when the machine is off")
				}
			})
		})
	}
}

// TestSoakBacklogOnLoopback is a part of TestSoakBacklog on sockets, where the
// kernel refuses if it can. All ends reset, so that no port is left in TIME_WAIT.
func TestSoakBacklogOnLoopback(t *testing.T) {
	n := int64(admissions(t) / 20)
	var ledger soak.Ledger
	host := newHost(t, xpSP2, nil)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b, err := tcp.NewBacklog(host, inner, nil)
	require.NoError(t, err)
	account := ledger.Open(b.Gate())
	address := inner.Addr().String()
	var background, clients sync.WaitGroup
	var accepted atomic.Int64
	reset := func(c net.Conn) {
		_ = c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	background.Go(func() {
		for {
			c, err := b.Accept()
			if err != nil {
				assert.ErrorIs(t, err, net.ErrClosed)
				return
			}
			accepted.Add(1)
			reset(c)
		}
	})
	for range 32 {
		clients.Go(func() {
			for b.Gate().Stats().Admitted < n {
				c, err := net.Dial("tcp", address)
				if err != nil {
					continue
				}
				if rand.IntN(4) > 0 {
					_, _ = c.Read(make([]byte, 1)) // until the server resets it
				}
				reset(c)
			}
		})
	}
	clients.Wait()
	require.NoError(t, host.Close())
	background.Wait()
	s := b.Gate().Stats()
	require.NoError(t, account.Settle())
	t.Log(&ledger)
	assert.LessOrEqual(t, accepted.Load(), s.Admitted)
}
