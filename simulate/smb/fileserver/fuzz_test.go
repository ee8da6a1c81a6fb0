package fileserver_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// wire is a connection whose client has sent everything.
type wire struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (w *wire) Read(b []byte) (int, error)  { return w.in.Read(b) }
func (w *wire) Write(b []byte) (int, error) { return w.out.Write(b) }
func (w *wire) Close() error                { return nil }

// tap is a connection that keeps what is written to it.
type tap struct {
	net.Conn
	sent bytes.Buffer
}

func (t *tap) Write(b []byte) (int, error) {
	t.sent.Write(b)
	return t.Conn.Write(b)
}

// fuzzServer is a server with a share of each kind. Every account but alice is a guest.
func fuzzServer(t testing.TB) *fileserver.Server {
	files := &fileserver.Memory{Max: 1 << 20}
	require.NoError(t, files.WriteFile("dir/file.txt", []byte("hello")))
	require.NoError(t, files.WriteFile("empty", nil))
	s, err := fileserver.New(&fileserver.Settings{
		Accounts: map[string]string{"alice": "secret"}, Guest: true, NTLMv1: true,
		Shares: map[string]fs.FS{"share": files, "static": fstest.MapFS{"dir/file.txt": {Data: []byte("hello")}}},
	})
	require.NoError(t, err)
	return s
}

// work sends some request of every kind.
func work(c *client, share string) {
	c.connectTree(share)
	for _, name := range []string{`dir\file.txt`, "new"} {
		status, id, _ := c.create(name, 0x02000000, openIf, 0)
		if status != success {
			continue
		}
		c.write(id, 3, []byte("xyz"))
		c.read(id, 0, 100)
		c.queryInfo(id, smbwire.InfoFile, smbwire.FileAll, 1000)
		c.queryInfo(id, smbwire.InfoFilesystem, smbwire.FsFullSize, 1000)
		c.setInfo(id, smbwire.FileEndOfFile, make([]byte, 8))
		c.rename(id, `dir\other`, 1)
		c.close(id)
	}
	if status, id, _ := c.create("dir", reading, open, directory); status == success {
		c.query(id, 37, 0, "*<>?\"", 1000)
		c.query(id, 37, 0, "*", 1000)
		c.close(id)
	}
	c.delete("new", 0)
	c.do(smbwire.Command2TreeDisconnect, []byte{4, 0, 0, 0})
	c.do(smbwire.Command2Echo, []byte{4, 0, 0, 0})
	c.do(smbwire.Command2Logoff, []byte{4, 0, 0, 0})
}

// FuzzConn: hostile bytes get well-formed replies or none, and leave no
// goroutine.
func FuzzConn(f *testing.F) {
	for _, dialect := range dialects {
		for _, user := range []string{"", "carol"} {
			s := fuzzServer(f)
			nc, err := s.Dial(context.Background())
			require.NoError(f, err)
			sent := &tap{Conn: nc}
			c := &client{t: f, nc: sent}
			c.negotiate(dialect)
			c.logOn(user, "secret")
			work(c, "share")
			f.Add(sent.sent.Bytes())
			require.NoError(f, s.Close())
		}
	}
	f.Add(append(frame(negotiate1("NT LM 0.12", "SMB 2.002", "SMB 2.???")), 0x81, 0, 0, 1, 0, 0x85, 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := fuzzServer(t)
		w := &wire{in: bytes.NewReader(b)}
		s.ServeConn(w)
		require.NoError(t, s.Close())
		for out := w.out.Bytes(); len(out) > 0; {
			h, err := smbwire.ParseFrameHeader(out)
			require.NoError(t, err)
			require.LessOrEqual(t, h.Length, len(out)-smbwire.FrameHeaderSize)
			msg := out[smbwire.FrameHeaderSize:][:h.Length]
			out = out[smbwire.FrameHeaderSize+h.Length:]
			switch {
			case h.Type == smbwire.FramePositiveResponse:
				require.Empty(t, msg)
			case smbwire.ProtocolOf(msg) == smbwire.ProtocolSMB1:
				h, err := smbwire.ParseHeader1(msg)
				require.NoError(t, err)
				require.True(t, h.IsReply())
			default:
				(&client{t: t}).header(msg)
				require.GreaterOrEqual(t, len(msg), smbwire.Header2Size+2)
			}
		}
	})
}

