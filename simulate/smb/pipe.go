package smb

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// bufferSize is how much of a frame an pipe looks at or holds at a time. A
// session setup with an NTLM logon fits; anything longer streams through.
const bufferSize = 8 << 10

// socketBuffer is the size of the socket buffers of a connection that stays
// on this machine.
const socketBuffer = 128 << 10

// keepShallow bounds what lies in the socket buffers of c, if it is a TCP
// connection that stays on this machine. The system lets them grow to
// megabytes, which keeps a long way busy. Where there is no way it only has
// every byte leave the caches of the processor before the other side reads it.
func keepShallow(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	if peer, ok := tcp.RemoteAddr().(*net.TCPAddr); ok && peer.IP.IsLoopback() {
		tcp.SetReadBuffer(socketBuffer)
		tcp.SetWriteBuffer(socketBuffer)
	}
}

// errFrame is wrapped by the errors for which a peer loses its connection.
var errFrame = errors.New("smb: SMB frame")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errFrame}, args...)...)
}

// pipe moves frames from src to dst. What need has shown and pass has
// passed stays in the buffer until the frame ends or the buffer is full, so
// that a small frame costs one write and can still be replaced; the payload of
// a large one goes from socket to socket.
type pipe struct {
	src, dst net.Conn
	r        *bufio.Reader
	stall    time.Duration

	pos    int  // bytes at the front of the buffer that are to be passed on
	left   int  // bytes of the frame behind those
	broken bool // part of the frame is with dst already
}

func newPipe(src, dst net.Conn, stall time.Duration) *pipe {
	return &pipe{src: src, dst: dst, r: bufio.NewReaderSize(src, bufferSize), stall: stall}
}

// next waits for the next frame and returns its header. There is no bound on
// the wait for its first byte.
func (p *pipe) next() (smbwire.FrameHeader, error) {
	p.pos, p.left, p.broken = 0, smbwire.FrameHeaderSize, false
	if _, err := p.r.Peek(1); err != nil {
		return smbwire.FrameHeader{}, err
	}
	b, err := p.need(smbwire.FrameHeaderSize)
	if err != nil {
		return smbwire.FrameHeader{}, err
	}
	h, err := smbwire.ParseFrameHeader(b)
	if err != nil {
		return smbwire.FrameHeader{}, err
	}
	p.pos, p.left = smbwire.FrameHeaderSize, h.Length
	return h, nil
}

// need returns at least n of the bytes that come next in the frame, and
// further ones of the frame that have arrived. It waits for them, but not
// longer than the stall time. n is at most bufferSize.
func (p *pipe) need(n int) ([]byte, error) {
	if n > p.left {
		return nil, malformed("%d bytes where %d are needed", p.left, n)
	}
	if p.pos+n > bufferSize {
		if err := p.flush(); err != nil {
			return nil, err
		}
	}
	if err := p.fill(p.pos + n); err != nil {
		return nil, err
	}
	b, _ := p.r.Peek(min(p.pos+p.left, p.r.Buffered()))
	return b[p.pos:], nil
}

// fill waits until the buffer holds n bytes.
func (p *pipe) fill(n int) error {
	if p.r.Buffered() >= n {
		return nil
	}
	p.src.SetReadDeadline(time.Now().Add(p.stall))
	_, err := p.r.Peek(n)
	p.src.SetReadDeadline(time.Time{})
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// pass marks the next n bytes of the frame as seen.
func (p *pipe) pass(n int) error {
	p.left -= n
	if p.pos+n <= bufferSize {
		if err := p.fill(p.pos + n); err != nil {
			return err
		}
		p.pos += n
		return nil
	}
	buffered := min(n, p.r.Buffered()-p.pos)
	p.pos += buffered
	if err := p.flush(); err != nil {
		return err
	}
	if n -= buffered; n == 0 {
		return nil
	}
	// Between two TCP connections this is splice(2) where there is one.
	p.broken = true
	_, err := io.CopyN(p.dst, p.src, int64(n))
	return err
}

// flush writes what has been passed.
func (p *pipe) flush() error {
	if p.pos == 0 {
		return nil
	}
	b, err := p.r.Peek(p.pos)
	if err != nil {
		return err
	}
	p.broken = true
	_, err = p.dst.Write(b)
	p.r.Discard(p.pos)
	p.pos = 0
	return err
}

// finish passes the rest of the frame on.
func (p *pipe) finish() error {
	if err := p.pass(p.left); err != nil {
		return err
	}
	return p.flush()
}

// replace writes b in the place of the frame, of which nothing may have been
// written.
func (p *pipe) replace(b []byte) error {
	if p.broken {
		return malformed("replaced after its beginning was sent")
	}
	p.r.Discard(p.pos)
	p.pos = 0
	for p.left > 0 {
		n, err := p.r.Discard(min(p.left, bufferSize))
		p.left -= n
		if err != nil {
			return err
		}
	}
	if len(b) == 0 {
		return nil
	}
	_, err := p.dst.Write(b)
	return err
}
