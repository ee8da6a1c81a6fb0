package samba

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout = time.Minute      // then Start gives up
	closeTimeout = 30 * time.Second // then Close kills the supervisor
	pollInterval = 5 * time.Millisecond
	// longestRun bounds the path of the parent of the temporary directory, in bytes.
	// The paths of smbd's sockets below it have room for 108.
	longestRun = 80
)

// process is the supervisor of an smbd. It is a child of this process, and smbd is its
// child.
type process struct {
	run   string // temporary directory
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Reader
	ended chan struct{} // closed when smbd has ended
	early string        // how smbd ended by itself, or empty; set before ended is closed
	done  chan struct{} // closed at the end of the supervisor's output

	mu      sync.Mutex
	closing bool

	once sync.Once
	err  error
}

// start starts smbd for settings that are complete.
func (s *Server) start(ctx context.Context) (err error) {
	smbd, err := find("smbd")
	if err != nil {
		return err
	}
	pdbedit, err := find("pdbedit")
	if err != nil {
		return err
	}
	// smbd needs an account of the system.
	account, err := user.LookupId(strconv.Itoa(os.Geteuid()))
	if err != nil {
		return fmt.Errorf("smbd has to run as a user that has a name, and user %d has none: %w", os.Geteuid(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	port, release, err := reservePort()
	if err != nil {
		return fmt.Errorf("port for smbd: %w", err)
	}
	defer release()

	p, err := startSupervisor(smbd)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	s.process = p
	s.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if s.settings.Dir == "" {
		s.settings.Dir = filepath.Join(p.run, shareName)
		if err := os.Mkdir(s.settings.Dir, 0o755); err != nil {
			return err
		}
	}
	for _, f := range folders {
		if err := os.Mkdir(filepath.Join(p.run, f[1]), 0o755); err != nil {
			return err
		}
	}
	config := filepath.Join(p.run, configName)
	if err := os.WriteFile(config, []byte(s.settings.config(p.run, account.Username, port)), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.run, usersName), []byte(s.settings.userMap(account.Username)), 0o600); err != nil {
		return err
	}
	// pdbedit, as smbpasswd adds an account only when root runs it.
	add := exec.CommandContext(ctx, pdbedit, "--configfile="+config, "--create", "--password-from-stdin", "--user="+account.Username)
	add.Stdin = strings.NewReader(s.settings.Password + "\n" + s.settings.Password + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("pdbedit: %w: %s", errors.Join(err, ctx.Err()), tail(out))
	}

	if _, err := io.WriteString(p.stdin, "\n"); err != nil {
		return fmt.Errorf("supervisor of smbd: %w", err)
	}
	return p.ready(ctx, func(ctx context.Context) error { return negotiate(ctx, s.addr) })
}

// find returns the path of a program in PATH, or in an sbin beside a bin of PATH. Debian
// has smbd in /usr/sbin, which is not in the PATH of a user.
func find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err == nil {
		return path, nil
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.Base(dir) == "bin" {
			if path, err := exec.LookPath(filepath.Join(filepath.Dir(dir), "sbin", program)); err == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%w: %w", ErrNotInstalled, err)
}

// reservePort returns a free port of 127.0.0.1, which the system gives to no other
// program until release. A socket that is bound and does not listen keeps it. smbd can
// bind the port all the same, as both sockets have SO_REUSEADDR.
func reservePort() (port int, release func(), err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			syscall.Close(fd)
		}
	}()
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, nil, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, nil, os.NewSyscallError("bind", err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, nil, os.NewSyscallError("getsockname", err)
	}
	return sa.(*syscall.SockaddrInet4).Port, func() { syscall.Close(fd) }, nil
}

// startSupervisor starts the supervisor, which makes the temporary directory.
func startSupervisor(smbd string) (*process, error) {
	// The supervisor compares this path with those of open files, which are free of
	// symbolic links.
	tmp, err := filepath.EvalSymlinks(os.TempDir())
	if err == nil {
		tmp, err = filepath.Abs(tmp)
	}
	if err == nil {
		err = checkPath(tmp)
	}
	if err == nil && len(tmp) > longestRun {
		err = fmt.Errorf("path %q: %d bytes; accepted are %d, for the paths of smbd's sockets", tmp, len(tmp), longestRun)
	}
	if err != nil {
		return nil, fmt.Errorf("directory for temporary files: %w", err)
	}
	p := &process{ended: make(chan struct{}), done: make(chan struct{})}
	p.cmd = exec.Command("/bin/sh", "-c", supervise, "winlimits-samba", smbd, tmp)
	p.cmd.Dir = "/"
	// A session of its own, so that an interrupt from the terminal ends this process and
	// not smbd.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("supervisor of smbd: %w", err)
	}
	p.lines = bufio.NewReader(stdout)
	line, _ := p.lines.ReadString('\n')
	run, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "run ")
	p.run = run
	go p.listen()
	if !ok {
		_ = p.close()
		return nil, fmt.Errorf("directory for temporary files: %s", strings.TrimSpace(line))
	}
	return p, nil
}

// listen waits for the supervisor to report the end of smbd.
func (p *process) listen() {
	defer close(p.done)
	line, err := p.lines.ReadString('\n')
	if err != nil {
		line = err.Error()
	}
	p.mu.Lock()
	closing := p.closing
	p.mu.Unlock()
	if !closing {
		log, _ := os.ReadFile(filepath.Join(p.run, logName))
		p.early = fmt.Sprintf("smbd has ended by itself: %s: %s", strings.TrimSpace(line), tail(log))
	}
	close(p.ended)
	_, _ = io.Copy(io.Discard, p.lines)
}

// ready calls ask until smbd answers.
func (p *process) ready(ctx context.Context, ask func(context.Context) error) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	var last error
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		// An error after the end of ctx says nothing about smbd.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-p.ended:
			return errors.New("smbd does not answer") // close says why
		case <-ctx.Done():
		case <-poll.C:
		}
		if ctx.Err() != nil {
			log, _ := os.ReadFile(filepath.Join(p.run, logName))
			return fmt.Errorf("smbd does not answer: %w: %w: %s", ctx.Err(), last, tail(log))
		}
	}
}

// close ends the supervisor by closing its standard input.
func (p *process) close() error {
	p.once.Do(func() {
		p.mu.Lock()
		p.closing = true
		p.mu.Unlock()
		p.stdin.Close()
		force := time.AfterFunc(closeTimeout, func() { p.cmd.Process.Kill() })
		<-p.done
		err := p.cmd.Wait()
		force.Stop()
		if err != nil {
			err = errors.Join(fmt.Errorf("supervisor of smbd in %s: %w", p.run, err), os.RemoveAll(p.run))
		}
		if p.early != "" {
			err = errors.Join(errors.New(p.early), err)
		}
		p.err = err
	})
	return p.err
}

// tail returns the end of a program's output.
func tail(out []byte) string {
	const most = 2000
	if len(out) > most {
		out = out[len(out)-most:]
	}
	return strings.TrimSpace(string(out))
}
