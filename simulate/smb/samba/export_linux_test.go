package samba

import "context"

// Ready waits for an smbd whose temporary directory is run.
func Ready(ctx context.Context, run string, ask func(context.Context) error) error {
	p := &process{run: run, ended: make(chan struct{})}
	return p.ready(ctx, ask)
}
