package fileserver_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net"

	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// A server with one account and a share that clients can write to. It serves the
// clients of a listener.
func Example() {
	inbox := &fileserver.Memory{Max: 1 << 20}
	if err := inbox.WriteFile("old/letter.txt", []byte("Dear all")); err != nil {
		log.Fatal(err)
	}
	server, err := fileserver.New(&fileserver.Settings{
		Accounts: map[string]string{"alice": "secret"},
		Signing:  fileserver.SigningRequired,
		Shares:   map[string]fs.FS{"inbox": inbox},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(l)
	// A client logs on at l.Addr() and reads or writes files. Then the test looks at them.
	data, err := inbox.ReadFile("old/letter.txt")
	fmt.Printf("%s %v\n", data, err)
	// Output: Dear all <nil>
}

// A test puts a file into a small share, fills it up, and lists what is there.
func ExampleMemory() {
	inbox := &fileserver.Memory{Max: 16 << 10}
	if err := inbox.WriteFile("old/letter.txt", []byte("Dear all")); err != nil {
		log.Fatal(err)
	}
	err := inbox.WriteFile("old/letter.txt", make([]byte, 1<<20))
	fmt.Println(errors.Is(err, fileserver.StatusDiskFull))
	info, err := inbox.Stat("OLD/Letter.txt") // as on Windows, case does not matter
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Name(), info.Size())
	names, err := fs.Glob(inbox, "*/*")
	fmt.Println(names, err)
	// Output:
	// true
	// letter.txt 8
	// [old/letter.txt] <nil>
}

// A connection in memory, for a client that takes a net.Conn. As the backend of a proxy
// Dial is shown in package smb.
func ExampleServer_Dial() {
	server, err := fileserver.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	conn, err := server.Dial(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Println(conn.RemoteAddr())
	// Output: 192.0.2.1:445
}

// The log-on of one account fails, as it is locked out.
func ExampleSettings_logOn() {
	server, err := fileserver.New(&fileserver.Settings{
		Accounts: map[string]string{"alice": "secret", "mallory": "secret"},
		LogOn: func(_ context.Context, user string) error {
			if user == "mallory" {
				return fileserver.StatusAccountLockedOut
			}
			return nil
		},
	})
	fmt.Println(server != nil, err)
	fmt.Println(fileserver.StatusAccountLockedOut)
	// Output:
	// true <nil>
	// STATUS_ACCOUNT_LOCKED_OUT (0xC0000234)
}
