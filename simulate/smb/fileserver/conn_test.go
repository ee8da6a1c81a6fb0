package fileserver_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// negotiate1 is an SMB1 NEGOTIATE.
func negotiate1(dialects ...string) []byte {
	var list []byte
	for _, d := range dialects {
		list = append(append(append(list, 2), d...), 0)
	}
	msg := smbwire.Header1{Command: smbwire.Command1Negotiate}.Append(nil)
	msg = le.AppendUint16(append(msg, 0), uint16(len(list)))
	return append(msg, list...)
}

// TestNegotiateSMB1: a client that begins in SMB1 goes on in the dialect of SMB2 that it
// offers.
func TestNegotiateSMB1(t *testing.T) {
	s := newServer(t, nil)
	const both, old, none = "SMB 2.???", "SMB 2.002", "NT LM 0.12"
	for _, tt := range []struct {
		offered []string
		dialect smbwire.Dialect // 0: none
	}{
		{[]string{none, old, both}, smbwire.DialectWildcard},
		{[]string{none, both}, smbwire.DialectWildcard},
		{[]string{none, old}, smbwire.Dialect202},
		{[]string{none}, 0},
		{nil, 0},
	} {
		c := newClient(t, s)
		_, err := c.nc.Write(frame(negotiate1(tt.offered...)))
		require.NoError(t, err)
		reply, err := c.receive()
		require.NoError(t, err)
		switch tt.dialect {
		case 0:
			h, err := smbwire.ParseHeader1(reply)
			require.NoError(t, err)
			assert.True(t, h.IsReply())
			assert.Equal(t, []byte{1, 0xff, 0xff, 0, 0}, reply[smbwire.Header1Size:])
		case smbwire.Dialect202:
			assert.Equal(t, tt.dialect, smbwire.Dialect(le.Uint16(reply[smbwire.Header2Size+4:])))
			c.message = 1
			c.dialect, c.mode = tt.dialect, 1
			assert.Equal(t, success, c.logOn("alice", ""))
		default:
			assert.Equal(t, tt.dialect, smbwire.Dialect(le.Uint16(reply[smbwire.Header2Size+4:])))
			assert.Zero(t, c.header(reply).MessageID)
			c.message = 1
			assert.Equal(t, success, c.negotiate(dialects...))
			assert.Equal(t, success, c.logOn("alice", ""))
		}
	}
}

// TestNegotiate: client and server agree on the highest dialect that both have.
func TestNegotiate(t *testing.T) {
	s := newServer(t, nil)
	for _, tt := range []struct {
		offered []smbwire.Dialect
		want    smbwire.Dialect
	}{
		{dialects, smbwire.Dialect311},
		{dialects[:4], smbwire.Dialect302},
		{[]smbwire.Dialect{0x0310, smbwire.Dialect30, 0x0222}, smbwire.Dialect30},
		{dialects[:2], smbwire.Dialect21},
		{dialects[:1], smbwire.Dialect202},
	} {
		c := newClient(t, s)
		require.Equal(t, success, c.negotiate(tt.offered...))
		assert.Equal(t, tt.want, c.dialect)
	}
	assert.Equal(t, notSupported, newClient(t, s).negotiate(0x0310, 0x0222))
}

// TestNegotiateSigning: the server takes the first algorithm offered that it has.
func TestNegotiateSigning(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	for _, tt := range []struct {
		offered []uint16
		want    int
	}{{nil, 1}, {[]uint16{2, 1, 0}, 2}, {[]uint16{0, 1, 2}, 0}, {[]uint16{9, 1, 2}, 1}, {[]uint16{9}, 1}} {
		c := newClient(t, s)
		require.Equal(t, success, c.negotiateSigning(tt.offered, smbwire.Dialect311))
		assert.EqualValues(t, tt.want, c.algorithm)
		require.Equal(t, success, c.logOn("alice", "secret"))
		assert.Equal(t, success, c.connectTree("share"), "signed by %d", tt.want)
	}
}

