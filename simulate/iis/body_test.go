package iis_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
)

// A queued client that has sent its request, whatever that is, leaves the queue
// when it goes.
func TestGonePostLeavesTheQueue(t *testing.T) {
	s := startWeb(t, "http", win10, nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it is gone") }))
	release, err := s.gate.Hold(10)
	require.NoError(t, err)
	defer release()
	for i, req := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel", // the rest does not come
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
	} {
		c := s.dial(t)
		_, err := io.WriteString(c, req)
		require.NoError(t, err)
		require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }), req)
		require.NoError(t, c.Close())
		require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool {
			return s.Queued == 0 && s.Abandoned == int64(i+1)
		}), req)
	}
}

// A handler reads the body of a queued request as it was sent, however long it is
// and in whatever pieces it comes.
func TestBodyOfQueuedRequest(t *testing.T) {
	s := startWeb(t, "http", win10, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unread" {
			return
		}
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.NoError(t, r.Body.Close())
		_, err = r.Body.Read(make([]byte, 1))
		assert.Error(t, err)
		_, _ = w.Write(body)
	}))
	for _, size := range []int{0, 1, 5, 4096, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		for _, chunked := range []bool{false, true} {
			for _, early := range []bool{false, true} { // is it sent before the slot is free?
				name := fmt.Sprintf("%d chunked %t early %t", size, chunked, early)
				sent := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
				r, w := io.Pipe()
				req, err := http.NewRequest("POST", s.url, struct{ io.Reader }{r})
				require.NoError(t, err)
				req.ContentLength = int64(size)
				if chunked {
					req.ContentLength = -1
				}
				release, err := s.gate.Hold(10)
				require.NoError(t, err)
				answered := make(chan string, 1)
				go func() {
					resp, err := s.client(t).Do(req)
					_, body := read(t, resp, err)
					answered <- body
				}()
				go func() {
					if !early {
						assert.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
						release()
					}
					_, _ = w.Write(sent)
					w.Close()
				}()
				if early {
					require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
					release()
				}
				assert.True(t, string(sent) == <-answered, name)
			}
		}
	}

	// The connection goes on after a request whose body nothing has read, and after
	// one whose body came late.
	c := s.dial(t)
	in := bufio.NewReader(c)
	for range 3 {
		release, err := s.gate.Hold(10)
		require.NoError(t, err)
		fmt.Fprint(c, "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
		require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
		release()
		fmt.Fprint(c, "hello") // net/http waits for it before it answers
		resp, err := http.ReadResponse(in, nil)
		status, _ := read(t, resp, err)
		assert.Equal(t, "200 OK", status)
		fmt.Fprintf(c, "GET /unread HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err = http.ReadResponse(in, nil)
		status, _ = read(t, resp, err)
		assert.Equal(t, "200 OK", status)
	}
}

// A form that is parsed from a body that has been read ahead leaves no files.
func TestFormOfQueuedRequest(t *testing.T) {
	s := startWeb(t, "http", win10, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.FormValue("name"))
	}))
	release, err := s.gate.Hold(10)
	require.NoError(t, err)
	answered := make(chan string, 1)
	go func() {
		resp, err := s.client(t).Post(s.url, "application/x-www-form-urlencoded", strings.NewReader("name=value"))
		_, body := read(t, resp, err)
		answered <- body
	}()
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
	release()
	assert.Equal(t, "value", <-answered)
}
