package interop

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/cloudsoda/go-smb2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
)

// A pool of sessions copes with a server that takes no more.
func TestPoolCopesWithFullWindows11(t *testing.T) {
	host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
	files := simtest.NewFileServer(t, host, nil)
	pool, full := newPool(t, files.Loopback()), make(chan struct{})
	var jobs errgroup.Group
	for range 21 {
		jobs.Go(func() error { return pool.Do(func(s *smb2.Session) error { <-full; return s.Echo() }) })
	}
	simtest.WaitRefused(t, files.Gate, 1)
	close(full)
	require.NoError(t, jobs.Wait())
}

// pool is a pool of SMB sessions, as the program under test would have one. It
// opens a session where none is idle. If the server takes no more, it waits for
// one to come back.
type pool struct {
	dial func() (*smb2.Session, error)
	idle chan *smb2.Session
}

func newPool(t testing.TB, addr string) *pool {
	p := &pool{idle: make(chan *smb2.Session, 100)}
	p.dial = func() (*smb2.Session, error) {
		d := &smb2.Dialer{Initiator: &smb2.NTLMInitiator{User: "alice", Password: "secret"}}
		return d.Dial(context.Background(), addr)
	}
	t.Cleanup(func() {
		close(p.idle)
		var wg sync.WaitGroup
		for s := range p.idle {
			wg.Go(func() { assert.NoError(t, s.Logoff()) })
		}
		wg.Wait()
	})
	return p
}

// Do calls job with a session.
func (p *pool) Do(job func(*smb2.Session) error) error {
	var s *smb2.Session
	select {
	case s = <-p.idle:
	default:
		var err error
		s, err = p.dial()
		if errors.Is(err, smb2.ErrRequestNotAccepted) {
			s, err = <-p.idle, nil
		}
		if err != nil {
			return err
		}
	}
	defer func() { p.idle <- s }()
	return job(s)
}