// TestNegotiateMalformed: the server refuses contexts that SMB 3.1.1 does not allow.
func TestNegotiateMalformed(t *testing.T) {
	s := newServer(t, nil)
	good := (&client{}).negotiateBody(dialects, 1)
	const contexts, second = 48, 96
	change := func(at int, values ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], values)
		return b
	}
	require.EqualValues(t, 8, good[second], "the signing context")
	for name, tt := range map[string]struct {
		body []byte
		want smbwire.Status
	}{
		"good":                     {good, success},
		"another hash":             {change(contexts+12, 2), 0xC05D0000},
		"no hash":                  {change(contexts+8, 0), badParameter},
		"hashes outside":           {change(contexts+8, 0xff), badParameter},
		"no pre-authentication":    {change(contexts, 3), badParameter},
		"twice pre-authentication": {change(second, 1, 0, 6), badParameter},
		"no signing algorithm":     {change(second+8, 0), badParameter},
		"context outside":          {change(contexts+2, 0xff, 0xff), badParameter},
		"contexts outside":         {change(28, 0xff, 0xff), badParameter},
		"contexts in the header":   {change(28, 8, 0), badParameter},
		"more contexts than there": {change(32, 3), badParameter},
		"no contexts":              {change(32, 0), badParameter},
		"an unknown context":       {change(second, 0xee), success},
		"no dialects":              {change(2, 0), badParameter},
		"more dialects than there": {change(2, 0xff), badParameter},
		"65 dialects":              {append([]byte{36, 0, 65, 0}, make([]byte, 400)...), badParameter},
		"wrong size":               {change(0, 37), success}, // the odd size that others have
		"another size":             {change(0, 40), badParameter},
		"cut short":                {good[:35], badParameter},
	} {
		c := newClient(t, s)
		h, _ := c.exchange(c.request(smbwire.Header2{Command: smbwire.Command2Negotiate}, tt.body))
		assert.Equal(t, tt.want, h.Status, name)
	}
	c := newClient(t, s)
	h, _ := c.exchange(c.request(smbwire.Header2{Command: smbwire.Command2Negotiate, Flags: smbwire.Flags2Sign}, good))
	assert.Equal(t, badParameter, h.Status, "signed")
}

// TestHangUp: a message that breaks the protocol ends the connection.
func TestHangUp(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	header := func(h smbwire.Header2, body ...byte) func(*client) []byte {
		return func(c *client) []byte { return c.request(h, body) }
	}
	bytes := func(b []byte) func(*client) []byte { return func(*client) []byte { return b } }
	for name, tt := range map[string]struct {
		dialect smbwire.Dialect // 0: none yet
		msg     func(*client) []byte
	}{
		"no dialect yet":            {0, header(smbwire.Header2{Command: smbwire.Command2SessionSetup})},
		"SMB1 that is no NEGOTIATE": {0, bytes(append(smbwire.Header1{Command: smbwire.Command1Echo}.Append(nil), 0, 0, 0))},
		"SMB1 list without an end":  {0, bytes(negotiate1("SMB 2.???\x00x"))},
		"nothing":                   {0, bytes(nil)},
		"HTTP":                      {0, bytes([]byte("GET / HTTP/1.1\r\n\r\n"))},
		"encrypted":                 {smbwire.Dialect311, bytes(append([]byte("\xfdSMB"), make([]byte, 60)...))},
		"compressed":                {smbwire.Dialect311, bytes(append([]byte("\xfcSMB"), make([]byte, 60)...))},
		"two negotiations":          {smbwire.Dialect21, header(smbwire.Header2{Command: smbwire.Command2Negotiate})},
		"SMB1 afterwards":           {smbwire.Dialect21, bytes(negotiate1("SMB 2.???"))},
		"unknown command":           {smbwire.Dialect21, header(smbwire.Header2{Command: 0x13})},
		"reply":                     {smbwire.Dialect21, header(smbwire.Header2{Command: smbwire.Command2Echo, Flags: smbwire.Flags2Reply})},
		"half a header":             {smbwire.Dialect21, bytes([]byte("\xfeSMB\x40\x00"))},
		"compound that runs out":    {smbwire.Dialect21, header(smbwire.Header2{Command: smbwire.Command2Echo, NextCommand: 0x1000})},
		"too long":                  {smbwire.Dialect21, bytes(make([]byte, 80<<10+1))},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, s)
			if tt.dialect != 0 {
				require.Equal(t, success, c.negotiate(tt.dialect))
			}
			msg := frame(tt.msg(c))
			done := make(chan struct{})
			go func() { // a server that hangs up does not read to the end
				defer close(done)
				_, _ = c.nc.Write(msg)
			}()
			_, err := c.receive()
			assert.ErrorIs(t, err, io.EOF)
			<-done
		})
	}
	t.Run("SMB1 twice", func(t *testing.T) {
		c := newClient(t, s)
		_, err := c.nc.Write(frame(negotiate1("SMB 2.???")))
		require.NoError(t, err)
		_, err = c.receive()
		require.NoError(t, err)
		c.hungUp(negotiate1("SMB 2.???"))
	})
	t.Run("tree connect that is not signed", func(t *testing.T) { // MS-SMB2 3.3.5.7
		c := connect(t, s, smbwire.Dialect311, "alice", "secret")
		c.sign = false
		c.hungUp(c.request(smbwire.Header2{Command: smbwire.Command2TreeConnect}, append([]byte{9, 0, 0, 0, 72, 0, 16, 0}, utf16le(`\\x\IPC$`)...)))
	})
}

