package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// The replies of SOCKS5 (RFC 1928, 6).
const (
	socksSucceeded          = 0
	socksFailure            = 1
	socksNetworkUnreachable = 3
	socksHostUnreachable    = 4
	socksRefused            = 5
	socksTTLExpired         = 6
	socksBadCommand         = 7
	socksBadAddress         = 8
)

// socksError is a request that is refused with a reply.
type socksError struct {
	reply byte
	err   error
}

func (e *socksError) Error() string { return "socks5: " + e.err.Error() }

// readSOCKS5 reads the greeting and the request of a client and returns the address
// that it wants to connect to. It writes the choice of no authentication, and reads
// nothing beyond the request. The caller answers a *socksError.
func readSOCKS5(rw io.ReadWriter) (address string, err error) {
	var buf [256]byte
	read := func(n int) []byte {
		if err == nil {
			_, err = io.ReadFull(rw, buf[:n])
		}
		return buf[:n]
	}
	head := read(2)
	if err != nil {
		return "", err
	}
	if head[0] != 5 {
		return "", fmt.Errorf("socks5: version %d: want 5", head[0])
	}
	const none, noneAcceptable = 0, 0xff
	choice := byte(noneAcceptable)
	for _, method := range read(int(head[1])) {
		if method == none {
			choice = none
		}
	}
	if err != nil {
		return "", err
	}
	if _, err := rw.Write([]byte{5, choice}); err != nil {
		return "", err
	}
	if choice != none {
		return "", errors.New("socks5: the client wants to authenticate: want method 0, none")
	}
	request := read(4)
	if err != nil {
		return "", err
	}
	version, command, kind := request[0], request[1], request[3]
	if version != 5 {
		return "", fmt.Errorf("socks5: version %d of the request: want 5", version)
	}
	var host string
	switch kind {
	case 1:
		host = net.IP(read(net.IPv4len)).String()
	case 4:
		host = net.IP(read(net.IPv6len)).String()
	case 3:
		host = string(read(int(read(1)[0])))
	default:
		return "", &socksError{socksBadAddress, fmt.Errorf("address type %d: want 1, 3 or 4", kind)}
	}
	port := read(2)
	switch {
	case err != nil:
		return "", err
	case command != 1:
		return "", &socksError{socksBadCommand, fmt.Errorf("command %d: want 1, CONNECT", command)}
	case host == "":
		return "", &socksError{socksBadAddress, errors.New("an empty name: want a host")}
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1]))), nil
}

// socksReply returns the reply about a dial. The address in it is 0.0.0.0:0, since
// clients do not use the address in the reply to CONNECT.
func socksReply(err error) []byte {
	reply := byte(socksSucceeded)
	var refused *socksError
	switch {
	case err == nil:
	case errors.As(err, &refused):
		reply = refused.reply
	case isOutOfPorts(err):
		reply = socksFailure
	case errors.Is(err, simulate.ErrLimit):
		reply = socksTTLExpired // the dial timed out in the queue
	case errors.Is(err, tcp.ErrConnecting):
		reply = socksHostUnreachable
	case errors.Is(err, syscall.ECONNREFUSED):
		reply = socksRefused
	case errors.Is(err, syscall.ENETUNREACH):
		reply = socksNetworkUnreachable
	case errors.Is(err, syscall.EHOSTUNREACH):
		reply = socksHostUnreachable
	default:
		reply = socksFailure
	}
	return []byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0}
}

// isOutOfPorts reports whether a dial found no local port free.
func isOutOfPorts(err error) bool {
	return errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EADDRINUSE)
}
