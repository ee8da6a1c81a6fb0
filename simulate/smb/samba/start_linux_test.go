package samba_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/smb/samba"
)

// child, if set, makes the test binary a program that starts as many servers
// and waits for the end of its standard input. marker is in the environment of
// all that a test starts.
const (
	child  = "WINLIMITS_SAMBA_CHILD"
	marker = "WINLIMITS_SAMBA_TEST"
)

func TestMain(m *testing.M) {
	n, _ := strconv.Atoi(os.Getenv(child))
	if n == 0 {
		os.Exit(m.Run())
	}
	for range n {
		server, err := samba.Start(context.Background(), nil)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(server.Addr(), server.User(), server.Password())
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// needSMBD skips the test where smbd is missing, or fails it in CI.
func needSMBD(t *testing.T) {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin") {
		if _, err := os.Stat(filepath.Join(dir, "smbd")); err == nil {
			return
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal(samba.ErrNotInstalled)
	}
	t.Skip(samba.ErrNotInstalled)
}

// needCI skips a test that takes long, unless it runs in CI.
func needCI(t *testing.T) {
	t.Helper()
	if os.Getenv("CI") == "" {
		t.Skip("takes long: runs with CI=true")
	}
}

// environment is locked by the fixture whose processes are being started: what
// they inherit tells which fixture they belong to.
var environment sync.Mutex

// fixture gives the processes of a test an environment and a temporary directory of their
// own, by which look finds them.
type fixture struct {
	t    *testing.T
	tmp  string
	mark string
	seen map[int]string // processes
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	needSMBD(t)
	environment.Lock()
	defer environment.Unlock()
	tmp, err := os.MkdirTemp("", "")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(tmp) })
	return &fixture{t: t, tmp: tmp, mark: filepath.Base(tmp), seen: make(map[int]string)}
}

// within calls start with the environment of the fixture.
func (f *fixture) within(start func()) {
	f.t.Helper()
	environment.Lock()
	defer environment.Unlock()
	for key, value := range map[string]string{marker: f.mark, "TMPDIR": f.tmp} {
		old, was := os.LookupEnv(key)
		require.NoError(f.t, os.Setenv(key, value))
		defer func() {
			if was {
				os.Setenv(key, old)
			} else {
				os.Unsetenv(key)
			}
		}()
	}
	start()
}

// start starts a server.
func (f *fixture) start(settings *samba.Settings) (server *samba.Server, err error) {
	f.t.Helper()
	f.within(func() { server, err = samba.Start(f.t.Context(), settings) })
	return server, err
}

// look returns the number of processes of the test that are running, and remembers them.
func (f *fixture) look() int {
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(f.t, err)
	n := 0
	for _, path := range environs {
		environ, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(environ), marker+"="+f.mark) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		require.NoError(f.t, err)
		if pid == os.Getpid() {
			continue
		}
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		f.seen[pid] = strings.ReplaceAll(string(command), "\x00", " ")
		n++
	}
	return n
}

// until waits until a condition holds.
func (f *fixture) until(what string, condition func() bool) {
	f.t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(time.Minute); !condition(); <-poll.C {
		if time.Now().After(end) {
			f.t.Fatalf("not within a minute: %s: %v", what, f.seen)
		}
	}
}

// nothingLeft waits until no process is left, also no zombie, and no file.
func (f *fixture) nothingLeft() {
	f.t.Helper()
	f.until("nothing is left", func() bool {
		if f.look() > 0 {
			return false
		}
		for pid := range f.seen {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err != nil {
				continue
			}
			_, rest, _ := strings.Cut(string(stat), ") ")
			// Of an ended process that is no child of this one, init takes care.
			if !strings.HasPrefix(rest, "Z ") || strings.HasPrefix(rest, fmt.Sprintf("Z %d ", os.Getpid())) {
				return false
			}
		}
		files, err := os.ReadDir(f.tmp)
		require.NoError(f.t, err)
		return len(files) == 0
	})
}

// listShares has a client ask for the list of shares, for which smbd starts
// helpers in the background.
func (f *fixture) listShares(addr, user, password string) {
	f.t.Helper()
	program, err := exec.LookPath("smbclient")
	if err != nil {
		f.t.Logf("without the helpers of smbd: %v", err)
		return
	}
	host, port, err := net.SplitHostPort(addr)
	require.NoError(f.t, err)
	cmd := exec.Command(program, "--configfile=/dev/null", "--list="+host, "--port="+port, "--user="+user, "--password="+password)
	cmd.Env = []string{"HOME=/"}
	out, _ := cmd.CombinedOutput() // fails as there is no list of workgroups
	require.Contains(f.t, string(out), "share           Disk")
}