// TestFrames: the frames of the session service are answered, apart from SMB.
func TestFrames(t *testing.T) {
	c := newClient(t, newServer(t, nil))
	send := func(b []byte) {
		_, err := c.nc.Write(b)
		require.NoError(t, err)
	}
	// Port 139: two encoded names, of which the content does not matter.
	name := append(append([]byte{32}, bytes.Repeat([]byte("CA"), 16)...), 0)
	send(append([]byte{0x81, 0, 0, 68}, append(name, name...)...))
	reply := make([]byte, 4)
	_, err := io.ReadFull(c.nc, reply)
	require.NoError(t, err)
	assert.Equal(t, []byte{0x82, 0, 0, 0}, reply)
	send([]byte{0x85, 0, 0, 0}) // a keep-alive
	assert.Equal(t, success, c.negotiate(dialects...))
	send([]byte{0x83, 0, 0, 1, 0x80}) // only a server sends this
	_, err = c.receive()
	assert.ErrorIs(t, err, io.EOF)
}

// TestStates: the answers to each command in each state of a session.
func TestStates(t *testing.T) {
	s := newServer(t, nil)
	c := newClient(t, s)
	require.Equal(t, success, c.negotiate(smbwire.Dialect21))
	do := func(command smbwire.Command2, body ...byte) smbwire.Status {
		h, _ := c.do(command, body)
		return h.Status
	}
	empty := []byte{4, 0, 0, 0}
	assert.Equal(t, success, do(smbwire.Command2Echo, empty...), "an echo needs no session")
	assert.Equal(t, sessionGone, do(smbwire.Command2Logoff, empty...))
	assert.Equal(t, sessionGone, do(smbwire.Command2TreeConnect))
	c.session = 99
	h, _ := c.leg(first(mechanisms(), ntlmNegotiate()))
	assert.Equal(t, sessionGone, h.Status, "another's session")
	c.session = 0
	for name, token := range map[string][]byte{
		"nothing": nil, "noise": []byte("noise"), "second leg": next([]byte("NTLMSSP\x00\x03\x00\x00\x00\x00\x00\x00\x00"), nil),
		"challenge": []byte("NTLMSSP\x00\x02\x00\x00\x00\x00\x00\x00\x00"),
		"long":      first(mechanisms(), append(ntlmNegotiate(), make([]byte, 2000)...)),
		"long list": first(der(0x30, oidNTLM, make([]byte, 2000)), ntlmNegotiate()),
	} {
		h, _ := c.leg(token)
		assert.Equal(t, badParameter, h.Status, name)
	}
	binding := setupBody(ntlmNegotiate())
	binding[2] = 1
	assert.Equal(t, notSupported, do(smbwire.Command2SessionSetup, binding...))
	outside := setupBody(ntlmNegotiate())
	outside[14]++
	assert.Equal(t, badParameter, do(smbwire.Command2SessionSetup, outside...))

	c.challenge()
	assert.Equal(t, unsupportedUp, do(smbwire.Command2TreeConnect), "while it is being set up")
	assert.Equal(t, success, do(smbwire.Command2Logoff, empty...))
	assert.Equal(t, sessionGone, do(smbwire.Command2Logoff, empty...))

	c.session = 0
	require.Equal(t, success, c.logOn("alice", ""))
	assert.Equal(t, treeGone, do(smbwire.Command2Create), "no tree yet")
	assert.Equal(t, badNetwork, c.connectTree("nosuch"))
	assert.Equal(t, badParameter, do(smbwire.Command2TreeConnect, 9, 0, 0, 0, 72, 0, 2, 0))
	assert.Equal(t, badParameter, do(smbwire.Command2TreeConnect, append([]byte{9, 0, 0, 0, 72, 0, 10, 0}, utf16le("share")...)...))
	require.Equal(t, success, c.connectTree("share"))
	for command := smbwire.Command2Lock; command <= smbwire.Command2OplockBreak; command++ {
		switch command {
		case smbwire.Command2Cancel, smbwire.Command2Echo, smbwire.Command2QueryDirectory,
			smbwire.Command2QueryInfo, smbwire.Command2SetInfo, smbwire.Command2Ioctl:
		default:
			assert.Equal(t, notSupported, do(command), "%#x", command)
		}
	}
	ioctl := make([]byte, 56)
	ioctl[0] = 57
	assert.Equal(t, notSupported, do(smbwire.Command2Ioctl, ioctl...))
	for _, command := range []smbwire.Command2{
		smbwire.Command2Create, smbwire.Command2Close, smbwire.Command2Flush, smbwire.Command2Read, smbwire.Command2Write,
		smbwire.Command2QueryDirectory, smbwire.Command2QueryInfo, smbwire.Command2SetInfo, smbwire.Command2Ioctl,
	} {
		assert.Equal(t, badParameter, do(command, 1, 2, 3), "%#x", command)
	}
	_, err := c.nc.Write(frame(c.request(smbwire.Header2{Command: smbwire.Command2Cancel}, empty)))
	require.NoError(t, err)
	assert.Equal(t, success, do(smbwire.Command2TreeDisconnect, empty...), "a cancel has no answer")
	assert.Equal(t, treeGone, do(smbwire.Command2TreeDisconnect, empty...))
	require.Equal(t, success, c.connectTree("ipc$"))
	status, _, _ := c.create("srvsvc", 0x80000000, 1, 0)
	assert.Equal(t, notSupported, status, "a pipe")
	assert.Equal(t, success, do(smbwire.Command2Logoff, empty...))
	assert.Equal(t, sessionGone, do(smbwire.Command2TreeDisconnect, empty...))
}

