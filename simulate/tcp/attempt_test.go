package tcp_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

func TestConnectError(t *testing.T) {
	for _, tt := range []struct {
		err     *tcp.ConnectError
		text    string
		timeout bool
	}{
		{&tcp.ConnectError{Windows: xpSP2, After: 21 * time.Second, GivenUp: true, Err: os.NewSyscallError("connect", syscall.ETIMEDOUT)},
			fmt.Sprintf("tcp: Windows XP Professional SP2 gave up connecting after 21s: connect: %v", syscall.ETIMEDOUT), true},
		{&tcp.ConnectError{Windows: xpSP2, After: time.Second, Err: context.DeadlineExceeded},
			"tcp: no answer after 1s: context deadline exceeded", true},
		{&tcp.ConnectError{Windows: xpSP2, After: time.Second, Err: context.Canceled},
			"tcp: no answer after 1s: context canceled", false},
	} {
		var _ net.Error = tt.err
		assert.EqualError(t, tt.err, tt.text)
		assert.Equal(t, tt.timeout, tt.err.Timeout())
		assert.Equal(t, tt.timeout, tt.err.Temporary())
		assert.ErrorIs(t, tt.err, tcp.ErrConnecting)
		assert.NotErrorIs(t, tt.err, simulate.ErrLimit)
		assert.ErrorIs(t, tt.err, tt.err.Err)
	}
}