// FuzzSession sends signed requests in a session, which hostile bytes alone would not reach.
// Each is answered by one signed message, or by the end of the connection.
func FuzzSession(f *testing.F) {
	// A script is the dialect, the share, and then requests: the command, the
	// file they are about, the length of their body, and the body.
	for i := range dialects {
		for share := range byte(3) {
			script := []byte{byte(i), share}
			add := func(command smbwire.Command2, file byte, body []byte) {
				script = append(le.AppendUint16(append(script, byte(command), file), uint16(len(body))), body...)
			}
			add(smbwire.Command2Create, 0, createBody("new", 0x02000000, openIf, 0))
			add(smbwire.Command2Write, 1, writeBody(smbwire.FileID{}, 5, []byte("hello")))
			add(smbwire.Command2Read, 1, append([]byte{49, 0, 0, 0, 9}, make([]byte, 44)...))
			add(smbwire.Command2QueryInfo, 1, append([]byte{41, 0, 1, 18, 0, 1}, make([]byte, 35)...))
			add(smbwire.Command2SetInfo, 1, append([]byte{33, 0, 1, 20, 8, 0, 0, 0, 96}, make([]byte, 31)...))
			add(smbwire.Command2Close, 1, append([]byte{24, 0, 1}, make([]byte, 21)...))
			add(smbwire.Command2Create, 0, createBody("dir", 0x80000000, open, directory))
			add(smbwire.Command2QueryDirectory, 2, append([]byte{33, 0, 37, 0}, append(make([]byte, 20), 96, 0, 2, 0, 0, 1, 0, 0, '*', 0)...))
			add(smbwire.Command2TreeConnect, 0, append([]byte{9, 0, 0, 0, 72, 0, 16, 0}, utf16le(`\\x\IPC$`)...))
			add(smbwire.Command2Ioctl, 0xff, append([]byte{57, 0, 0, 0, 4, 2, 0x14}, make([]byte, 49)...))
			add(smbwire.Command2SessionSetup, 0, setupBody(first(mechanisms(), ntlmNegotiate())))
			add(smbwire.Command2Cancel, 0, []byte{4, 0, 0, 0})
			add(smbwire.Command2Logoff, 0, []byte{4, 0, 0, 0})
			f.Add(script)
		}
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 2 {
			return
		}
		s := fuzzServer(t)
		defer s.Close()
		c := connect(t, s, dialects[int(script[0])%len(dialects)], "alice", "secret")
		defer c.nc.Close()
		require.Equal(t, success, c.connectTree([]string{"share", "static", "IPC$"}[script[1]%3]))
		for script = script[2:]; len(script) >= 4; {
			command, file := smbwire.Command2(script[0]), script[1]
			n := min(int(le.Uint16(script[2:])), len(script)-4)
			body := bytes.Clone(script[4:][:n])
			script = script[4+n:]
			// Files have small numbers, which stand in different places.
			at, ok := map[smbwire.Command2]int{
				smbwire.Command2Close: 8, smbwire.Command2Flush: 8, smbwire.Command2Read: 16, smbwire.Command2Write: 16, smbwire.Command2Ioctl: 8,
				smbwire.Command2QueryDirectory: 8, smbwire.Command2QueryInfo: 24, smbwire.Command2SetInfo: 16,
			}[command]
			if ok && len(body) >= at+16 {
				copy(body[at:], []byte{file, 0, 0, 0, 0, 0, 0, 0, file})
			}
			if _, err := c.nc.Write(frame(c.request(smbwire.Header2{Command: command}, body))); err != nil {
				return
			}
			if command == smbwire.Command2Cancel {
				continue
			}
			reply, err := c.receive()
			if err != nil {
				return
			}
			h := c.header(reply)
			require.Equal(t, command, h.Command)
			require.Equal(t, c.message-1, h.MessageID)
			if h.Status == sessionGone {
				return
			}
			require.True(t, c.signer.Verify(reply), "%#x", h.Status)
		}
	})
}

// TestHostileConnections: ten thousand hostile connections at the same time leave nothing
// behind.
func TestHostileConnections(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Guest: true})
	memory := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	goroutines, before := runtime.NumGoroutine(), memory()
	long := frame(make([]byte, 80<<10))
	for range 10 {
		var conns []net.Conn
		for i := range 1000 {
			nc, err := s.Dial(t.Context())
			require.NoError(t, err)
			conns = append(conns, nc)
			c := &client{t: t, nc: nc}
			switch i % 5 {
			case 0: // says nothing
			case 1: // announces much and sends little
				_, err = nc.Write(long[:100])
			case 2: // leaves in the middle of a log-on
				c.negotiate(dialects...)
				c.challenge()
			case 3: // leaves with files open
				c.negotiate(smbwire.Dialect21)
				c.logOn("mallory", "")
				c.connectTree("share")
				c.create("file", changing, openIf, deleteEnd)
			case 4: // does not read what it has asked for
				c.negotiate(dialects...)
				_, err = nc.Write(frame(c.request(smbwire.Header2{Command: smbwire.Command2Echo}, []byte{4, 0, 0, 0})))
			}
			require.NoError(t, err)
		}
		for _, nc := range conns {
			nc.Close()
		}
	}
	waitGoroutines(t, goroutines)
	assert.Less(t, memory(), before+16<<20)
}