// TestValidateNegotiate: a client asks whether both saw the same negotiation. It gets a yes,
// or loses the connection.
func TestValidateNegotiate(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	body := func(c *client, change func([]byte)) []byte {
		b := c.negotiateBody([]smbwire.Dialect{c.dialect})
		input := append(bytes.Clone(b[8:12]), c.guid[:]...)
		input = append(append(input, b[4:6]...), 1, 0, byte(c.dialect), byte(c.dialect>>8))
		change(input)
		i := make([]byte, 56)
		i[0] = 57
		le.PutUint32(i[4:], smbwire.ControlValidateNegotiate)
		copy(i[8:], bytes.Repeat([]byte{0xff}, 16))
		le.PutUint32(i[24:], smbwire.Header2Size+56)
		le.PutUint32(i[28:], uint32(len(input)))
		le.PutUint32(i[44:], 24)
		return append(i, input...)
	}
	for _, dialect := range dialects[:4] {
		c := newClient(t, s)
		c.guid[3] = 9
		require.Equal(t, success, c.negotiate(dialect))
		require.Equal(t, success, c.logOn("alice", "secret"))
		require.Equal(t, success, c.connectTree("IPC$"))
		h, reply := c.do(smbwire.Command2Ioctl, body(c, func([]byte) {}))
		require.Equal(t, success, h.Status)
		out := reply[48:]
		require.Len(t, out, 24)
		assert.Equal(t, dialect, smbwire.Dialect(le.Uint16(out[22:])))
		assert.EqualValues(t, 1, le.Uint16(out[20:]), "security mode")
		h, _ = c.do(smbwire.Command2Ioctl, body(c, func(b []byte) { b[22] = 100 }))
		assert.Equal(t, badParameter, h.Status, "dialects outside")
	}
	for name, change := range map[string]func([]byte){
		"capabilities":  func(b []byte) { b[0] ^= 1 },
		"GUID":          func(b []byte) { b[4] ^= 1 },
		"security mode": func(b []byte) { b[20] ^= 2 },
		"dialect":       func(b []byte) { b[24] ^= 2 },
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, s, smbwire.Dialect30, "alice", "secret")
			require.Equal(t, success, c.connectTree("IPC$"))
			c.hungUp(c.request(smbwire.Header2{Command: smbwire.Command2Ioctl}, body(c, change)))
		})
	}
	t.Run("SMB 3.1.1 has no need of it", func(t *testing.T) {
		c := connect(t, s, smbwire.Dialect311, "alice", "secret")
		require.Equal(t, success, c.connectTree("IPC$"))
		c.hungUp(c.request(smbwire.Header2{Command: smbwire.Command2Ioctl}, body(c, func([]byte) {})))
	})
}

