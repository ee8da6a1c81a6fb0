package simulate

import (
	"context"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestConnectError(t *testing.T) {
	for _, tt := range []struct {
		err     *ConnectError
		text    string
		timeout bool
	}{
		{&ConnectError{Windows: xpSP2, After: 21 * time.Second, GivenUp: true, Err: os.NewSyscallError("connect", syscall.ETIMEDOUT)},
			fmt.Sprintf("simulate: Windows XP Professional SP2 gave up connecting after 21s: connect: %v", syscall.ETIMEDOUT), true},
		{&ConnectError{Windows: xpSP2, After: time.Second, Err: context.DeadlineExceeded},
			"simulate: connecting for 1s: context deadline exceeded", true},
		{&ConnectError{Windows: xpSP2, After: time.Second, Err: context.Canceled},
			"simulate: connecting for 1s: context canceled", false},
	} {
		var _ net.Error = tt.err
		assert.EqualError(t, tt.err, tt.text)
		assert.Equal(t, tt.timeout, tt.err.Timeout())
		assert.Equal(t, tt.timeout, tt.err.Temporary())
		assert.ErrorIs(t, tt.err, ErrConnecting)
		assert.NotErrorIs(t, tt.err, ErrLimit)
		assert.ErrorIs(t, tt.err, tt.err.Err)
	}
}
