package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// An eventStream is an open stream of events.
type eventStream struct {
	t     *testing.T
	lines *bufio.Scanner
	close context.CancelFunc
}

// stream opens a stream and reads the comment that comes at once.
func (b *bench) events(path, last string) *eventStream {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	b.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", b.url+path, nil)
	require.NoError(b.t, err)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { resp.Body.Close() })
	require.Equal(b.t, 200, resp.StatusCode)
	require.Equal(b.t, "text/event-stream; charset=utf-8", resp.Header.Get("Content-Type"))
	s := &eventStream{b.t, bufio.NewScanner(resp.Body), cancel}
	require.True(b.t, s.lines.Scan())
	require.True(b.t, strings.HasPrefix(s.lines.Text(), ":"), s.lines.Text())
	return s
}

// next returns the next event.
func (s *eventStream) next() (id string, e eventJSON) {
	s.t.Helper()
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "data":
			require.NoError(s.t, json.Unmarshal([]byte(value), &e))
			return id, e
		}
	}
	require.Fail(s.t, "the stream has ended", s.lines.Err())
	return
}

func TestEventsResume(t *testing.T) {
	b := newBench(t)
	b.host("XP Pro SP3", `{"kind":"iis"}`)
	b.named("other", "XP Pro SP3")
	hold := func(host string, n string) { b.ok("PATCH", "/api/hosts/"+host+"/services/iis", `{"hold":`+n+`}`) }
	s := b.events("/api/events", "")
	hold("box", "1")
	id, e := s.next()
	assert.Equal(t, "box", e.Host)
	assert.Equal(t, limits.IIS, e.Service)
	assert.Equal(t, simulate.Held, e.Kind)
	assert.Equal(t, 1, e.Held)
	assert.Equal(t, 10, number(t, e.Limit))
	assert.WithinDuration(t, time.Now(), e.Time, time.Minute)

	// The stream is cut, and things happen meanwhile.
	s.close()
	for _, n := range []string{"2", "3"} {
		hold("box", n)
		hold("other", n)
	}
	s = b.events("/api/events", id)
	ids := map[string]bool{id: true}
	for _, want := range []string{"box 2", "other 2", "box 3", "other 3"} {
		var got eventJSON
		id, got = s.next()
		assert.False(t, ids[id], "an id is there once")
		ids[id] = true
		assert.Equal(t, want, got.Host+" "+string(rune('0'+got.Held)))
	}
	// And goes on.
	hold("box", "5")
	_, e = s.next()
	assert.Equal(t, 5, e.Held)

	// The stream of one host has its events only, and the same ids.
	of := b.events("/api/hosts/other/events", "1")
	_, e = of.next()
	assert.Equal(t, 2, e.Held)
	last, e := of.next()
	assert.Equal(t, 3, e.Held)
	assert.Equal(t, id, last)
	b.ok("DELETE", "/api/hosts/other", "")
	for of.lines.Scan() { // ends with the host
		assert.NotContains(t, of.lines.Text(), "data:")
	}
}

func TestEventsReplayAThousand(t *testing.T) {
	b := newBench(t)
	b.host("XP Pro SP3")
	gate, err := b.find("box").gate(limits.IIS)
	require.NoError(t, err)
	for range maxEvents {
		release, err := gate.Hold(1)
		require.NoError(t, err)
		release()
	}
	s := b.events("/api/events", "1")
	first, _ := s.next()
	last := first
	for range maxEvents - 1 {
		id, _ := s.next()
		assert.Greater(t, id, last)
		last = id
	}
	b.ok("PATCH", "/api/hosts/box/services/iis", `{"hold":7}`)
	_, e := s.next()
	assert.Equal(t, 7, e.Held, "nothing came after the thousand")
}

// TestEventsOfAnOlderLab: an id that an earlier lab gave is before all of this one.
func TestEventsOfAnOlderLab(t *testing.T) {
	older := newFeed(time.Now().Add(-time.Second))
	for range 1000 {
		older.add(older.newHistory(), "box", simulate.Event{})
	}
	assert.Less(t, older.latest(), newFeed(time.Now()).latest())
}

func TestEventStreamsAreBounded(t *testing.T) {
	b := newBench(t)
	before := heap()
	var open []io.Closer
	full := 0
	for range 1000 {
		resp, err := http.Get(b.url + "/api/events")
		require.NoError(t, err)
		if resp.StatusCode == 503 {
			text, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Contains(t, string(text), "100 event streams")
			resp.Body.Close()
			full++
			continue
		}
		require.Equal(t, 200, resp.StatusCode)
		open = append(open, resp.Body)
	}
	assert.Len(t, open, maxStreams)
	assert.Equal(t, 1000-maxStreams, full)
	assert.Less(t, heap()-before, int64(64<<20))
	for _, c := range open {
		c.Close()
	}
	assert.Eventually(t, func() bool { return len(b.streams) == 0 }, 10*time.Second, time.Millisecond)
	b.refuses(400, "GET", "/api/events?after=1", "", "after")
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/events", nil)
	require.NoError(t, err)
	r.Header.Set("Last-Event-ID", "x")
	status, text := b.do(r)
	assert.Equal(t, 400, status, text)
}

// stamps is an answer that remembers when it was written.
type stamps struct {
	*httptest.ResponseRecorder
	begun time.Time
	times []time.Duration
}

func (s *stamps) Write(b []byte) (int, error) {
	s.times = append(s.times, time.Since(s.begun))
	return s.ResponseRecorder.Write(b)
}

// TestEventsStayOpen: a comment comes at once, and one every 15 s, so that what is
// on the way does not close the stream.
func TestEventsStayOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(false, slog.New(slog.DiscardHandler))
		defer l.close()
		ctx, cancel := context.WithTimeout(t.Context(), 46*time.Second)
		defer cancel()
		w := &stamps{ResponseRecorder: httptest.NewRecorder(), begun: time.Now()}
		require.NoError(t, l.stream(w, httptest.NewRequestWithContext(ctx, "GET", "/api/events", nil), l.events.all, nil))
		assert.Equal(t, []time.Duration{0, 15 * time.Second, 30 * time.Second, 45 * time.Second}, w.times)
		assert.Equal(t, ": events of winlimits\n\n"+strings.Repeat(": \n\n", 3), w.Body.String())
	})
}