func refuses(t *testing.T, addr string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		conn.Close()
	}
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestServer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	server, err := f.start(nil)
	require.NoError(t, err)
	assert.Regexp(t, `^127\.0\.0\.1:\d+$`, server.Addr())
	assert.Equal(t, "alice", server.User())
	assert.Equal(t, "share", server.Share())
	assert.Len(t, server.Password(), 26)
	assert.DirExists(t, server.Dir())
	conn, err := server.Dial(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	f.listShares(server.Addr(), server.User(), server.Password())
	assert.GreaterOrEqual(t, f.look(), 4, "the supervisor, smbd and two of its own: %v", f.seen)
	for pid := range f.seen {
		group, err := syscall.Getpgid(pid)
		if err == nil {
			assert.NotEqual(t, syscall.Getpgrp(), group)
		}
	}

	select {
	case <-server.Done():
		t.Error("smbd has ended")
	default:
	}
	require.NoError(t, server.Close())
	<-server.Done()
	assert.Zero(t, f.look(), "%v", f.seen)
	assert.NoDirExists(t, server.Dir())
	refuses(t, server.Addr())
	f.nothingLeft()
	require.NoError(t, server.Close())
}

// TestManyServers: servers that start at the same time have ports and
// directories of their own.
func TestManyServers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var servers [5]*samba.Server
	var wg sync.WaitGroup
	f.within(func() {
		for i := range servers {
			wg.Go(func() {
				var err error
				servers[i], err = samba.Start(t.Context(), nil)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
	})
	addrs, dirs, passwords := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, server := range servers {
		require.NotNil(t, server)
		addrs[server.Addr()], dirs[server.Dir()], passwords[server.Password()] = true, true, true
		wg.Go(func() { assert.NoError(t, server.Close()) })
	}
	wg.Wait()
	assert.Len(t, addrs, len(servers))
	assert.Len(t, dirs, len(servers))
	assert.Len(t, passwords, len(servers))
	assert.Zero(t, f.look(), "%v", f.seen)
	f.nothingLeft()
}

// startChild starts a program that starts n servers.
func (f *fixture) startChild(n int, path string, cred *syscall.Credential, env ...string) (cmd *exec.Cmd, stdin io.Closer, lines *bufio.Scanner) {
	f.t.Helper()
	cmd = exec.Command(path)
	cmd.Env = append(os.Environ(), child+"="+strconv.Itoa(n), marker+"="+f.mark, "TMPDIR="+f.tmp)
	cmd.Env = append(cmd.Env, env...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	in, err := cmd.StdinPipe()
	require.NoError(f.t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(f.t, err)
	require.NoError(f.t, cmd.Start())
	return cmd, in, bufio.NewScanner(out)
}

// TestProgramKilled: nothing is left of a program that has been killed.
func TestProgramKilled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.programEnds(func(program *os.Process, _ io.Closer) { require.NoError(t, program.Kill()) })
}

// TestProgramEnds: nothing is left of a program that has come to its end without
// Close.
func TestProgramEnds(t *testing.T) {
	t.Parallel()
	needCI(t)
	f := newFixture(t)
	f.programEnds(func(_ *os.Process, stdin io.Closer) { stdin.Close() })
}

// programEnds starts a program with two servers, and ends it. The first server has helpers
// if the test may take long.
func (f *fixture) programEnds(end func(program *os.Process, stdin io.Closer)) {
	f.t.Helper()
	cmd, stdin, lines := f.startChild(2, os.Args[0], nil)
	var addrs []string
	for i := range 2 {
		require.True(f.t, lines.Scan())
		fields := strings.Fields(lines.Text())
		require.Len(f.t, fields, 3, "%s", lines.Text())
		if i == 0 && os.Getenv("CI") != "" {
			f.listShares(fields[0], fields[1], fields[2])
		}
		addrs = append(addrs, fields[0])
	}
	conn, err := net.Dial("tcp", addrs[0])
	require.NoError(f.t, err)
	defer conn.Close()
	require.Greater(f.t, f.look(), 7)
	end(cmd.Process, stdin)
	_ = cmd.Wait()
	f.nothingLeft()
	for _, addr := range addrs {
		refuses(f.t, addr)
	}
}

// TestProgramKilledEarly kills programs while they start a server.
func TestProgramKilledEarly(t *testing.T) {
	t.Parallel()
	needCI(t)
	f := newFixture(t)
	for i := range 5 {
		cmd, _, lines := f.startChild(1, os.Args[0], nil)
		switch i {
		case 4:
			require.True(t, lines.Scan())
		default: // the program itself is one
			f.until("started so far", func() bool { return f.look() > i })
		}
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		f.nothingLeft()
	}
}

// TestThreadEnds: the server does not depend on the thread that has started it.
func TestThreadEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var server *samba.Server
	var err error
	thread := make(chan int)
	go func() {
		runtime.LockOSThread() // and not unlocked, so that the thread ends with the goroutine
		server, err = f.start(nil)
		thread <- syscall.Gettid()
	}()
	tid := <-thread
	require.NoError(t, err)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for tid != os.Getpid() { // the main thread never ends
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", tid)); err != nil {
			break
		}
		<-poll.C
	}
	conn, err := server.Dial(t.Context())
	require.NoError(t, err)
	conn.Close()
	require.NoError(t, server.Close())
}

// pid returns the process whose command line contains what.
func (f *fixture) pid(what string) int {
	f.t.Helper()
	f.look()
	found := 0
	for pid, command := range f.seen {
		if strings.Contains(command, what) && (found == 0 || pid < found) {
			found = pid
		}
	}
	require.NotZero(f.t, found, "%v", f.seen)
	return found
}

// TestSMBDEndsByItself: the error of Close says so, and Close removes everything.
func TestSMBDEndsByItself(t *testing.T) {
	t.Parallel()
	needCI(t)
	f := newFixture(t)
	server, err := f.start(nil)
	require.NoError(t, err)
	f.listShares(server.Addr(), server.User(), server.Password())
	require.NoError(t, syscall.Kill(f.pid("smbd --foreground"), syscall.SIGKILL))
	<-server.Done()
	err = server.Close()
	require.Error(t, err)
	assert.Contains(t, err.Error(), "smbd has ended by itself: ended 137: ")
	assert.Equal(t, err, server.Close())
	f.nothingLeft()
}

// TestSupervisorKilled: smbd ends all the same, and the error of Close says so, also where
// nothing reaps orphans, as in many containers.
func TestSupervisorKilled(t *testing.T) {
	f := newFixture(t) // not in parallel: it makes orphans the children of this process
	setSubreaper(t, 1)
	server, err := f.start(nil)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(f.pid("/bin/sh"), syscall.SIGKILL))
	err = server.Close()
	require.Error(t, err)
	assert.Contains(t, err.Error(), "signal: killed")
	refuses(t, server.Addr())
	setSubreaper(t, 0)
	orphans := 0
	f.until("orphans reaped", func() bool {
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 {
				return err == syscall.ECHILD
			}
			orphans++
		}
	})
	assert.GreaterOrEqual(t, orphans, 3, "smbd and two of its own")
	f.nothingLeft()
}

