package simtest

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

func frame(msg []byte) []byte {
	return append(smbwire.FrameHeader{Length: len(msg)}.Append(nil), msg...)
}

func request(h smbwire.Header2, body ...byte) []byte { return frame(append(h.Append(nil), body...)) }

func negotiate1(dialects ...string) []byte {
	var list []byte
	for _, d := range dialects {
		list = append(append(append(list, 2), d...), 0)
	}
	msg := smbwire.Header1{Command: smbwire.Command1Negotiate}.Append(nil)
	msg = binary.LittleEndian.AppendUint16(append(msg, 0), uint16(len(list)))
	return frame(append(msg, list...))
}

func negotiate2(dialects ...smbwire.Dialect) []byte {
	body := append([]byte{36, 0, byte(len(dialects)), 0}, make([]byte, 32)...)
	for _, d := range dialects {
		body = binary.LittleEndian.AppendUint16(body, uint16(d))
	}
	return request(smbwire.Header2{Command: smbwire.Command2Negotiate}, body...)
}

func setUp(session uint64, token []byte) []byte {
	body := make([]byte, 24)
	body[0], body[12], body[14] = 25, smbwire.SessionSetup2Size, byte(len(token))
	return request(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: session}, append(body, token...)...)
}

var (
	ntlm1 = []byte("NTLMSSP\x00\x01\x00\x00\x00\x00\x00\x00\x00")
	ntlm3 = append([]byte("NTLMSSP\x00\x03\x00\x00\x00"), make([]byte, 52)...)
)

// wire is a connection whose client has sent all it will.
type wire struct {
	io.Reader
	bytes.Buffer
}

func (w *wire) Read(b []byte) (int, error) { return w.Reader.Read(b) }

// talk has a client send the messages and returns what was answered, as the
// protocol and the status of each message.
func talk(t testing.TB, c *smbClient, messages ...[]byte) (answers []smbwire.Header2, err error) {
	w := &wire{Reader: bytes.NewReader(bytes.Join(messages, nil))}
	err = c.serve(w)
	for b := w.Bytes(); len(b) > 0; {
		f, err := smbwire.ParseFrameHeader(b)
		require.NoError(t, err)
		require.Equal(t, smbwire.FrameMessage, f.Type)
		require.LessOrEqual(t, f.Length, len(b)-smbwire.FrameHeaderSize)
		msg := b[smbwire.FrameHeaderSize:][:f.Length]
		b = b[smbwire.FrameHeaderSize+f.Length:]
		if smbwire.ProtocolOf(msg) == smbwire.ProtocolSMB1 {
			h, err := smbwire.ParseHeader1(msg)
			require.NoError(t, err)
			require.True(t, h.IsReply())
			answers = append(answers, smbwire.Header2{Credits: 1})
			continue
		}
		h, err := smbwire.ParseHeader2(msg)
		require.NoError(t, err)
		require.True(t, h.IsReply())
		require.Zero(t, h.NextCommand)
		answers = append(answers, h)
	}
	return answers, err
}