// compound returns the requests as one message. Each but the first is related to
// the one before it if related is set.
func (c *client) compound(related bool, requests ...[]byte) []byte {
	var msg []byte
	for i, body := range requests {
		command := smbwire.Command2(le.Uint16(body))
		h := smbwire.Header2{Command: command}
		if i > 0 && related {
			h.Flags = smbwire.Flags2Related
		}
		body = bytes.Clone(body[2:])
		if i < len(requests)-1 {
			body = append(body, make([]byte, -len(body)&7)...)
			h.NextCommand = uint32(smbwire.Header2Size + len(body))
		}
		msg = append(msg, c.request(h, body)...)
	}
	return msg
}

func part(command smbwire.Command2, body []byte) []byte {
	return append(le.AppendUint16(nil, uint16(command)), body...)
}

func TestCompound(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	same := bytes.Repeat([]byte{0xff}, 16)
	closing := part(smbwire.Command2Close, append([]byte{24, 0, 0, 0, 0, 0, 0, 0}, same...))
	echo := part(smbwire.Command2Echo, []byte{4, 0, 0, 0})
	creating := func(name string, disposition uint32) []byte {
		return part(smbwire.Command2Create, createBody(name, 0xC0000000, disposition, 0))
	}
	writing := part(smbwire.Command2Write, writeBody(smbwire.FileID(same), 0, []byte("hello")))
	for _, tt := range []struct {
		name     string
		related  bool
		requests [][]byte
		want     []smbwire.Status
	}{
		{"related", true, [][]byte{creating("new", 2), writing, closing}, []smbwire.Status{success, success, success}},
		{"after a failure", true, [][]byte{creating("nosuch", 1), writing, closing}, []smbwire.Status{0xC0000034, 0xC0000034, 0xC0000034}},
		{"without a file", true, [][]byte{echo, closing}, []smbwire.Status{success, 0xC0000008}},
		{"unrelated", false, [][]byte{echo, closing, echo}, []smbwire.Status{success, 0xC0000128, success}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, s, smbwire.Dialect302, "alice", "secret")
			require.Equal(t, success, c.connectTree("share"))
			done := make(chan struct{})
			go func() { // the server answers before it has read all
				defer close(done)
				_, err := c.nc.Write(frame(c.compound(tt.related, tt.requests...)))
				assert.NoError(t, err)
			}()
			for _, want := range tt.want {
				reply, err := c.receive()
				require.NoError(t, err)
				h := c.header(reply)
				assert.Equal(t, want, h.Status)
				assert.True(t, c.signer.Verify(reply), "each is signed for itself")
			}
			<-done
		})
	}
	t.Run("related to nothing", func(t *testing.T) {
		c := connect(t, s, smbwire.Dialect21, "alice", "secret")
		h, _ := c.exchange(c.request(smbwire.Header2{Command: smbwire.Command2Echo, Flags: smbwire.Flags2Related}, []byte{4, 0, 0, 0}))
		assert.Equal(t, badParameter, h.Status)
	})
	t.Run("another session", func(t *testing.T) { // a related request cannot name one
		c := connect(t, s, smbwire.Dialect21, "alice", "secret")
		require.Equal(t, success, c.connectTree("share"))
		session := c.session
		msg := c.compound(true, creating("other", 3), closing)
		le.PutUint64(msg[le.Uint32(msg[20:])+40:], session+1)
		c.session = session
		c.signer.Sign(msg[le.Uint32(msg[20:]):])
		go func() { _, _ = c.nc.Write(frame(msg)) }()
		for range 2 {
			reply, err := c.receive()
			require.NoError(t, err)
			assert.Equal(t, success, c.header(reply).Status)
		}
	})
}

