package samba_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/winlimits/winlimits/simulate/smb/samba"
)

// A file server with one file. A client is, for example,
// "smbclient //127.0.0.1/share --port=PORT --user=alice --password=PASSWORD".
func ExampleStart() {
	server, err := samba.Start(context.Background(), &samba.Settings{Users: []string{"alice", "bob"}})
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(server.Dir(), "hello.txt"), []byte("hello"), 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("share %q on %s for %s with %s\n", server.Share(), server.Addr(), server.User(), server.Password())
	if err := server.Close(); err != nil {
		log.Fatal(err)
	}
}
