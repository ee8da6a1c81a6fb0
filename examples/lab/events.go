package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// feed numbers the events of all machines. It keeps the last ones of all machines
// together, and the last ones of each.
type feed struct {
	mu     sync.Mutex
	last   uint64 // id
	all    *history
	change chan struct{} // closed by the next event; nil if nothing waits for it
}

// history has the last events of one stream. The lock of its feed guards it.
type history struct {
	ring  []entry // a ring once it has maxEvents
	first int     // the oldest
	lost  uint64  // id of the last event that it does not have any more
}

// entry is an event with its id and the name of its machine.
type entry struct {
	id   uint64
	host string
	simulate.Event
}

// newFeed returns a feed whose ids begin with the time in microseconds. A client that
// resumes with an id of an earlier lab then gets all events of this one.
func newFeed(now time.Time) *feed {
	f := &feed{last: uint64(now.UnixMicro())}
	f.all = f.newHistory()
	return f
}

func (f *feed) newHistory() *history { return new(history) }

func (f *feed) add(h *history, host string, e simulate.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	entry := entry{f.last, host, e}
	f.all.add(entry)
	h.add(entry)
	if f.change != nil {
		close(f.change)
		f.change = nil
	}
}

func (h *history) add(e entry) {
	if len(h.ring) < maxEvents {
		h.ring = append(h.ring, e)
		return
	}
	h.lost = h.ring[h.first].id
	h.ring[h.first] = e
	h.first = (h.first + 1) % maxEvents
}

// after returns at most a hundred events that came after an id, the oldest first. It
// reports a gap if the feed does not have all of them any more. The next event closes
// change.
func (f *feed) after(h *history, id uint64) (entries []entry, gap bool, change <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := func(i int) *entry { return &h.ring[(h.first+i)%len(h.ring)] }
	begin := sort.Search(len(h.ring), func(i int) bool { return at(i).id > id })
	for i := begin; i < min(begin+100, len(h.ring)); i++ {
		entries = append(entries, *at(i))
	}
	if f.change == nil {
		f.change = make(chan struct{})
	}
	return entries, h.lost > id, f.change
}

// latest returns the id of the last event.
func (f *feed) latest() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// eventJSON is an event in the stream.
type eventJSON struct {
	Time    time.Time          `json:"time"`
	Kind    simulate.EventKind `json:"kind"`
	Host    string             `json:"host"`
	Service limits.Service     `json:"service"`
	Outcome simulate.Outcome   `json:"outcome,omitzero"`
	Peer    string             `json:"peer,omitzero"`
	Waited  duration           `json:"waited,omitzero"`
	Held    int                `json:"held"`
	Queued  int                `json:"queued"`
	Limit   limits.Limit       `json:"limit"`
	Log     *simulate.LogEntry `json:"log,omitempty"`
}

func (e entry) data() ([]byte, error) {
	return json.Marshal(eventJSON{
		e.Time, e.Kind, e.host, e.Service, e.Outcome, e.Peer, duration(e.Waited), e.Held, e.Queued, e.Limit, e.Log,
	})
}

// stream sends the events of a history as server-sent events, until the client goes
// or done is closed.
func (l *lab) stream(w http.ResponseWriter, r *http.Request, h *history, done <-chan struct{}) error {
	if err := noQuery(r); err != nil {
		return err
	}
	id := l.events.latest()
	if text := r.Header.Get("Last-Event-ID"); text != "" {
		var err error
		if id, err = strconv.ParseUint(text, 10, 64); err != nil {
			return bad("Last-Event-ID %.40q: want the id of an event, which is a number", text)
		}
	}
	release, err := enter(l.streams, "event streams")
	if err != nil {
		return err
	}
	defer release()
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	send := func(format string, args ...any) bool {
		_ = out.SetWriteDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(w, format, args...)
		return out.Flush() == nil
	}
	_ = out.SetReadDeadline(time.Time{})
	alive := time.NewTicker(15 * time.Second)
	defer alive.Stop()
	if !send(": events of winlimits\n\n") {
		return nil
	}
	for {
		entries, gap, change := l.events.after(h, id)
		text := ""
		if gap && id > 0 {
			text = ": some events before these are lost\n\n"
		}
		for _, e := range entries {
			data, err := e.data()
			if err != nil {
				l.log.Error("event", "error", err)
				continue
			}
			text += fmt.Sprintf("id: %d\ndata: %s\n\n", e.id, data)
			id = e.id
		}
		if len(entries) > 0 {
			if !send("%s", text) {
				return nil
			}
			continue
		}
		select {
		case <-change:
		case <-alive.C:
			if !send(": \n\n") {
				return nil
			}
		case <-done:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}