// TestSigning: where signing is required, an unsigned request is refused. Where it is
// offered, a wrong signature is.
func TestSigning(t *testing.T) {
	for _, signing := range []fileserver.Signing{fileserver.SigningOffered, fileserver.SigningRequired} {
		s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}, Signing: signing})
		for _, dialect := range dialects {
			c := connect(t, s, dialect, "alice", "secret")
			require.Equal(t, success, c.connectTree("share"))
			c.sign = false
			want := success
			if signing == fileserver.SigningRequired {
				want = accessDenied
			}
			h, _ := c.do(smbwire.Command2Echo, []byte{4, 0, 0, 0})
			assert.Equal(t, want, h.Status, "%v %#x", signing, dialect)
			assert.Zero(t, h.Flags&smbwire.Flags2Sign)

			msg := c.request(smbwire.Header2{Command: smbwire.Command2Echo, Flags: smbwire.Flags2Sign}, []byte{4, 0, 0, 0})
			h, _ = c.exchange(msg)
			assert.Equal(t, accessDenied, h.Status, "no signature where one is announced")

			c.sign = true
			h, _ = c.do(smbwire.Command2Echo, []byte{4, 0, 0, 0})
			assert.Equal(t, success, h.Status, "the session goes on")
		}
	}
}

// TestSigningAsked: in the session of a client that requires signing, an unsigned request is
// refused.
func TestSigningAsked(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	c := newClient(t, s)
	body := c.negotiateBody([]smbwire.Dialect{smbwire.Dialect21})
	body[4] = byte(smbwire.SigningRequired)
	h, _ := c.exchange(c.request(smbwire.Header2{Command: smbwire.Command2Negotiate}, body))
	require.Equal(t, success, h.Status)
	c.dialect, c.mode = smbwire.Dialect21, 1
	require.Equal(t, success, c.logOn("alice", "secret"))
	c.sign = false
	h, _ = c.do(smbwire.Command2Echo, []byte{4, 0, 0, 0})
	assert.Equal(t, accessDenied, h.Status)
}

func TestSignedGuest(t *testing.T) {
	c := connect(t, newServer(t, nil), smbwire.Dialect30, "alice", "")
	h, _ := c.exchange(c.request(smbwire.Header2{Command: smbwire.Command2Echo, Flags: smbwire.Flags2Sign}, []byte{4, 0, 0, 0}))
	assert.Equal(t, notSupported, h.Status, "there is no key")
	c.session = 77
	h, _ = c.exchange(c.request(smbwire.Header2{Command: smbwire.Command2Echo, Flags: smbwire.Flags2Sign}, []byte{4, 0, 0, 0}))
	assert.Equal(t, sessionGone, h.Status)
}

// TestBounds: what a client can make the server remember is bounded.
func TestBounds(t *testing.T) {
	s := newServer(t, nil)
	c := connect(t, s, smbwire.Dialect21, "alice", "")
	session := c.session
	c.session = 0
	var status smbwire.Status
	for n := 1; ; n++ {
		h, _ := c.leg(first(mechanisms(), ntlmNegotiate()))
		if status = h.Status; status != smbwire.StatusMoreProcessingRequired {
			assert.Equal(t, 4096, n)
			break
		}
	}
	assert.Equal(t, noResources, status)
	c.session = session
	for n := 0; ; n++ {
		if status = c.connectTree("share"); status != success {
			assert.Equal(t, 4096, n)
			break
		}
	}
	assert.Equal(t, noResources, status)
	for n := 0; ; n++ {
		if status, _, _ = c.create("file", 0x80000000, 3, 0); status != success {
			assert.Equal(t, 1024, n)
			break
		}
	}
	assert.Equal(t, smbwire.Status(0xC000011F), status)
	h, _ := c.do(smbwire.Command2Logoff, []byte{4, 0, 0, 0})
	assert.Equal(t, success, h.Status)
	c.session = 0
	require.Equal(t, success, c.logOn("alice", ""), "what it has given up is free again")
	require.Equal(t, success, c.connectTree("share"))
	status, _, _ = c.create("file", 0x80000000, 3, 0)
	assert.Equal(t, success, status)
}
