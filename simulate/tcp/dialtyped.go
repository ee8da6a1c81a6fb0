package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// DialTCP connects to an address in one attempt, as net.Dialer.DialTCP of Go 1.26
// does. network is tcp, tcp4 or tcp6. laddr is the local address, in place of
// LocalAddr; the zero AddrPort leaves it to the system. A raddr without an address
// is the local system.
//
// If the settings have a Connect function, it must return a *net.TCPConn. With
// CountPorts DialTCP fails, since a *net.TCPConn does not tell when it is closed.
func (d *Dialer) DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*net.TCPConn, error) {
	if d.gate == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errZeroDialer}
	}
	if d.ports != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("tcp: DialTCP cannot count ports, since it does not see a *net.TCPConn close; use DialContext")}
	}
	with := d.attempt
	with.LocalAddr = nil
	if laddr.Addr().IsValid() || laddr.Port() != 0 {
		with.LocalAddr = net.TCPAddrFromAddrPort(laddr)
	}
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, &net.OpError{
			Op: "dial", Net: network, Source: with.LocalAddr, Addr: net.TCPAddrFromAddrPort(raddr), Err: net.UnknownNetworkError(network),
		}
	}
	if !raddr.Addr().IsValid() {
		local := netip.IPv4Unspecified()
		if network == "tcp6" || laddr.Addr().Is6() {
			local = netip.IPv6Unspecified()
		}
		raddr = netip.AddrPortFrom(local, raddr.Port())
	}
	if ctx, cancel := d.callerClock(ctx); cancel != nil {
		defer cancel()
		return asTCP(d.dialAddr(ctx, &with, network, raddr.String(), raddr))
	}
	return asTCP(d.dialAddr(ctx, &with, network, raddr.String(), raddr))
}

func asTCP(conn net.Conn, err error) (*net.TCPConn, error) {
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		conn.Close()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("tcp: Connect returned a %T; DialTCP wants a *net.TCPConn", conn)}
	}
	return tcp, nil
}

// DialUDP is net.Dialer.DialUDP of Go 1.26. It meets no limit.
func (d *Dialer) DialUDP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*net.UDPConn, error) {
	var local net.Addr
	if laddr.Addr().IsValid() || laddr.Port() != 0 {
		local = net.UDPAddrFromAddrPort(laddr)
	}
	address := raddr.String()
	if !raddr.Addr().IsValid() {
		address = fmt.Sprintf(":%d", raddr.Port())
	}
	return dialOther[*net.UDPConn](ctx, d, network, network, []string{"udp", "udp4", "udp6"}, local, address)
}

// DialIP is net.Dialer.DialIP of Go 1.26. It meets no limit.
func (d *Dialer) DialIP(ctx context.Context, network string, laddr, raddr netip.Addr) (*net.IPConn, error) {
	var local net.Addr
	if laddr.IsValid() {
		local = &net.IPAddr{IP: laddr.AsSlice(), Zone: laddr.Zone()}
	}
	address := ""
	if raddr.IsValid() {
		address = raddr.String()
	}
	family, _, _ := strings.Cut(network, ":") // from the protocol
	return dialOther[*net.IPConn](ctx, d, network, family, []string{"ip", "ip4", "ip6"}, local, address)
}

// DialUnix is net.Dialer.DialUnix of Go 1.26. It meets no limit.
func (d *Dialer) DialUnix(ctx context.Context, network string, laddr, raddr *net.UnixAddr) (*net.UnixConn, error) {
	var local net.Addr
	if laddr != nil {
		local = laddr
	}
	address := ""
	if raddr != nil {
		address = raddr.Name
	}
	return dialOther[*net.UnixConn](ctx, d, network, network, []string{"unix", "unixgram", "unixpacket"}, local, address)
}

// dialOther dials what is not TCP. network is the whole name, of which family is
// the part that says what connection it gives.
func dialOther[C net.Conn](ctx context.Context, d *Dialer, network, family string, families []string, local net.Addr, address string) (C, error) {
	var none C
	if !slices.Contains(families, family) {
		return none, &net.OpError{Op: "dial", Net: network, Source: local, Err: net.UnknownNetworkError(network)}
	}
	with := d.caller.Net
	with.LocalAddr = local
	conn, err := with.DialContext(ctx, network, address)
	if err != nil {
		return none, err
	}
	return conn.(C), nil
}