// setSubreaper says whether orphans become the children of this process.
func setSubreaper(t *testing.T, on uintptr) {
	t.Helper()
	const prSetChildSubreaper = 36
	_, _, errno := syscall.Syscall(syscall.SYS_PRCTL, prSetChildSubreaper, on, 0)
	require.Zero(t, errno)
}

// TestSMBDHangs: an smbd that does not end when told is ended by force.
func TestSMBDHangs(t *testing.T) {
	t.Parallel()
	needCI(t)
	f := newFixture(t)
	server, err := f.start(nil)
	require.NoError(t, err)
	f.look()
	require.NoError(t, syscall.Kill(f.pid("smbd --foreground"), syscall.SIGSTOP))
	require.NoError(t, server.Close())
	f.nothingLeft()
}

// TestStartFails: the error says why, and nothing is left.
func TestStartFails(t *testing.T) {
	f := newFixture(t)
	t.Run("configuration", func(t *testing.T) {
		server, err := f.start(&samba.Settings{Config: "interfaces = 192.0.2.1\n"})
		assert.Nil(t, server)
		require.Error(t, err)
		assert.Contains(t, err.Error(), "smbd does not answer")
		assert.Contains(t, err.Error(), "smbd has ended by itself: ended 134: ")
		assert.Contains(t, err.Error(), "open_sockets_smbd: No sockets available")
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := samba.Start(ctx, nil)
		assert.ErrorIs(t, err, context.Canceled)
	})
	t.Run("temporary directory", func(t *testing.T) {
		for dir, want := range map[string]string{
			"none":                     "no such file",
			strings.Repeat("long", 30): "no such file",
			"100%":                     "percent sign",
		} {
			t.Setenv("TMPDIR", filepath.Join(f.tmp, dir))
			if dir == "100%" {
				require.NoError(t, os.Mkdir(os.TempDir(), 0o700))
				defer os.Remove(os.TempDir())
			}
			_, err := samba.Start(t.Context(), nil)
			require.Error(t, err)
			assert.Contains(t, err.Error(), want)
		}
	})
	f.nothingLeft()
}

