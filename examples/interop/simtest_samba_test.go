//go:build linux

package interop

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	cloudsoda "github.com/cloudsoda/go-smb2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
)

// newSamba is NewSamba with the accounts of the other tests.
func newSamba(t testing.TB, w limits.Windows) *simtest.Samba {
	settings := &simtest.SambaSettings{}
	settings.Server.Share, settings.Server.Password = shareName(1), smbPassword
	return simtest.NewSamba(t, simtest.NewHost(t, w, nil), settings)
}

// mount opens a session and the share of a fixture.
func mount(t testing.TB, addr string, s *simtest.Samba) (*cloudsoda.Session, *cloudsoda.Share) {
	d := &cloudsoda.Dialer{Initiator: &cloudsoda.NTLMInitiator{User: s.User(), Password: s.Password()}}
	session, err := d.Dial(t.Context(), addr)
	require.NoError(t, err)
	share, err := session.Mount(s.Share())
	require.NoError(t, err)
	return session, share
}

// TestSambaFixtures: of twenty fixtures nothing is left.
func TestSambaFixtures(t *testing.T) {
	tmp := tempDir(t)
	var addrs []string
	for i := range 20 {
		t.Run("", func(t *testing.T) {
			files := newSamba(t, limits.Windows{Edition: limits.XPHome})
			addrs = append(addrs, files.Loopback(), files.Direct())
			name := fmt.Sprintf("file%d", i)
			require.NoError(t, os.WriteFile(filepath.Join(files.Dir(), name), []byte("hello"), 0o600))
			session, share := mount(t, addrs[2*i], files)
			b, err := share.ReadFile(name)
			require.NoError(t, err)
			assert.Equal(t, "hello", string(b))
			_, err = session.ListSharenames() // smbd starts helpers for that
			require.NoError(t, err)
			if i%2 == 0 { // else the connection ends with the fixture
				require.NoError(t, session.Logoff())
			} else {
				t.Cleanup(func() { _ = session.Logoff() })
			}
		})
	}
	nothingLeft(t, tmp, addrs)
}

// TestSambaFixturesOfATestThatEnds: nothing is left of the fixtures of a test
// that panics, or whose process is killed.
func TestSambaFixturesOfATestThatEnds(t *testing.T) {
	for _, end := range []string{"panic", "kill"} {
		t.Run(end, func(t *testing.T) {
			tmp := tempDir(t)
			cmd := exec.Command(os.Args[0], "-test.run=^TestSambaFixtureHelper$", "-test.v")
			cmd.Env = append(os.Environ(), sambaHelper+"="+end)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			cmd.Stderr = cmd.Stdout
			stdin, err := cmd.StdinPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			var a, b string
			for {
				_, err := fmt.Fscanf(stdout, "listening on %s and %s\n", &a, &b)
				if err == nil {
					break
				}
				require.NotErrorIs(t, err, io.EOF)
			}
			assert.NotEmpty(t, processes(t, tmp))
			if end == "kill" {
				require.NoError(t, cmd.Process.Kill())
			}
			stdin.Close()
			out, _ := io.ReadAll(stdout)
			require.Error(t, cmd.Wait())
			if end == "panic" {
				assert.Contains(t, string(out), "panic: with a fixture")
				assert.Empty(t, processes(t, tmp), "before the end of the test")
			}
			nothingLeft(t, tmp, []string{a, b})
		})
	}
}

const sambaHelper = "WINLIMITS_SAMBA_HELPER"

// TestSambaFixtureHelper is the test of TestSambaFixturesOfATestThatEnds.
func TestSambaFixtureHelper(t *testing.T) {
	if os.Getenv(sambaHelper) == "" {
		t.Skip("part of another test")
	}
	a, b := newSamba(t, win11), newSamba(t, win11)
	session, _ := mount(t, a.Loopback(), a)
	if os.Getenv(sambaHelper) == "panic" {
		require.NoError(t, session.Logoff())
	}
	fmt.Printf("listening on %s and %s\n", a.Loopback(), b.Direct())
	_, _ = io.Copy(io.Discard, os.Stdin)
	panic("with a fixture")
}

// tempDir makes a directory the one for temporary files.
func tempDir(t *testing.T) string {
	tmp, err := os.MkdirTemp("", "")
	require.NoError(t, err)
	t.Setenv("TMPDIR", tmp)
	t.Cleanup(func() { os.RemoveAll(tmp) })
	return tmp
}

// processes lists those which were started with a path below tmp, and zombies
// that this process has.
func processes(t *testing.T, tmp string) (list []string) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	for _, dir := range dirs {
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
		zombie := fmt.Sprintf(") Z %d ", os.Getpid())
		if bytes.Contains(command, []byte(tmp)) || strings.Contains(string(stat), zombie) {
			list = append(list, fmt.Sprintf("%s: %s: %s", dir, bytes.ReplaceAll(command, []byte{0}, []byte{' '}), stat))
		}
	}
	return list
}

