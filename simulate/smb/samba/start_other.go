//go:build !linux

package samba

import (
	"context"
	"errors"
)

// process is none: Start has failed before.
type process struct{ ended chan struct{} }

func (s *Server) start(context.Context) error { return errors.ErrUnsupported }

func (p *process) close() error { return nil }
