package smb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

// TestGarbage: a message that is not SMB ends its connection and disturbs no other. Before
// NEGOTIATE nothing reaches the file server.
func TestGarbage(t *testing.T) {
	setup2 := smbwire.Header2{Command: smbwire.Command2SessionSetup, MessageID: 1}
	compound := setup2
	compound.Command, compound.NextCommand = smbwire.Command2Echo, 72
	reply := smbwire.Header2{Command: smbwire.Command2Echo, Flags: smbwire.Flags2Reply, MessageID: 1}
	bad := smbwire.Header2{Command: smbwire.Command2Echo, NextCommand: 8, MessageID: 1}
	for _, tt := range []struct {
		name  string
		bytes []byte
		first bool // before NEGOTIATE
	}{
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), true},
		{"TLS", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), true},
		{"zeros", make([]byte, 100), true},
		{"long message of another protocol", frame([]byte(strings.Repeat("\x1b", 5000))), true},
		{"other magic", frame([]byte("\xfbSMB" + string(make([]byte, 100)))), true},
		{"session setup first", frame(append(setup2.Append(nil), make([]byte, 24)...)), true},
		{"encrypted first", frame([]byte("\xfdSMB" + string(make([]byte, 100)))), true},
		{"SMB1 without a negotiate", message1(smbwire.Header1{Command: smbwire.Command1Echo}, 1), true},
		{"long session request", append([]byte{0x81, 0, 8, 0}, make([]byte, 2048)...), true},
		{"keep-alive with data", []byte{0x85, 0, 0, 1, 0}, true},
		{"a reply's frame type", []byte{0x82, 0, 0, 0}, true},
		{"16 MiB without a session", []byte{0, 0xff, 0xff, 0xff}, false},
		{"short SMB2", frame([]byte("\xfeSMB@\x00")), false},
		{"short SMB1", frame([]byte("\xffSMB\x72\x00")), false},
		{"short transform", frame([]byte("\xfdSMB\x72\x00")), false},
		{"short compression", frame([]byte("\xfcSMB\x72\x00")), false},
		{"session setup in a compound", frame(append(append(append(compound.Append(nil), make([]byte, 8)...), setup2.Append(nil)...), make([]byte, 24)...)), false},
		{"session setup cut short", frame(setup2.Append(nil)), false},
		{"reply from a client", frame(reply.Append(nil)), false},
		{"chain into its own header", frame(bad.Append(nil)), false},
		{"SMB1 reply from a client", message1(smbwire.Header1{Command: smbwire.Command1Echo, Flags: smbwire.Flags1Reply}, 1), false},
		{"session request after negotiation", []byte{0x81, 0, 0, 0}, false},
		{"compressed session setup", frame(append([]byte("\xfcSMB\x00\x00\x00\x00\x01\x00\x00\x00\x40\x00\x00\x00"), setup2.Append(nil)...)), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var log bytes.Buffer
				lab := newLab(t, xpPro, -1, &smb.Settings{
					Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				user := lab.session("c1", "alice")
				dials := lab.server.dials
				start := time.Now()
				var c *fakeClient
				if tt.first {
					c = &fakeClient{t: t, Conn: lab.ln.connect("c2")}
				} else {
					c = lab.client("c2")
				}
				go c.Write(tt.bytes)
				assert.True(t, c.isClosed())
				assert.Zero(t, time.Since(start), "at once")
				if tt.first {
					assert.Equal(t, dials, lab.server.dials, "the file server was not troubled")
				}
				assert.Equal(t, smbwire.StatusSuccess, user.command(smbwire.Command2Read).Status)
				synctest.Wait()
				var entry struct{ Msg, Computer, Reason string }
				lines := strings.Split(strings.TrimSpace(log.String()), "\n")
				require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &entry))
				assert.Equal(t, "SMB connection ended", entry.Msg)
				assert.NotEmpty(t, entry.Reason)
				assert.Less(t, len(entry.Reason), 120)
				assert.NotRegexp(t, `[[:cntrl:]]`, entry.Reason)
				user.Close()
			})
		})
	}
}

// TestStall: a message that stops in the middle ends its connection, also if there is a
// session.
func TestStall(t *testing.T) {
	whole := frame(append(smbwire.Header2{Command: smbwire.Command2Read}.Append(nil), make([]byte, 50)...))
	for _, n := range []int{1, 3, 4, 5, 8, 67, 68, 100} {
		bubble(t, func(t *testing.T) {
			lab := newLab(t, xpPro, -1, nil)
			c := lab.session("c1", "alice")
			time.Sleep(time.Hour)
			start := time.Now()
			_, err := c.Write(whole[:n])
			require.NoError(t, err)
			assert.True(t, c.isClosed())
			assert.Equal(t, 30*time.Second, time.Since(start))
			assert.Equal(t, 0, lab.held())
		})
	}
}

// TestByteByByte: TCP may deliver anything in pieces.
func TestByteByByte(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.client("c1")
		c.Conn = slowConn{c.Conn}
		assert.Equal(t, smbwire.StatusSuccess, c.logon("alice").Status)
		assert.Equal(t, smbwire.StatusSuccess, c.command(smbwire.Command2Read).Status)
		late := lab.client("c2")
		late.Conn = slowConn{late.Conn}
		assert.Equal(t, smbwire.StatusRequestNotAccepted, late.logon("bob").Status)
		c.Close()
		late.Close()
	})
}

type slowConn struct{ net.Conn }

func (c slowConn) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := c.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// TestOverNetBIOS: a session request passes, and so do keep-alives.
func TestOverNetBIOS(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := &fakeClient{t: t, Conn: lab.ln.connect("c1")}
		request := append([]byte{0x81, 0, 0, 68}, make([]byte, 68)...)
		keepAlive := []byte{0x85, 0, 0, 0}
		for _, b := range [][]byte{keepAlive, request, negotiate2(), keepAlive} {
			_, err := c.Write(b)
			require.NoError(t, err)
			if bytes.Equal(b, keepAlive) {
				synctest.Wait()
				continue
			}
			_, err = readFrame(c)
			require.NoError(t, err)
		}
		c.Close()
	})
}

// TestNoDialect: for a client whose dialects the file server has refused, the time limit of
// a connection without a dialect holds.
func TestNoDialect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		lab.dial = func(context.Context) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				for {
					msg, err := readFrame(far)
					if err != nil {
						return
					}
					h, _ := smbwire.ParseHeader2(msg)
					far.Write(smbwire.AppendError2(nil, h, smbwire.StatusNotSupported))
				}
			}()
			return near, nil
		}
		start := time.Now()
		c := &fakeClient{t: t, Conn: lab.ln.connect("c1")}
		h, _ := c.do(smbwire.Header2{Command: smbwire.Command2Negotiate}, nil)
		require.Equal(t, smbwire.StatusNotSupported, h.Status)
		assert.True(t, c.isClosed())
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}
