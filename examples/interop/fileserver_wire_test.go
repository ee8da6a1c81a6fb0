//go:build linux

package interop

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// messages returns the SMB2 messages that one side has sent.
func (r *recording) messages(t testing.TB, fromServer bool) (all [][]byte) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var stream []byte
	for _, c := range r.chunks {
		if c.fromServer == fromServer {
			stream = append(stream, c.data...)
		}
	}
	for len(stream) > 0 {
		n := 4 + int(binary.BigEndian.Uint32(stream)&0xffffff)
		require.LessOrEqual(t, n, len(stream))
		all = append(all, stream[4:n])
		stream = stream[n:]
	}
	return all
}

// TestFixtureSigns: where the client insists on it, every message after the
// log-on is signed on the wire, and so is the end of the log-on itself.
func TestFixtureSigns(t *testing.T) {
	const flagSigned, sessionSetup, moreProcessing = 8, 1, 0xC0000016
	files := newFixture(t, win11, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	for _, name := range []string{"cloudsoda", "hirochachacha"} {
		for _, dialect := range smbDialects {
			t.Run(fmt.Sprintf("%s %#x", name, dialect), func(t *testing.T) {
				addr, recorded := record(t, files.Loopback())
				require.Equal(t, "ok", goClient{name, dialect, true}.work(t, addr, "secret"))
				le := binary.LittleEndian
				for _, fromServer := range []bool{false, true} {
					n, in := 0, false
					for _, msg := range recorded.messages(t, fromServer) {
						command, status := le.Uint16(msg[12:]), le.Uint32(msg[8:])
						// The client's last leg and the server's first are not signed.
						in = in || command > sessionSetup || fromServer && command == sessionSetup && status != moreProcessing
						if !in {
							continue
						}
						n++
						assert.NotZero(t, le.Uint32(msg[16:])&flagSigned, "command %d, from the server: %v", command, fromServer)
						assert.NotEqual(t, make([]byte, 16), msg[48:64])
					}
					assert.Greater(t, n, 10)
				}
			})
		}
	}
}

// TestFixtureAlgorithms: smbclient and the server sign by each algorithm of SMB
// 3.1.1.
func TestFixtureAlgorithms(t *testing.T) {
	files := newFixture(t, win11, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}, Signing: fileserver.SigningRequired})
	for name, id := range map[string]uint16{"HMAC-SHA256": 0, "AES-128-CMAC": 1, "AES-128-GMAC": 2} {
		addr, recorded := record(t, files.Loopback())
		got := smbclientWork(t, addr, "secret", "-m", "SMB3_11", "--client-protection=sign", "--option=client smb3 signing algorithms="+name)
		assert.Equal(t, "ok", got, name)
		agreed := recorded.messages(t, true)[0] // ends with the context that says so
		assert.Equal(t, id, binary.LittleEndian.Uint16(agreed[len(agreed)-2:]), name)
	}
}

// TestFixtureBrokenSignatures: both Go clients reject a server whose signatures
// are wrong by one bit, if they insist on signing.
func TestFixtureBrokenSignatures(t *testing.T) {
	files := newFixture(t, win11, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	backend := files.Loopback()
	for _, name := range []string{"cloudsoda", "hirochachacha"} {
		for _, dialect := range smbDialects {
			// Neither client looks at the signature of the log-on itself.
			for _, command := range []uint16{3, 5} { // a tree connect, a create
				t.Run(fmt.Sprintf("%s %#x command %d", name, dialect, command), func(t *testing.T) {
					addr := breakSignatures(t, backend, command)
					got := goClient{name, dialect, true}.work(t, addr, "secret")
					assert.Regexp(t, "failed signature verification|unverified packet returned", got)
				})
			}
		}
	}
}

// breakSignatures starts a relay to a server that changes the signatures of its
// answers to a command.
func breakSignatures(t testing.TB, addr string, command uint16) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
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
			wg.Go(func() {
				io.Copy(server, client)
				server.Close()
			})
			wg.Go(func() {
				defer client.Close()
				for {
					msg := make([]byte, 4)
					if _, err := io.ReadFull(server, msg); err != nil {
						return
					}
					msg = append(msg, make([]byte, binary.BigEndian.Uint32(msg))...)
					if _, err := io.ReadFull(server, msg[4:]); err != nil {
						return
					}
					if signed := msg[4+16]&8 != 0; signed && binary.LittleEndian.Uint16(msg[4+12:]) == command {
						msg[4+48] ^= 1
					}
					client.Write(msg)
				}
			})
		}
	})
	return ln.Addr().String()
}

