package smb

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// frame puts a header in front of a message.
func frame(msg []byte) []byte {
	return append(smbwire.FrameHeader{Length: len(msg)}.Append(nil), msg...)
}

// streamConn is a connection that reads from r and writes to w.
type streamConn struct {
	net.Conn
	r io.Reader
	w io.Writer
}

func (c streamConn) Read(b []byte) (int, error)      { return c.r.Read(b) }
func (c streamConn) Write(b []byte) (int, error)     { return c.w.Write(b) }
func (c streamConn) SetReadDeadline(time.Time) error { return nil }

// TestPipeChangesNothing: the bytes that come out are those that went in, for all sizes of
// frames and reads, and in whatever parts a frame is looked at.
func TestPipeChangesNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var in bytes.Buffer
	sizes := []int{0, 1, 4, 63, 64, bufferSize - 5, bufferSize - 4, bufferSize - 3, bufferSize, bufferSize + 1, 2 * bufferSize, 1 << 20}
	for range 50 {
		sizes = append(sizes, rnd.IntN(3*bufferSize))
	}
	for _, n := range sizes {
		msg := make([]byte, n)
		for i := range msg {
			msg[i] = byte(rnd.Uint32())
		}
		in.Write(frame(msg))
	}
	for name, reader := range map[string]func(io.Reader) io.Reader{
		"whole":          func(r io.Reader) io.Reader { return r },
		"half":           iotest.HalfReader,
		"byte by byte":   iotest.OneByteReader,
		"data and error": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := newPipe(streamConn{r: reader(bytes.NewReader(in.Bytes()))}, streamConn{w: &out}, time.Second)
			for _, n := range sizes {
				h, err := p.next()
				require.NoError(t, err)
				require.Equal(t, n, h.Length)
				for p.left > 0 && rnd.IntN(4) > 0 {
					step := 1 + rnd.IntN(min(p.left, bufferSize-smbwire.FrameHeaderSize))
					b, err := p.need(step)
					require.NoError(t, err)
					require.GreaterOrEqual(t, len(b), step)
					require.NoError(t, p.pass(step))
				}
				require.NoError(t, p.finish())
			}
			_, err := p.next()
			require.ErrorIs(t, err, io.EOF)
			require.True(t, bytes.Equal(in.Bytes(), out.Bytes()))
		})
	}
}

func TestPipeReplaces(t *testing.T) {
	var in, out bytes.Buffer
	in.Write(frame(make([]byte, 3*bufferSize)))
	in.Write(frame([]byte("next")))
	p := newPipe(streamConn{r: &in}, streamConn{w: &out}, time.Second)
	_, err := p.next()
	require.NoError(t, err)
	_, err = p.need(64)
	require.NoError(t, err)
	require.NoError(t, p.pass(64))
	require.NoError(t, p.replace([]byte("instead")))
	_, err = p.next()
	require.NoError(t, err)
	require.NoError(t, p.finish())
	assert.Equal(t, "instead\x00\x00\x00\x04next", out.String())
}

func TestPipeErrors(t *testing.T) {
	open := func(s string) *pipe {
		return newPipe(streamConn{r: bytes.NewReader([]byte(s))}, streamConn{w: io.Discard}, time.Second)
	}
	_, err := open("").next()
	assert.ErrorIs(t, err, io.EOF, "between frames")
	_, err = open("\x00\x00\x00").next()
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "in a frame header")
	_, err = open("GET / HTTP/1.1\r\n\r\n").next()
	assert.ErrorIs(t, err, smbwire.ErrMalformed)

	p := open("\x00\x00\x00\x04ab")
	_, err = p.next()
	require.NoError(t, err)
	_, err = p.need(5)
	assert.ErrorIs(t, err, errFrame, "longer than the frame")
	_, err = p.need(4)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "in a message")

	p = open(string(frame(make([]byte, 2*bufferSize))))
	_, err = p.next()
	require.NoError(t, err)
	require.NoError(t, p.pass(bufferSize))
	assert.ErrorIs(t, p.replace(nil), errFrame, "its beginning is gone")
}

// zeros reads as zeros for ever.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// TestPipeHoldsNoFrame: the largest frame takes no more memory than a buffer.
func TestPipeHoldsNoFrame(t *testing.T) {
	header := smbwire.FrameHeader{Length: smbwire.MaxFrameLength}.Append(nil)
	src := io.MultiReader(bytes.NewReader(header), io.LimitReader(zeros{}, smbwire.MaxFrameLength))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p := newPipe(streamConn{r: src}, streamConn{w: io.Discard}, time.Second)
	h, err := p.next()
	require.NoError(t, err)
	assert.Equal(t, smbwire.MaxFrameLength, h.Length)
	_, err = p.need(smbwire.Header2Size)
	require.NoError(t, err)
	require.NoError(t, p.finish())
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	_, err = p.next()
	assert.ErrorIs(t, err, io.EOF)
}