// TestStartCanceled ends the start of an smbd that runs and will never answer.
func TestStartCanceled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.within(func() {
		failed := make(chan error, 1)
		go func() {
			_, err := samba.Start(ctx, &samba.Settings{Config: "smb ports = " + port + "\n"})
			failed <- err
		}()
		f.until("smbd is there", func() bool {
			conn, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				conn.Close()
			}
			return err == nil
		})
		cancel()
		err = <-failed
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "smbd does not answer")
	f.nothingLeft()
}

// TestReady: the error has the last answer of smbd, and not that the attempt after it was
// cut short.
func TestReady(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	questions := 0
	err := samba.Ready(ctx, t.TempDir(), func(ctx context.Context) error {
		if questions++; questions == 1 {
			return syscall.ECONNREFUSED
		}
		cancel()
		return errors.New("cut short")
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.Equal(t, 2, questions)
	assert.ErrorContains(t, samba.Ready(ctx, t.TempDir(), func(context.Context) error { return errors.New("only one") }), "only one")
	assert.NoError(t, samba.Ready(ctx, t.TempDir(), func(context.Context) error { return nil }))
}

// TestDirGiven: a directory that the caller has given stays.
func TestDirGiven(t *testing.T) {
	dir := t.TempDir()
	f := newFixture(t)
	link := filepath.Join(dir, "a link with spaces, é and #;")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "real"), 0o700))
	require.NoError(t, os.Symlink("real", link))
	t.Chdir(dir)
	server, err := f.start(&samba.Settings{
		Dir: filepath.Base(link), Share: "My Documents", Users: []string{"Bob Smith", "é"}, Password: "p ä",
	})
	require.NoError(t, err)
	assert.Equal(t, link, server.Dir())
	if program, err := exec.LookPath("smbclient"); err == nil {
		require.NoError(t, os.WriteFile("real/in", []byte("in"), 0o600))
		_, port, _ := net.SplitHostPort(server.Addr())
		for _, user := range []string{"Bob Smith", "é"} {
			out, err := exec.Command(program, "--configfile=/dev/null", "//127.0.0.1/My Documents", "--port="+port,
				"--user="+user, "--password=p ä", "--command=get in out; put out up").CombinedOutput()
			require.NoError(t, err, "%s", out)
			got, err := os.ReadFile("real/up")
			require.NoError(t, err)
			assert.Equal(t, "in", string(got))
			require.NoError(t, os.Remove("real/up"))
		}
		out, err := exec.Command(program, "--configfile=/dev/null", "//127.0.0.1/My Documents", "--port="+port,
			"--user=carol", "--password=p ä", "--command=ls").CombinedOutput()
		require.Error(t, err)
		assert.Contains(t, string(out), "NT_STATUS_LOGON_FAILURE")
	}
	require.NoError(t, server.Close())
	assert.DirExists(t, "real")
	f.nothingLeft()
}

// TestExample runs the example, which cannot be run where smbd is missing.
func TestExample(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.within(ExampleStart)
	f.nothingLeft()
}

func TestNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	server, err := samba.Start(t.Context(), nil)
	assert.Nil(t, server)
	require.ErrorIs(t, err, samba.ErrNotInstalled)
	assert.ErrorIs(t, err, exec.ErrNotFound)
	assert.Contains(t, err.Error(), "samba: smbd is not installed: install the package samba")
}

// TestUnprivileged: neither root nor an sbin in PATH is needed.
func TestUnprivileged(t *testing.T) {
	t.Parallel()
	needCI(t)
	f := newFixture(t)
	if os.Getuid() != 0 {
		t.Skip("the other tests have shown it")
	}
	const nobody = 65534
	// Others may not reach the test binary where it is.
	program := filepath.Join(f.tmp, "program")
	// Written by another process: what a test beside this one starts meanwhile
	// would inherit the open file, and Linux runs no file that is open for writing.
	require.NoError(t, exec.Command("cp", os.Args[0], program).Run())
	require.NoError(t, os.Chmod(program, 0o755))
	require.NoError(t, os.Chmod(f.tmp, 0o777))
	cmd, stdin, lines := f.startChild(1, program, &syscall.Credential{Uid: nobody, Gid: nobody}, "PATH=/usr/bin:/bin")
	require.True(t, lines.Scan())
	fields := strings.Fields(lines.Text())
	require.Len(t, fields, 3, "%s", lines.Text())
	f.listShares(fields[0], fields[1], fields[2])
	f.look()
	for pid, command := range f.seen {
		info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
		if err == nil {
			assert.EqualValues(t, nobody, info.Sys().(*syscall.Stat_t).Uid, "%s", command)
		}
	}
	stdin.Close()
	require.NoError(t, cmd.Wait())
	require.NoError(t, os.Remove(program))
	f.nothingLeft()
}
