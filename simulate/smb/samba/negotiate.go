package samba

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// negotiate sends a NEGOTIATE to the server at addr, and returns nil if the answer is
// SMB. The request offers SMB1 and SMB2, so that a server of any dialect answers.
func negotiate(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	msg := smbwire.Header1{Command: smbwire.Command1Negotiate}.Append(nil)
	var dialects []byte
	for _, d := range []string{"NT LM 0.12", "SMB 2.002", smbwire.Dialect1SMB2} {
		dialects = append(append(append(dialects, 2), d...), 0)
	}
	msg = append(msg, 0, byte(len(dialects)), 0) // WordCount 0, then ByteCount
	msg = append(msg, dialects...)
	frame := smbwire.FrameHeader{Type: smbwire.FrameMessage, Length: len(msg)}
	if _, err := conn.Write(append(frame.Append(nil), msg...)); err != nil {
		return err
	}
	var answer [smbwire.FrameHeaderSize + 4]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return fmt.Errorf("no answer to a NEGOTIATE: %w", errors.Join(err, ctx.Err()))
	}
	if smbwire.ProtocolOf(answer[smbwire.FrameHeaderSize:]) == smbwire.ProtocolUnknown {
		return fmt.Errorf("the answer % x is not SMB", answer)
	}
	return nil
}
