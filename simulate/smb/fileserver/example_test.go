package fileserver_test

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"net"

	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// A server with an account, a share that clients can write to and one that they
// cannot.
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
	// A client logs on at l.Addr() and does its work. Then
	data, err := inbox.ReadFile("old/letter.txt")
	fmt.Printf("%s %v\n", data, err)
	// Output: Dear all <nil>
}

// An account that is locked out.
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
