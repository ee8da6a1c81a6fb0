package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
	"github.com/winlimits/winlimits/simulate/smb/samba"
)

// shareSpace is how many bytes the share of a file server in memory can hold.
const shareSpace = 32 << 20

// files is a front of kind smb: the session limit in front of a file server.
type files struct {
	front *front
	proxy *smb.Proxy
	dial  smb.Dial
	end   func() error
	ended <-chan struct{} // closed when the file server ends by itself; may be nil
}

func newFiles(ctx context.Context, f *front) (server, error) {
	if err := f.needs(limits.SMB); err != nil {
		return nil, err
	}
	s := &files{front: f}
	if err := s.startServer(ctx); err != nil {
		return nil, err
	}
	var err error
	s.proxy, err = smb.NewProxy(f.machine.host, s.dial, &smb.Settings{
		Count: f.config.Count, RefuseFirst: f.config.Refuse == "first",
	})
	if err != nil {
		return nil, errors.Join(err, s.end())
	}
	return s, nil
}

// startServer starts the file server behind the front.
func (s *files) startServer(ctx context.Context) error {
	c := &s.front.config
	switch {
	case c.Upstream != "":
		s.dial, s.end = smb.Backend(c.Upstream), func() error { return nil }
	case c.Dir != "":
		return s.startSamba(ctx)
	default:
		server, err := fileserver.New(&fileserver.Settings{
			Accounts: c.Accounts,
			Shares:   map[string]fs.FS{fileserver.DefaultShare: &fileserver.Memory{Max: shareSpace}},
		})
		if err != nil {
			return fmt.Errorf("accounts: %w", err)
		}
		s.dial, s.end = server.Dial, server.Close
	}
	return nil
}

// startSamba starts a smbd. All its accounts have the same password.
func (s *files) startSamba(ctx context.Context) error {
	c := &s.front.config
	settings := &samba.Settings{Dir: c.Dir}
	if c.Accounts == nil {
		settings.Config = "map to guest = bad user\n[share]\nguest ok = yes\n"
	}
	for i, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		if i > 0 && c.Accounts[name] != settings.Password {
			return fmt.Errorf("accounts of dir %.100q: want the same password for all", c.Dir)
		}
		if strings.ContainsAny(c.Accounts[name], "\r\n") || c.Accounts[name] == "" {
			return fmt.Errorf("accounts of dir %.100q: password of %.40q: want one line that is not empty", c.Dir, name)
		}
		settings.Users, settings.Password = append(settings.Users, name), c.Accounts[name]
	}
	server, err := samba.Start(ctx, settings)
	if err != nil {
		return fmt.Errorf("dir %.100q: %w", c.Dir, err)
	}
	s.dial, s.end, s.ended = server.Dial, server.Close, server.Done()
	return nil
}

func (s *files) serve(ln net.Listener) error {
	s.front.serving.Go(func() {
		select {
		case <-s.ended:
			if s.front.ctx.Err() == nil {
				s.front.machine.logger().Error("smbd has ended", "front", s.front.address)
			}
		case <-s.front.ctx.Done():
		}
	})
	return s.proxy.Serve(ln)
}

func (s *files) close() error { return errors.Join(s.proxy.Close(), s.end()) }

// opens returns how many sessions and open files the front has.
func (s *files) opens() (sessions, opens int) {
	for _, session := range s.proxy.Sessions() {
		sessions++
		opens += session.Opens
	}
	return sessions, opens
}
