//go:build !unix

package tcp

import "net"

// watchSocket watches no socket: what is read to notice a reset is not there to
// be read again.
func watchSocket(net.Conn, func()) *resetWatch { return nil }
