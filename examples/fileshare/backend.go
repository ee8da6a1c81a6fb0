package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
	"github.com/winlimits/winlimits/simulate/smb/samba"
)

// backend is the file server behind the limit.
type backend struct {
	what   string // what it shares
	access string // with which account; empty if the user knows
	dial   smb.Dial
	done   <-chan struct{} // closed when it ends by itself
	close  func() error
}

// newBackend returns the file server that the flags ask for.
func newBackend(ctx context.Context, dir, upstream string, stderr io.Writer) (backend, error) {
	switch {
	case dir != "":
		server, err := samba.Start(ctx, &samba.Settings{Dir: dir})
		if err != nil {
			return backend{}, fmt.Errorf("-dir %s: %w", dir, err)
		}
		return backend{
			what:   server.Dir(),
			access: access(server.Share(), server.User(), server.Password()),
			dial:   server.Dial, done: server.Done(), close: server.Close,
		}, nil
	case upstream != "":
		dial := smb.Backend(upstream)
		if err := reach(ctx, dial); err != nil {
			fmt.Fprintf(stderr, "fileshare: no file server answers at %s, and clients are disconnected until one does: %v\n", upstream, err)
		}
		return backend{what: upstream, dial: dial, close: func() error { return nil }}, nil
	}
	user, password := "alice", rand.Text()
	server, err := fileserver.New(&fileserver.Settings{Accounts: map[string]string{user: password}})
	if err != nil {
		return backend{}, err
	}
	return backend{
		what:   "a directory in memory",
		access: access(fileserver.DefaultShare, user, password),
		dial:   server.Dial, close: server.Close,
	}, nil
}

// access says with which account a client gets to a share.
func access(share, user, password string) string {
	return fmt.Sprintf("share %s, user %s, password %s", share, user, password)
}

// reach returns an error if nothing listens at the backend.
func reach(ctx context.Context, dial smb.Dial) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := dial(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}
