//go:build linux

package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/samba"
)

// smbPassword is the password of alice and bob on every smbd.
const smbPassword = "Passw0rd"

// smbd is a real file server with the shares share1 to shareN, each writable by
// alice and bob and readable anonymously.
type smbd struct {
	addr string // on loopback
	dir  string
	conf string // of a client or smbtorture, without the server's interfaces
}

// share returns the directory of share n.
func (s *smbd) share(n int) string { return filepath.Join(s.dir, shareName(n)) }

// shareName returns the name of share n.
func shareName(n int) string { return fmt.Sprintf("share%d", n) }

// startSMBD starts a smbd with n shares. options are further lines of its global
// section.
func startSMBD(t testing.TB, n int, options ...string) *smbd {
	t.Helper()
	s := &smbd{dir: t.TempDir()}
	s.conf = filepath.Join(s.dir, "client.conf")
	client := "[global]\nnetbios name = CLIENT\nclient min protocol = NT1\n"
	for _, option := range []string{"state directory", "lock directory", "cache directory", "private dir"} {
		sub := filepath.Join(s.dir, strings.Fields(option)[0])
		require.NoError(t, os.Mkdir(sub, 0o700))
		client += option + " = " + sub + "\n"
	}
	require.NoError(t, os.WriteFile(s.conf, []byte(client), 0o600))

	config := strings.Join(options, "\n") + "\n"
	for i := range n {
		path := s.share(i + 1)
		require.NoError(t, os.Mkdir(path, 0o700))
		config += fmt.Sprintf("[%s]\npath = %s\nread only = no\nguest ok = yes\n", shareName(i+1), path)
	}
	server, err := samba.Start(t.Context(), &samba.Settings{
		Dir: s.share(1), Share: shareName(1), Users: []string{"alice", "bob"}, Password: smbPassword, Config: config,
	})
	if errors.Is(err, samba.ErrNotInstalled) {
		missing(t, err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	s.addr = server.Addr()
	return s
}

// smbFront is an SMB proxy in front of a smbd.
type smbFront struct {
	*smb.Proxy
	host *simulate.Host
	gate *simulate.Gate
	addr string
}

// front starts the proxy of a machine that runs w. It listens on ln, or on loopback if
// that is nil. n is the limit unless it is negative.
func (s *smbd) front(t testing.TB, w limits.Windows, n int, settings *smb.Settings, ln net.Listener) *smbFront {
	t.Helper()
	var hostSettings simulate.Settings
	if n >= 0 {
		hostSettings.Limits = map[limits.Service]int{limits.SMB: n}
	}
	host, err := simulate.New(w, &hostSettings)
	require.NoError(t, err)
	proxy, err := smb.NewProxy(host, smb.Backend(s.addr), settings)
	require.NoError(t, err)
	gate, err := host.Gate(limits.SMB)
	require.NoError(t, err)
	if ln == nil {
		ln, err = net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
	}
	served := make(chan error, 1)
	go func() { served <- proxy.Serve(ln) }()
	t.Cleanup(func() {
		proxy.Close()
		require.ErrorIs(t, <-served, net.ErrClosed)
		require.Zero(t, gate.Stats().Held)
	})
	return &smbFront{Proxy: proxy, host: host, gate: gate, addr: ln.Addr().String()}
}

// waitHeld waits until n slots are held.
func (f *smbFront) waitHeld(t testing.TB, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, f.gate.WaitHeld(ctx, n))
}

// smbNetwork is a network of its own: a switch with one server and n clients,
// each in its own namespace with its own address.
type smbNetwork struct {
	prefix  string
	clients []string // namespaces
}

const smbServerIP = "10.99.0.1"

// newSMBNetwork makes a network and removes it when the test ends.
func newSMBNetwork(t testing.TB, n int) *smbNetwork {
	t.Helper()
	ip := peer(t, "ip", "iproute2")
	if os.Getuid() != 0 {
		missing(t, "network namespaces need root: run the tests as root")
	}
	net := &smbNetwork{prefix: fmt.Sprintf("winlimits%d", os.Getpid())}
	server := net.prefix + "s"
	batch := func(namespace string, lines ...string) error {
		args := []string{"-batch", "-"}
		if namespace != "" {
			args = append([]string{"-n", namespace}, args...)
		}
		cmd := exec.Command(ip, args...)
		cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %w: %s", args, err, out)
		}
		return nil
	}
	if err := batch("", "netns add "+server); err != nil {
		missing(t, "network namespaces do not work here: "+err.Error())
	}
	t.Cleanup(func() { exec.Command(ip, "netns", "delete", server).Run() })
	require.NoError(t, batch(server,
		"link set lo up", "link add br0 type bridge", "link set br0 up", "address add "+smbServerIP+"/16 dev br0"))
	for i := range n {
		client := fmt.Sprintf("%sc%d", net.prefix, i+1)
		net.clients = append(net.clients, client)
		require.NoError(t, batch("", "netns add "+client))
		t.Cleanup(func() { exec.Command(ip, "netns", "delete", client).Run() })
		port := fmt.Sprintf("p%d", i+1)
		require.NoError(t, batch(server,
			fmt.Sprintf("link add %s type veth peer name eth0 netns %s", port, client),
			fmt.Sprintf("link set %s master br0 up", port)))
		require.NoError(t, batch(client,
			"link set lo up", fmt.Sprintf("address add 10.99.1.%d/16 dev eth0", i+1), "link set eth0 up"))
	}
	return net
}