func TestSMBServer(t *testing.T) {
	compound := func(related bool) []byte {
		first := smbwire.Header2{Command: smbwire.Command2Create, SessionID: 1, NextCommand: 72}
		second := smbwire.Header2{Command: smbwire.Command2Close, SessionID: ^uint64(0)}
		if related {
			second.Flags = smbwire.Flags2Related
		}
		return frame(append(append(first.Append(nil), make([]byte, 8)...), second.Append(nil)...))
	}
	begin := [][]byte{negotiate2(smbwire.Dialect21), setUp(0, ntlm1), setUp(1, ntlm3)}
	const more, gone, no = smbwire.StatusMoreProcessingRequired, smbwire.StatusUserSessionDeleted, smbwire.StatusNotSupported
	for _, tt := range []struct {
		name  string
		begin [][]byte
		send  []byte
		want  []smbwire.Status // to send; none if it ends the connection
	}{
		{"SMB1 that may be SMB2", nil, negotiate1("NT LM 0.12", "SMB 2.002", "SMB 2.???"), []smbwire.Status{0}},
		{"SMB1 that is no more", nil, negotiate1("NT LM 0.12"), []smbwire.Status{0}},
		{"SMB1, then SMB2", [][]byte{negotiate1("SMB 2.???")}, negotiate2(smbwire.Dialect21), []smbwire.Status{0}},
		{"SMB1 twice", [][]byte{negotiate1("SMB 2.???")}, negotiate1("SMB 2.???"), nil},
		{"SMB1 list without an end", nil, negotiate1("SMB 2.???\x00x"), nil},
		{"another SMB1 command", nil, frame(append(smbwire.Header1{Command: smbwire.Command1Echo}.Append(nil), 0, 0, 0)), nil},
		{"no dialect in common", nil, negotiate2(0x0202, 0x0311), []smbwire.Status{no}},
		{"no dialect at all", nil, negotiate2(), nil},
		{"dialects cut short", nil, request(smbwire.Header2{}, append([]byte{36, 0, 1, 0}, make([]byte, 32)...)...), nil},
		{"two negotiations", begin[:1], negotiate2(smbwire.Dialect21), nil},
		{"no negotiation", nil, setUp(0, ntlm1), nil},
		{"session of somebody else", begin[:1], setUp(1, ntlm1), []smbwire.Status{gone}},
		{"first leg", begin[:1], setUp(0, ntlm1), []smbwire.Status{more}},
		{"second leg first", begin[:1], setUp(0, ntlm3), []smbwire.Status{smbwire.StatusInvalidParameter}},
		{"second leg", begin[:2], setUp(1, ntlm3), []smbwire.Status{0}},
		{"SPNEGO", begin[:2], setUp(1, append([]byte{0xa1, 0x30}, ntlm3...)), []smbwire.Status{0}},
		{"Kerberos", begin[:1], setUp(0, []byte("\x60\x10krb5")), []smbwire.Status{smbwire.StatusInvalidParameter}},
		{"binding", begin, func() []byte { b := setUp(1, ntlm1); b[4+64+2] = 1; return b }(), []smbwire.Status{no}},
		{"token outside", begin[:1], func() []byte { b := setUp(0, ntlm1); b[4+64+14]++; return b }(), nil},
		{"command before the session", begin[:2], request(smbwire.Header2{Command: smbwire.Command2Create, SessionID: 1}), []smbwire.Status{gone}},
		{"again", begin, setUp(1, ntlm1), []smbwire.Status{more}},
		{"compound", begin, compound(false), []smbwire.Status{no, gone}},
		{"related compound", begin, compound(true), []smbwire.Status{no, no}},
		{"cancel", begin, request(smbwire.Header2{Command: smbwire.Command2Cancel, SessionID: 1}), []smbwire.Status{}},
		{"keep-alive", begin, []byte{0x85, 0, 0, 0}, []smbwire.Status{}},
		{"unknown command", begin, request(smbwire.Header2{Command: 999, SessionID: 1}), []smbwire.Status{no}},
		{"tree connect cut short", begin, request(smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: 1}), nil},
		{"tree path outside", begin, request(smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: 1}, 9, 0, 0, 0, 72, 0, 2, 0), nil},
		{"long write", begin, request(smbwire.Header2{Command: smbwire.Command2Write, SessionID: 1}, make([]byte, smbMaxSize)...), []smbwire.Status{no}},
		{"too long", begin, frame(make([]byte, smbMaxMessage+1)), nil},
		{"reply", begin, request(smbwire.Header2{Command: smbwire.Command2Echo, Flags: smbwire.Flags2Reply}), nil},
		{"encrypted", begin, frame([]byte("\xfdSMB" + string(make([]byte, 60)))), nil},
		{"HTTP", nil, []byte("GET / HTTP/1.1\r\n\r\n"), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &smbClient{server: newSMBServer()}
			answers, err := talk(t, c, append(append([][]byte(nil), tt.begin...), tt.send)...)
			require.GreaterOrEqual(t, len(answers), len(tt.begin))
			if tt.want == nil {
				assert.ErrorIs(t, err, smbwire.ErrMalformed)
				assert.Len(t, answers, len(tt.begin))
				return
			}
			assert.ErrorIs(t, err, io.EOF)
			got := []smbwire.Status{}
			for _, h := range answers[len(tt.begin):] {
				got = append(got, h.Status)
				assert.Positive(t, h.Credits)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestSMBServerBounds: a client cannot make the server remember without end.
func TestSMBServerBounds(t *testing.T) {
	c := &smbClient{server: newSMBServer()}
	messages := [][]byte{negotiate2(smbwire.Dialect21), setUp(0, ntlm1), setUp(1, ntlm3)}
	tree := request(smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: 1}, 9, 0, 0, 0, 72, 0, 0, 0)
	for range 5000 {
		messages = append(messages, setUp(0, ntlm1), tree)
	}
	answers, err := talk(t, c, messages...)
	assert.ErrorIs(t, err, io.EOF)
	for _, h := range answers[len(answers)-2:] {
		assert.Equal(t, smbwire.StatusInsufficientResources, h.Status)
	}
	assert.Len(t, c.sessions, smbMaxSessions)
	assert.Len(t, c.trees, smbMaxTrees)

	_, err = talk(t, c, request(smbwire.Header2{Command: smbwire.Command2Logoff, SessionID: 1}))
	assert.ErrorIs(t, err, io.EOF)
	assert.Empty(t, c.trees)
}

// FuzzSMBServer: hostile bytes get well-formed replies or none, not much more
// than they are themselves, and are not remembered without end. The server of a
// connection starts no goroutine.
func FuzzSMBServer(f *testing.F) {
	f.Add(bytes.Join([][]byte{negotiate1("NT LM 0.12", "SMB 2.???"), negotiate2(smbwire.Dialect21, smbwire.Dialect30)}, nil))
	f.Add(bytes.Join([][]byte{
		negotiate2(smbwire.Dialect21, smbwire.Dialect30), setUp(0, ntlm1), setUp(1, append([]byte{0xa1, 0x30}, ntlm3...)),
		request(smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: 1},
			append([]byte{9, 0, 0, 0, 72, 0, 12, 0}, "\\\x00I\x00P\x00C\x00$\x00"...)...),
		request(smbwire.Header2{Command: smbwire.Command2TreeDisconnect, SessionID: 1, TreeID: 1}, 4, 0, 0, 0),
		request(smbwire.Header2{Command: smbwire.Command2Echo, NextCommand: 64}, smbwire.Header2{Command: smbwire.Command2Logoff, SessionID: 1}.Append(nil)...),
	}, nil))
	f.Add([]byte{0x81, 0, 0, 1, 0, 0x85, 0, 0, 0, 0, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &smbClient{server: newSMBServer()}
		w := &wire{Reader: bytes.NewReader(b)}
		require.Error(t, c.serve(w))
		require.LessOrEqual(t, w.Len(), 4*len(b)+1024)
		require.LessOrEqual(t, len(c.sessions), len(b)/smbwire.SessionSetup2Size)
		require.LessOrEqual(t, len(c.trees), len(b)/smbwire.Header2Size)
		_, err := talk(t, &smbClient{server: newSMBServer()}, b)
		require.Error(t, err)
	})
}
