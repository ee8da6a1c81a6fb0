//go:build !linux

package main

import (
	"context"
	"net"
)

// silence returns an address at which nothing answers. Only on Linux does a full
// backlog make one, so connect stands in for it: it waits until its context ends.
func silence() (address string, connect dialFunc, closeAll func(), err error) {
	const silent = "127.0.0.1:1"
	dialer := new(net.Dialer)
	connect = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == silent {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return dialer.DialContext(ctx, network, address)
	}
	return silent, connect, func() {}, nil
}