// listen listens on the server's address.
func (n *smbNetwork) listen(t testing.TB, port int) net.Listener {
	t.Helper()
	type result struct {
		ln  net.Listener
		err error
	}
	done := make(chan result)
	go func() {
		// The thread stays locked, and ends with the goroutine.
		runtime.LockOSThread()
		ln, err := func() (net.Listener, error) {
			f, err := os.Open("/run/netns/" + n.prefix + "s")
			if err != nil {
				return nil, err
			}
			defer f.Close()
			if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
				return nil, err
			}
			return net.Listen("tcp", fmt.Sprintf("%s:%d", smbServerIP, port))
		}()
		done <- result{ln, err}
	}()
	r := <-done
	require.NoError(t, r.err)
	return r.ln
}

// smbclient is one run of the program smbclient.
type smbclient struct {
	namespace string // empty: that of the test
	conf      string
	addr      string
	share     string // empty: share1
	dialect   string
	user      string // empty: anonymous
	password  string // empty: the right one
	args      []string
}

func (c smbclient) command(t testing.TB, more ...string) *exec.Cmd {
	t.Helper()
	program := peer(t, "smbclient", "smbclient")
	host, port, err := net.SplitHostPort(c.addr)
	require.NoError(t, err)
	share := c.share
	if share == "" {
		share = shareName(1)
	}
	args := []string{program, "-s", c.conf, "//" + host + "/" + share, "-p", port}
	if c.dialect != "" {
		args = append(args, "-m", c.dialect)
	}
	switch {
	case c.user == "":
		args = append(args, "-N", "-U", "%")
	case c.password == "":
		args = append(args, "-U", c.user+"%"+smbPassword)
	default:
		args = append(args, "-U", c.user+"%"+c.password)
	}
	args = append(append(args, c.args...), more...)
	if c.namespace != "" {
		args = append([]string{peer(t, "ip", "iproute2"), "netns", "exec", c.namespace}, args...)
	}
	return exec.Command(args[0], args[1:]...)
}

// run runs commands and returns what was printed and the exit code.
func (c smbclient) run(t testing.TB, commands string) (string, int) {
	t.Helper()
	out, err := c.command(t, "-c", commands).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(out), 0
	case errors.As(err, &exit):
		return string(out), exit.ExitCode()
	}
	require.NoError(t, err)
	return "", 0
}

// refused checks that the client is refused as a full machine refuses it.
func (c smbclient) refused(t testing.TB) {
	t.Helper()
	out, code := c.run(t, "ls")
	require.Contains(t, out, "session setup failed: NT_STATUS_REQUEST_NOT_ACCEPTED")
	require.Equal(t, 1, code)
}

