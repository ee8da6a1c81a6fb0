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

// bufferSize is how many bytes of a frame a pipe can look at or hold at a time. A
// session setup with an NTLM log-on fits; the rest of a longer frame streams through.
const bufferSize = 8 << 10

// socketBuffer is the size of the socket buffers of a connection that stays
// on this machine.
const socketBuffer = 128 << 10

// keepShallow bounds the socket buffers of c if it is a TCP connection that stays on
// this machine. The system lets them grow to megabytes, which keeps a slow path busy.
// On loopback that only makes every byte leave the processor's caches before the other
// side reads it.
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

// errFrame is wrapped by the errors in what a peer sends. They end its connection.
var errFrame = errors.New("smb: SMB frame")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errFrame}, args...)...)
}

// pipe moves frames from src to dst. The bytes that need has returned and pass has
// passed stay in the buffer until the frame ends or the buffer is full. So a small
// frame costs one write, and can be replaced up to its end. The rest of a large frame
// goes from socket to socket.
type pipe struct {
	src, dst net.Conn
	r        *bufio.Reader
	stall    time.Duration // how long need waits for bytes

	pos    int  // bytes at the front of the buffer that have been passed and not written
	left   int  // bytes of the frame behind those
	broken bool // a part of the frame has been written to dst
}

func newPipe(src, dst net.Conn, stall time.Duration) *pipe {
	return &pipe{src: src, dst: dst, r: bufio.NewReaderSize(src, bufferSize), stall: stall}
}

// next waits for the next frame and returns its header. It waits for the first byte
// without a time limit.
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
		return nil, malformed("%d bytes left where %d are needed", p.left, n)
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

// pass marks the next n bytes of the frame as looked at, to be written to dst.
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
	// Between two TCP connections this is splice(2) on Linux.
	p.broken = true
	_, err := io.CopyN(p.dst, p.src, int64(n))
	return err
}

// flush writes the bytes that have been passed.
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

// finish passes the rest of the frame and writes it.
func (p *pipe) finish() error {
	if err := p.pass(p.left); err != nil {
		return err
	}
	return p.flush()
}

// replace drops the frame and writes b in its place. No part of the frame may have been
// written yet.
func (p *pipe) replace(b []byte) error {
	if p.broken {
		return malformed("cannot be replaced, as its beginning is sent")
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