// TestFixtureDecoded: tshark finds nothing malformed in what the in-memory server
// says.
func TestFixtureDecoded(t *testing.T) {
	tshark := peer(t, "tshark", "tshark")
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, make([]byte, 100_000), 0o600))
	for _, signing := range []fileserver.Signing{fileserver.SigningOffered, fileserver.SigningRequired} {
		files := newFixture(t, win11, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}, Signing: signing})
		for _, args := range [][]string{
			{"-m", "SMB2_02"}, {"-m", "SMB2_10"}, {"-m", "SMB3_00"}, {"-m", "SMB3_02"}, {"-m", "SMB3_11"},
			{"--option=client min protocol=NT1"}, {"--option=client min protocol=NT1", "-m", "SMB2_02"},
		} {
			t.Run(fmt.Sprint(signing, args), func(t *testing.T) {
				addr, recorded := record(t, files.Loopback())
				out, err := smbclientAt(t, addr, "share", "secret",
					"mkdir dir; put "+file+" a; ls; allinfo a; rename a b; get b "+file+"; du; volume; rm b; rmdir dir; get nosuch; logoff", args...)
				require.NoError(t, err, "%s", out)
				require.Contains(t, out, "NT_STATUS_OBJECT_NAME_NOT_FOUND opening remote file \\nosuch")
				path := filepath.Join(dir, "capture.pcap")
				recorded.pcap(t, path)
				read := func(args ...string) string {
					var stderr strings.Builder
					cmd := exec.Command(tshark, append([]string{"-r", path}, args...)...)
					cmd.Stderr = &stderr
					out, err := cmd.Output()
					require.NoError(t, err, "%s", &stderr)
					return strings.TrimSpace(string(out))
				}
				assert.Greater(t, strings.Count(read("-Y", "smb2.flags.response == 1"), "\n"), 20)
				assert.Empty(t, read("-Y", "_ws.malformed || _ws.unreassembled || (smb2 && _ws.expert.severity >= 6291456)"), "warnings and errors")
			})
		}
	}
}

// TestFixtureHashes: the server's MD4 and both Go clients', which is that of
// x/crypto, agree on passwords of every length, and their keys on messages of
// every length.
func TestFixtureHashes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	passwords := make(map[string]string)
	for n := range 130 { // over the ends of two blocks
		var b strings.Builder
		for range n {
			b.WriteRune(rune(' ' + random.IntN(0x2000)))
		}
		passwords[fmt.Sprintf("user%d", n)] = b.String()
	}
	files := newFixture(t, win11, &fileserver.Settings{Accounts: passwords, Signing: fileserver.SigningRequired})
	for n := range 130 {
		user := fmt.Sprintf("user%d", n)
		conn, err := net.Dial("tcp", files.Loopback())
		require.NoError(t, err)
		c := goClient{"cloudsoda", smbDialects[n%len(smbDialects)], true}
		mount, logoff, err := c.logOn(t.Context(), conn, user, passwords[user])
		require.NoError(t, err, "a password of %d characters", n)
		share, err := mount("share")
		require.NoError(t, err)
		data := []byte(strings.Repeat("x", n))
		require.NoError(t, share.WriteFile("file", data, 0))
		got, err := share.ReadFile("file")
		require.NoError(t, err)
		require.Equal(t, string(data), string(got))
		require.NoError(t, logoff())
		conn.Close()
	}
}