// admitted checks that the client gets in, and out again.
func (c smbclient) admitted(t testing.TB) {
	t.Helper()
	out, code := c.run(t, "ls")
	require.Contains(t, out, "blocks available")
	require.Zero(t, code, "%s", out)
}

// holder is a smbclient that stays connected.
type holder struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	once   sync.Once
}

// hold starts a client that stays connected.
func (c smbclient) hold(t testing.TB) *holder {
	t.Helper()
	cmd := c.command(t)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	h := &holder{t: t, cmd: cmd, stdin: stdin, stdout: bufio.NewReader(stdout)}
	require.NoError(t, cmd.Start())
	t.Cleanup(h.leave)
	_, err = io.WriteString(stdin, "!echo connected\n")
	require.NoError(t, err)
	return h
}

// connected waits until the client is connected.
func (h *holder) connected() {
	h.t.Helper()
	line, err := h.stdout.ReadString('\n')
	require.NoError(h.t, err)
	require.Equal(h.t, "connected\n", line)
}

// leave ends the client as its user would.
func (h *holder) leave() {
	h.once.Do(func() {
		h.stdin.Close()
		h.cmd.Wait()
	})
}

// kill ends the client with SIGKILL.
func (h *holder) kill() {
	h.once.Do(func() {
		h.cmd.Process.Kill()
		h.stdin.Close()
		h.cmd.Wait()
	})
}

// recording is what passed through a relay, in order.
type recording struct {
	mu     sync.Mutex
	chunks []chunk
}

type chunk struct {
	fromServer bool
	data       []byte
}

// record starts a relay to addr on loopback that notes what passes.
func record(t testing.TB, addr string) (string, *recording) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &recording{}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", addr)
			if err != nil {
				client.Close()
				continue
			}
			move := func(dst, src net.Conn, fromServer bool) {
				b := make([]byte, 64<<10)
				for {
					n, err := src.Read(b)
					if err != nil {
						dst.Close()
						src.Close()
						return
					}
					r.mu.Lock()
					r.chunks = append(r.chunks, chunk{fromServer, bytes.Clone(b[:n])})
					r.mu.Unlock()
					dst.Write(b[:n])
				}
			}
			wg.Go(func() { move(server, client, false) })
			wg.Go(func() { move(client, server, true) })
		}
	})
	return ln.Addr().String(), r
}

// pcap writes the recording as a capture of one TCP connection to port 445.
func (r *recording) pcap(t testing.TB, path string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	le, be := binary.LittleEndian, binary.BigEndian
	const linkRawIP = 101
	file := le.AppendUint32(nil, 0xa1b2c3d4)
	file = append(file, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	file = le.AppendUint32(file, 1<<18)
	file = le.AppendUint32(file, linkRawIP)
	var seq [2]uint32
	packet := 0
	add := func(fromServer bool, flags byte, data []byte) {
		from, to, ports := 0, 1, []uint16{49152, 445}
		if fromServer {
			from, to, ports = 1, 0, []uint16{445, 49152}
		}
		ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 99, byte(from), 1, 10, 99, byte(to), 1}
		be.PutUint16(ip[2:], uint16(40+len(data)))
		tcp := be.AppendUint16(be.AppendUint16(nil, ports[0]), ports[1])
		tcp = be.AppendUint32(be.AppendUint32(tcp, seq[from]), seq[to])
		tcp = append(tcp, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0)
		seq[from] += uint32(len(data))
		if flags&2 != 0 {
			seq[from]++
		}
		packet++
		file = le.AppendUint32(le.AppendUint32(file, uint32(packet)), 0)
		file = le.AppendUint32(file, uint32(40+len(data)))
		file = le.AppendUint32(file, uint32(40+len(data)))
		file = append(append(append(file, ip...), tcp...), data...)
	}
	const syn, ack, push = 2, 16, 8
	add(false, syn, nil)
	add(true, syn|ack, nil)
	add(false, ack, nil)
	for _, c := range r.chunks {
		for data := c.data; len(data) > 0; {
			n := min(len(data), 1400)
			add(c.fromServer, ack|push, data[:n])
			data = data[n:]
		}
	}
	require.NoError(t, os.WriteFile(path, file, 0o644))
}
