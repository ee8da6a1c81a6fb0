package fileserver_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha512"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/ntlm"
	"github.com/winlimits/winlimits/simulate/internal/smbcrypto"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

var le = binary.LittleEndian

func newServer(t testing.TB, settings *fileserver.Settings) *fileserver.Server {
	t.Helper()
	s, err := fileserver.New(settings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// client is a client for tests, which may break the protocol. It checks the form and the
// number of each reply, and the signature if it signs.
type client struct {
	t  testing.TB
	nc net.Conn

	dialect   smbwire.Dialect
	guid      [16]byte
	algorithm smbcrypto.Algorithm
	connHash  [sha512.Size]byte
	mode      uint16 // the security mode that the server has told

	message uint64
	session uint64
	tree    uint32
	hash    [sha512.Size]byte // of the session
	signer  *smbcrypto.Signer
	sign    bool
	flags   smbwire.SessionFlags2 // of the session

	// Where it breaks the protocol.
	badMIC, badListMIC, version1 bool
	raw                          bool // NTLMSSP without SPNEGO
}

// newClient returns a client without a dialect.
func newClient(t testing.TB, s *fileserver.Server) *client {
	t.Helper()
	nc, err := s.Dial(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	return &client{t: t, nc: nc}
}

// connect returns a client that is logged on, speaks the dialect and signs.
func connect(t testing.TB, s *fileserver.Server, dialect smbwire.Dialect, user, password string) *client {
	t.Helper()
	c := newClient(t, s)
	require.Equal(t, smbwire.StatusSuccess, c.negotiate(dialect))
	require.Equal(t, smbwire.StatusSuccess, c.logOn(user, password))
	return c
}

func frame(msg []byte) []byte {
	return append(smbwire.FrameHeader{Length: len(msg)}.Append(nil), msg...)
}

func utf16le(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, unit)
	}
	return b
}

// receive returns the next message, or the error that ended the connection.
func (c *client) receive() ([]byte, error) {
	var b [smbwire.FrameHeaderSize]byte
	if _, err := io.ReadFull(c.nc, b[:]); err != nil {
		return nil, err
	}
	h, err := smbwire.ParseFrameHeader(b[:])
	require.NoError(c.t, err)
	msg := make([]byte, h.Length)
	_, err = io.ReadFull(c.nc, msg)
	require.NoError(c.t, err)
	return msg, nil
}

// request returns a request as it is sent, signed if the client signs.
func (c *client) request(h smbwire.Header2, body []byte) []byte {
	h.MessageID, h.SessionID, h.TreeID, h.Credits = c.message, c.session, c.tree, 1
	c.message++
	if c.sign {
		h.Flags |= smbwire.Flags2Sign
	}
	msg := append(h.Append(nil), body...)
	if c.sign {
		c.signer.Sign(msg)
	}
	return msg
}

// do sends a request and returns the answer.
func (c *client) do(command smbwire.Command2, body []byte) (smbwire.Header2, []byte) {
	c.t.Helper()
	msg := c.request(smbwire.Header2{Command: command}, body)
	h, reply := c.exchange(msg)
	require.Equal(c.t, command, h.Command)
	if c.sign && h.Status != smbwire.StatusUserSessionDeleted {
		require.NotZero(c.t, h.Flags&smbwire.Flags2Sign, "%#x is not signed", h.Status)
		require.True(c.t, c.signer.Verify(reply), "signature")
	}
	return h, reply[smbwire.Header2Size:]
}

// exchange sends a message and returns the answer, unchecked.
func (c *client) exchange(msg []byte) (smbwire.Header2, []byte) {
	c.t.Helper()
	_, err := c.nc.Write(frame(msg))
	require.NoError(c.t, err)
	reply, err := c.receive()
	require.NoError(c.t, err)
	return c.header(reply), reply
}

func (c *client) header(reply []byte) smbwire.Header2 {
	c.t.Helper()
	h, err := smbwire.ParseHeader2(reply)
	require.NoError(c.t, err)
	require.True(c.t, h.IsReply())
	require.Positive(c.t, h.Credits)
	require.Zero(c.t, h.NextCommand)
	return h
}

// hungUp sends a message and expects the end of the connection as the answer.
func (c *client) hungUp(msg []byte) {
	c.t.Helper()
	_, err := c.nc.Write(frame(msg))
	require.NoError(c.t, err)
	_, err = c.receive()
	require.ErrorIs(c.t, err, io.EOF)
}

// negotiateBody is an SMB2 NEGOTIATE with the contexts that SMB 3.1.1 wants.
func (c *client) negotiateBody(dialects []smbwire.Dialect, signing ...uint16) []byte {
	b := le.AppendUint16([]byte{36, 0}, uint16(len(dialects)))
	b = append(b, 1, 0, 0, 0, 0x7f, 0, 0, 0)
	b = append(b, c.guid[:]...)
	b = append(b, make([]byte, 8)...)
	contexts := false
	for _, d := range dialects {
		b = le.AppendUint16(b, uint16(d))
		contexts = contexts || d == smbwire.Dialect311
	}
	if !contexts {
		return b
	}
	b = append(b, make([]byte, -len(b)&7)...)
	le.PutUint32(b[28:], uint32(smbwire.Header2Size+len(b)))
	le.PutUint16(b[32:], 1)
	b = append(b, 1, 0, 38, 0, 0, 0, 0, 0, 1, 0, 32, 0, 1, 0)
	b = append(b, make([]byte, 32)...)
	if signing != nil {
		le.PutUint16(b[32:], 2)
		b = append(b, make([]byte, -len(b)&7)...)
		b = le.AppendUint16(append(b, 8, 0), uint16(2+2*len(signing)))
		b = append(b, 0, 0, 0, 0)
		b = le.AppendUint16(b, uint16(len(signing)))
		for _, s := range signing {
			b = le.AppendUint16(b, s)
		}
	}
	return b
}

// negotiate agrees on one of the dialects. For SMB 3.1.1 the client offers to
// sign by AES-GMAC.
func (c *client) negotiate(dialects ...smbwire.Dialect) smbwire.Status {
	c.t.Helper()
	return c.negotiateSigning([]uint16{2, 1}, dialects...)
}

func (c *client) negotiateSigning(signing []uint16, dialects ...smbwire.Dialect) smbwire.Status {
	c.t.Helper()
	msg := c.request(smbwire.Header2{Command: smbwire.Command2Negotiate}, c.negotiateBody(dialects, signing...))
	h, reply := c.exchange(msg)
	if h.Status != smbwire.StatusSuccess {
		return h.Status
	}
	body := reply[smbwire.Header2Size:]
	c.dialect = smbwire.Dialect(le.Uint16(body[4:]))
	c.mode = le.Uint16(body[2:])
	require.Contains(c.t, dialects, c.dialect)
	switch {
	case c.dialect < smbwire.Dialect30:
		c.algorithm = smbcrypto.HMACSHA256
	case c.dialect < smbwire.Dialect311 || signing == nil:
		c.algorithm = smbcrypto.AESCMAC
	default:
		require.EqualValues(c.t, 2, le.Uint16(body[6:]), "contexts")
		c.algorithm = smbcrypto.Algorithm(le.Uint16(reply[len(reply)-2:]))
	}
	extend(&c.connHash, msg)
	extend(&c.connHash, reply)
	return h.Status
}

func extend(hash *[sha512.Size]byte, msg []byte) {
	*hash = sha512.Sum512(append(bytes.Clone(hash[:]), msg...))
}

// der returns a DER value.
func der(tag byte, contents ...[]byte) []byte {
	b := bytes.Join(contents, nil)
	return append([]byte{tag, 0x82, byte(len(b) >> 8), byte(len(b))}, b...)
}

var oidNTLM = []byte{0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a}

// mechanisms is the list of mechanisms of the client.
func mechanisms() []byte { return der(0x30, oidNTLM) }

// first wraps the client's first token.
func first(list, token []byte) []byte {
	return der(0x60, []byte{0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02},
		der(0xa0, der(0x30, der(0xa0, list), der(0xa2, der(0x04, token)))))
}

// next wraps a later token.
func next(token, mic []byte) []byte {
	fields := der(0xa2, der(0x04, token))
	if mic != nil {
		fields = append(fields, der(0xa3, der(0x04, mic))...)
	}
	return der(0xa1, der(0x30, fields))
}

const ntlmFlags = 0xe2088235 &^ 0x02000000 // all that is agreed to, without a version

func ntlmNegotiate() []byte {
	b := le.AppendUint32([]byte("NTLMSSP\x00\x01\x00\x00\x00"), ntlmFlags)
	return append(b, make([]byte, 16)...)
}

func setupBody(token []byte) []byte {
	b := make([]byte, 24)
	b[0], b[3] = 25, 1
	b[12] = smbwire.SessionSetup2Size
	le.PutUint16(b[14:], uint16(len(token)))
	return append(b, token...)
}

// challenge runs the first leg of a log-on and returns the CHALLENGE.
func (c *client) challenge() []byte {
	c.t.Helper()
	token := ntlmNegotiate()
	if !c.raw {
		token = first(mechanisms(), token)
	}
	c.hash = c.connHash
	h, reply := c.leg(token)
	require.Equal(c.t, smbwire.StatusMoreProcessingRequired, h.Status)
	c.session = h.SessionID
	extend(&c.hash, reply)
	challenge := reply[bytes.Index(reply, []byte("NTLMSSP\x00")):]
	return challenge
}

// leg sends one leg of a log-on.
func (c *client) leg(token []byte) (smbwire.Header2, []byte) {
	c.t.Helper()
	msg := c.request(smbwire.Header2{Command: smbwire.Command2SessionSetup}, setupBody(token))
	extend(&c.hash, msg)
	return c.exchange(msg)
}

// logOn logs a user on, or an anonymous client if user is empty. If the session has a key,
// the client signs from then on.
func (c *client) logOn(user, password string) smbwire.Status {
	c.t.Helper()
	negotiate, challenge := ntlmNegotiate(), c.challenge()
	authenticate, key := c.authenticate(negotiate, challenge, user, password)
	token := authenticate
	if !c.raw {
		mic := clientMIC(key, mechanisms())
		if c.badListMIC {
			mic[5] ^= 1
		}
		token = next(authenticate, mic)
	}
	h, reply := c.leg(token)
	if h.Status != smbwire.StatusSuccess {
		c.session = 0
		return h.Status
	}
	c.flags = smbwire.SessionFlags2(le.Uint16(reply[smbwire.Header2Size+2:]))
	if c.flags != 0 {
		return h.Status
	}
	switch c.dialect {
	case smbwire.Dialect30, smbwire.Dialect302:
		key = smbcrypto.KDF(key, []byte("SMB2AESCMAC\x00"), []byte("SmbSign\x00"))
	case smbwire.Dialect311:
		key = smbcrypto.KDF(key, []byte("SMBSigningKey\x00"), c.hash[:])
	}
	c.signer = smbcrypto.NewSigner(c.algorithm, key)
	c.sign = c.mode&smbwire.SigningEnabled != 0
	if c.sign || c.dialect == smbwire.Dialect311 {
		require.NotZero(c.t, h.Flags&smbwire.Flags2Sign, "the end of the log-on is not signed")
		require.True(c.t, c.signer.Verify(reply), "signature of the log-on")
	} else {
		require.Zero(c.t, h.Flags&smbwire.Flags2Sign)
	}
	return h.Status
}

func mac(key []byte, parts ...[]byte) []byte {
	m := hmac.New(md5.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// authenticate answers a challenge by NTLMv2, with an integrity code, and returns
// the session key. It answers by NTLMv1 if that is what the client knows.
func (c *client) authenticate(negotiate, challenge []byte, user, password string) ([]byte, [16]byte) {
	nonce := challenge[24:32]
	info := challenge[le.Uint32(challenge[44:]):][:le.Uint16(challenge[40:])]
	hash := ntlm.Hash(password)
	random := [16]byte{0: 7, 15: 9}
	key := random
	var lm, nt, sessionKey []byte
	switch {
	case user == "":
		lm = []byte{0}
	case c.version1:
		lm = append([]byte("\x01\x02\x03\x04\x05\x06\x07\x08"), make([]byte, 16)...)
		nt = ntlm.Response1(hash, [8]byte(nonce), [8]byte(lm))
		base := smbcrypto.MD4(hash[:])
		sessionKey = crypt(mac(base[:], nonce, lm[:8]), key[:])
	default:
		responseKey := mac(hash[:], utf16le(strings.ToUpper(user)+"DOMAIN"))
		// The integrity code is announced in the copy of the server's target information.
		temp := append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, make([]byte, 20)...)
		temp = append(temp, 6, 0, 4, 0, 2, 0, 0, 0)
		temp = append(append(temp, info...), 0, 0, 0, 0)
		proof := mac(responseKey, nonce, temp)
		nt = append(bytes.Clone(proof), temp...)
		lm = make([]byte, 24)
		sessionKey = crypt(mac(responseKey, proof), key[:])
	}
	b := []byte("NTLMSSP\x00\x03\x00\x00\x00")
	const size = 88
	var payload []byte
	for _, field := range [][]byte{lm, nt, utf16le("DOMAIN"), utf16le(user), nil, sessionKey} {
		b = le.AppendUint16(b, uint16(len(field)))
		b = le.AppendUint16(b, uint16(len(field)))
		b = le.AppendUint32(b, uint32(size+len(payload)))
		payload = append(payload, field...)
	}
	b = le.AppendUint32(b, ntlmFlags)
	b = append(b, make([]byte, size-len(b))...)
	b = append(b, payload...)
	copy(b[72:], mac(key[:], negotiate, challenge, b))
	if c.badMIC {
		b[72] ^= 1
	}
	return b, key
}

func crypt(key, b []byte) []byte {
	cipher, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(b))
	cipher.XORKeyStream(out, b)
	return out
}

// clientMIC is the client's integrity code for its list of mechanisms.
func clientMIC(key [16]byte, list []byte) []byte {
	part := func(purpose string) []byte {
		sum := md5.Sum(append(bytes.Clone(key[:]), "session key to client-to-server "+purpose+" key magic constant\x00"...))
		return sum[:]
	}
	sum := mac(part("signing"), make([]byte, 4), list)[:8]
	return append(append([]byte{1, 0, 0, 0}, crypt(part("sealing"), sum)...), 0, 0, 0, 0)
}

// connectTree connects the client to a share of the server.
func (c *client) connectTree(share string) smbwire.Status {
	c.t.Helper()
	path := utf16le(`\\server\` + share)
	body := append([]byte{9, 0, 0, 0, 72, 0, byte(len(path)), byte(len(path) >> 8)}, path...)
	h, _ := c.do(smbwire.Command2TreeConnect, body)
	if h.Status == smbwire.StatusSuccess {
		c.tree = h.TreeID
	}
	return h.Status
}
