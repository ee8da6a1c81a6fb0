//go:build !linux

package samba

import (
	"context"
	"errors"
)

// process stands for the supervisor, which only Linux has: Start fails elsewhere.
type process struct{ ended chan struct{} }

func (s *Server) start(context.Context) error { return errors.ErrUnsupported }

func (p *process) close() error { return nil }
