package fileserver

import (
	"bufio"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/winlimits/winlimits/simulate/internal/smbcrypto"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// Bounds on what a client can make the server remember or hold.
const (
	maxSize     = 64 << 10           // bytes of a read, a write or a transaction
	maxMessage  = maxSize + 16<<10   // bytes of a message; a longer one ends the connection
	maxSessions = 4096               // sessions of a connection; more than the proxy allows
	maxTrees    = 4096               // tree connects of a connection
	maxFiles    = 1024               // open files of a connection
	maxCredits  = 512                // credits granted by a reply
	keepBuffer  = maxMessage + 1<<10 // bytes of a buffer that is kept for the next message
)

// errHangUp ends a connection without an answer, where the protocol says so.
var errHangUp = errors.New("fileserver: the client has broken the protocol")

// conn is what the server remembers of a connection. One goroutine owns it.
type conn struct {
	server *Server
	nc     net.Conn
	r      *bufio.Reader
	in     []byte // the message
	out    []byte // the frame of the answer

	negotiating bool // an SMB2 NEGOTIATE has to follow one of SMB1
	dialect     smbwire.Dialect
	client      smbwire.NegotiateRequest2 // the client's NEGOTIATE
	self        smbwire.NegotiateReply2   // the server's answer to it
	algorithm   smbcrypto.Algorithm
	preauth     [sha512.Size]byte // the hash of pre-authentication integrity, SMB 3.1.1

	sessions map[uint64]*session
	trees    int // in all sessions
	lastTree uint32
	files    map[smbwire.FileID]*openFile
	lastFile uint64
}

func newConn(s *Server, nc net.Conn) *conn {
	return &conn{
		server: s, nc: nc, r: bufio.NewReader(nc),
		sessions: make(map[uint64]*session),
		files:    make(map[smbwire.FileID]*openFile),
	}
}

// serve answers the client until it hangs up or breaks the protocol.
func (c *conn) serve() error {
	defer func() {
		for _, s := range c.sessions {
			c.end(s)
		}
	}()
	for {
		h, err := c.read()
		if err != nil {
			return err
		}
		switch h.Type {
		case smbwire.FrameKeepAlive:
		case smbwire.FrameSessionRequest:
			// On port 139 a client first calls the server by a name; any will do.
			_, err = c.nc.Write(smbwire.FrameHeader{Type: smbwire.FramePositiveResponse}.Append(nil))
		case smbwire.FrameMessage:
			err = c.message()
		default:
			err = fmt.Errorf("%w: frame type 0x%02x, which a client does not send", smbwire.ErrMalformed, byte(h.Type))
		}
		if err != nil {
			return err
		}
		if cap(c.out) > keepBuffer {
			c.out = nil
		}
	}
}

// read reads the next frame into c.in. The buffer grows with the bytes that arrive, not
// by the length that the client has sent.
func (c *conn) read() (smbwire.FrameHeader, error) {
	var b [smbwire.FrameHeaderSize]byte
	if _, err := io.ReadFull(c.r, b[:]); err != nil {
		return smbwire.FrameHeader{}, err
	}
	h, err := smbwire.ParseFrameHeader(b[:])
	if err != nil {
		return h, err
	}
	if h.Length > maxMessage {
		return h, fmt.Errorf("%w: message of %d bytes; accepted are %d", smbwire.ErrMalformed, h.Length, maxMessage)
	}
	c.in = c.in[:0]
	for len(c.in) < h.Length {
		const step = 4 << 10
		at := len(c.in)
		c.in = append(c.in, make([]byte, min(h.Length-at, max(step, cap(c.in)-at)))...)
		if _, err := io.ReadFull(c.r, c.in[at:]); err != nil {
			return h, err
		}
	}
	return h, nil
}

// message answers the message in c.in.
func (c *conn) message() error {
	switch smbwire.ProtocolOf(c.in) {
	case smbwire.ProtocolSMB1:
		return c.message1(c.in)
	case smbwire.ProtocolSMB2:
		return c.message2(c.in)
	}
	return fmt.Errorf("%w: message begins with %.4q", smbwire.ErrMalformed, c.in)
}

// request is an SMB2 request, and what its answer depends on.
type request struct {
	smbwire.Header2
	msg     []byte // header and body
	session *session
	tree    *tree

	previous *request // the request before a related one in a compound, or nil

	// For the answer.
	status  Status
	signed  bool
	hasFile bool           // the request names or opens a file
	file    smbwire.FileID // that file
}

// message2 answers an SMB2 message, which may be a compound of several.
func (c *conn) message2(msg []byte) error {
	var previous *request
	for len(msg) > 0 {
		h, err := smbwire.ParseHeader2(msg)
		if err != nil {
			return err
		}
		n, err := h.NextOffset(len(msg))
		if err != nil {
			return err
		}
		if h.IsReply() {
			return fmt.Errorf("%w: reply from a client", smbwire.ErrMalformed)
		}
		r := &request{Header2: h, msg: msg[:n]}
		if h.IsRelated() && previous != nil {
			previous.previous = nil
			r.previous = previous
			r.SessionID, r.TreeID = previous.SessionID, previous.TreeID
		}
		if err := c.answer(r); err != nil {
			return err
		}
		previous, msg = r, msg[n:]
	}
	return nil
}

// answer answers a request.
func (c *conn) answer(r *request) error {
	if r.Command == smbwire.Command2Cancel { // no answer, and no request to cancel
		return nil
	}
	body, err := c.handle(r)
	if errors.Is(err, errHangUp) {
		return err
	}
	if err != nil {
		r.status = statusOf(err)
		body = smbwire.AppendErrorReply2(nil)
	}
	r.Credits = min(max(r.Credits, 1), maxCredits)
	h := r.Reply(smbwire.Status(r.status))
	if r.signed {
		h.Flags |= smbwire.Flags2Sign
	}
	c.out = smbwire.FrameHeader{Length: smbwire.Header2Size + len(body)}.Append(c.out[:0])
	c.out = append(h.Append(c.out), body...)
	reply := c.out[smbwire.FrameHeaderSize:]
	if r.signed {
		r.session.signer.Sign(reply)
	}
	if c.dialect == smbwire.Dialect311 {
		switch {
		case r.Command == smbwire.Command2Negotiate && r.status == statusSuccess:
			extend(&c.preauth, reply)
		case r.Command == smbwire.Command2SessionSetup && r.status == statusMoreProcessing:
			extend(&r.session.preauth, reply)
		}
	}
	_, err = c.nc.Write(c.out)
	return err
}

// extend adds a message to the hash of pre-authentication integrity.
func extend(hash *[sha512.Size]byte, msg []byte) {
	h := sha512.New()
	h.Write(hash[:])
	h.Write(msg)
	h.Sum(hash[:0])
}

// handle returns the body of the answer to a request. An error other than errHangUp is
// answered with its status.
func (c *conn) handle(r *request) ([]byte, error) {
	if r.IsRelated() && r.previous == nil { // it has no request to be related to
		return nil, statusInvalidParameter
	}
	if r.Command == smbwire.Command2Negotiate {
		return c.negotiate(r)
	}
	if c.dialect == 0 || r.Command > smbwire.Command2OplockBreak {
		return nil, errHangUp // MS-SMB2 3.3.5.2.2, 3.3.5.2.6
	}
	r.session = c.session(r.SessionID)
	if err := c.verify(r); err != nil {
		return nil, err
	}
	switch r.Command {
	case smbwire.Command2SessionSetup:
		return c.setUp(r)
	case smbwire.Command2Echo:
		return smbwire.AppendEmptyReply2(nil), nil
	}
	switch {
	case r.session == nil:
		return nil, statusUserSessionDeleted
	case r.Command == smbwire.Command2Logoff:
		c.end(r.session)
		return smbwire.AppendEmptyReply2(nil), nil
	case !r.session.valid:
		return nil, statusUnsupportedForNow
	case r.Command == smbwire.Command2TreeConnect:
		return c.treeConnect(r)
	}
	if r.tree = r.session.trees[r.TreeID]; r.tree == nil {
		return nil, statusNetworkNameDeleted
	}
	switch r.Command {
	case smbwire.Command2TreeDisconnect:
		c.disconnect(r.tree)
		return smbwire.AppendEmptyReply2(nil), nil
	case smbwire.Command2Ioctl:
		return c.ioctl(r)
	case smbwire.Command2Create:
		return c.create(r)
	case smbwire.Command2Close:
		return c.close(r)
	case smbwire.Command2Flush:
		return c.flush(r)
	case smbwire.Command2Read:
		return c.readFile(r)
	case smbwire.Command2Write:
		return c.writeFile(r)
	case smbwire.Command2QueryDirectory:
		return c.queryDirectory(r)
	case smbwire.Command2QueryInfo:
		return c.queryInfo(r)
	case smbwire.Command2SetInfo:
		return c.setInfo(r)
	}
	return nil, StatusNotSupported
}

// verify checks the signature of a request, and notes whether the answer has to be
// signed (MS-SMB2 3.3.5.2.4, 3.3.4.1.1).
func (c *conn) verify(r *request) error {
	if c.server.settings.Signing == SigningOff {
		return nil
	}
	if r.Flags&smbwire.Flags2Sign == 0 {
		if r.session != nil && r.session.signing {
			return StatusAccessDenied
		}
		return nil
	}
	switch {
	case r.session == nil:
		return statusUserSessionDeleted
	case r.session.signer == nil:
		return StatusNotSupported
	case !r.session.signer.Verify(r.msg):
		return StatusAccessDenied
	}
	r.signed = true
	return nil
}
