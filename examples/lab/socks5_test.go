package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// wire is what a client sends and what it is answered.
type wire struct {
	io.Reader
	bytes.Buffer
}

func (w *wire) Read(b []byte) (int, error) { return w.Reader.Read(b) }

func TestReadSOCKS5(t *testing.T) {
	const greeting = "\x05\x01\x00"
	for _, tt := range []struct {
		sent, address, err string
		reply              int // of a refusal; -1 is none
		answered           string
	}{
		{sent: greeting + "\x05\x01\x00\x01\x7f\x00\x00\x01\x1a\xe1", address: "127.0.0.1:6881", answered: "\x05\x00"},
		{sent: greeting + "\x05\x01\x00\x03\x0bexample.com\x00\x50", address: "example.com:80", answered: "\x05\x00"},
		{sent: greeting + "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff", address: "[2001:db8::1]:65535", answered: "\x05\x00"},
		{sent: "\x05\x02\x02\x00\x05\x01\x00\x01\x01\x02\x03\x04\x00\x01", address: "1.2.3.4:1", answered: "\x05\x00"},
		{sent: greeting + "\x05\x02\x00\x01\x7f\x00\x00\x01\x1a\xe1", err: "command 2: want 1", reply: socksBadCommand},
		{sent: greeting + "\x05\x01\x00\x05\x7f\x00\x00\x01\x1a\xe1", err: "address type 5", reply: socksBadAddress},
		{sent: greeting + "\x05\x01\x00\x03\x00\x00\x50", err: "an empty name", reply: socksBadAddress},
		{sent: "\x05\x01\x02", err: "authenticate", reply: -1, answered: "\x05\xff"},
		{sent: "\x04\x01\x00\x50\x7f\x00\x00\x01\x00", err: "version 4", reply: -1},
		{sent: "GET / HTTP/1.1\r\n\r\n", err: "version 71", reply: -1},
		{sent: greeting + "\x04\x01\x00\x01", err: "version 4 of the request", reply: -1},
		{sent: "", err: "EOF", reply: -1},
		{sent: greeting + "\x05\x01\x00\x03\x0bexample", err: "EOF", reply: -1},
	} {
		w := &wire{Reader: strings.NewReader(tt.sent)}
		address, err := readSOCKS5(w)
		assert.Equal(t, tt.address, address, "%q", tt.sent)
		if tt.err == "" {
			require.NoError(t, err, "%q", tt.sent)
		} else {
			require.ErrorContains(t, err, tt.err, "%q", tt.sent)
			var refused *socksError
			if is := errors.As(err, &refused); assert.Equal(t, tt.reply >= 0, is, "%q", tt.sent) && is {
				assert.Equal(t, byte(tt.reply), socksReply(err)[1])
			}
		}
		if tt.answered != "" {
			assert.Equal(t, tt.answered, w.String(), "%q", tt.sent)
		}
	}
}

func TestSocksReply(t *testing.T) {
	for want, err := range map[byte]error{
		socksSucceeded:          nil,
		socksTTLExpired:         &simulate.LimitError{},
		socksHostUnreachable:    &tcp.ConnectError{},
		socksRefused:            &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		socksNetworkUnreachable: &net.OpError{Op: "dial", Err: syscall.ENETUNREACH},
		socksFailure:            errors.New("no such host"),
	} {
		assert.Equal(t, []byte{5, want, 0, 1, 0, 0, 0, 0, 0, 0}, socksReply(err))
	}
}

func FuzzReadSOCKS5(f *testing.F) {
	f.Add([]byte("\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x1a\xe1rest"))
	f.Add([]byte("\x05\x01\x00\x05\x01\x00\x03\x0bexample.com\x00\x50"))
	f.Add([]byte("\x05\xff\x02"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		r := bytes.NewReader(sent)
		w := &wire{Reader: r}
		address, err := readSOCKS5(w)
		if w.Len() > 2 {
			t.Errorf("%d bytes of answer", w.Len())
		}
		if read := len(sent) - r.Len(); read > 2+255+4+1+255+2 {
			t.Errorf("read %d bytes", read)
		}
		if err != nil {
			if address != "" {
				t.Errorf("address %q with error %v", address, err)
			}
			return
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil && !strings.ContainsAny(address, "[]:") || err == nil && (host == "" || fmt.Sprint(port) == "") {
			t.Errorf("address %q: %v", address, err)
		}
	})
}