// nothingLeft waits until no process, file or port is left.
func nothingLeft(t *testing.T, tmp string, addrs []string) {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(time.Minute); ; <-poll.C {
		files, err := os.ReadDir(tmp)
		require.NoError(t, err)
		left := processes(t, tmp)
		if len(files) == 0 && len(left) == 0 {
			break
		}
		require.True(t, time.Now().Before(end), "%v %v", files, left)
	}
	for _, addr := range addrs {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		assert.ErrorIs(t, err, syscall.ECONNREFUSED, addr)
	}
}

// gated passes what is read from it or written to it, but waits in the middle
// until the gate is open.
type gated struct {
	middle  int
	passed  int
	reached chan struct{} // closed in the middle
	open    chan struct{}
	hash    hash.Hash
	source  io.Reader
}

func newGated(size int) *gated {
	return &gated{
		middle: size / 2, reached: make(chan struct{}), open: make(chan struct{}), hash: sha256.New(),
		source: io.LimitReader(rand.NewChaCha8([32]byte{1}), int64(size)),
	}
}

func (g *gated) pass(b []byte) {
	before := g.passed
	g.passed += len(b)
	g.hash.Write(b)
	if before < g.middle && g.passed >= g.middle {
		close(g.reached)
		<-g.open
	}
}

func (g *gated) Read(b []byte) (int, error) {
	n, err := g.source.Read(b)
	g.pass(b[:n])
	return n, err
}

func (g *gated) Write(b []byte) (int, error) {
	g.pass(b)
	return len(b), nil
}

// TestSambaTransfers has a client put and get 100 MB while twenty others are
// refused in the middle of it.
func TestSambaTransfers(t *testing.T) {
	const size = 100e6
	files := newSamba(t, limits.Windows{Edition: limits.XPHome})
	addr := files.Loopback()
	alice := smbclient{conf: "/dev/null", addr: addr, user: files.User()}
	simtest.Hold(t, files.Gate, 4)
	want := newGated(size)
	close(want.open)
	_, err := io.Copy(io.Discard, struct{ io.Reader }{want})
	require.NoError(t, err)

	type transfer func(through *gated) error
	for _, tt := range []struct {
		name     string
		put, get transfer
	}{
		{
			name: "go-smb2",
			put: func(through *gated) error {
				session, share := mount(t, addr, files)
				file, err := share.Create("big")
				if err != nil {
					return err
				}
				_, err = io.Copy(file, through)
				return errors.Join(err, file.Close(), session.Logoff())
			},
			get: func(through *gated) error {
				session, share := mount(t, addr, files)
				file, err := share.Open("big")
				if err != nil {
					return err
				}
				_, err = io.Copy(through, file)
				return errors.Join(err, file.Close(), session.Logoff())
			},
		},
		{
			name: "smbclient",
			put: func(through *gated) error {
				cmd := alice.command(t, "-c", "put - big")
				cmd.Stdin = through
				return cmd.Run()
			},
			get: func(through *gated) error {
				cmd := alice.command(t, "-c", "get big -")
				cmd.Stdout = through
				return cmd.Run()
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			during := func(transfer transfer) {
				through := newGated(size)
				done := make(chan error, 1)
				go func() { done <- transfer(through) }()
				select {
				case <-through.reached:
				case err := <-done:
					t.Fatalf("not even half of it: %v", err)
				}
				refused := int(files.Gate.Stats().Refused)
				for i := range 20 {
					if i%10 == 9 {
						alice.refused(t)
						continue
					}
					d := &cloudsoda.Dialer{Initiator: &cloudsoda.NTLMInitiator{User: files.User(), Password: files.Password()}}
					_, err := d.Dial(t.Context(), addr)
					require.ErrorIs(t, err, cloudsoda.ErrRequestNotAccepted)
				}
				simtest.WaitRefused(t, files.Gate, refused+20)
				close(through.open)
				require.NoError(t, <-done)
				assert.EqualValues(t, size, through.passed)
				assert.Equal(t, want.hash.Sum(nil), through.hash.Sum(nil))
				simtest.WaitHeld(t, files.Gate, 4)
			}
			during(tt.put)
			stored, err := os.ReadFile(filepath.Join(files.Dir(), "big"))
			require.NoError(t, err)
			sum := sha256.Sum256(stored)
			assert.Equal(t, want.hash.Sum(nil), sum[:])
			during(tt.get)
			require.NoError(t, os.Remove(filepath.Join(files.Dir(), "big")))
		})
	}
}
