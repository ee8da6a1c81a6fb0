package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// A screen shows progress: on a terminal in one line that changes, elsewhere in a
// new line every second.
type screen struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	shown    bool // the line that changes is on the terminal
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		s.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

// line prints a line that stays.
func (s *screen) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	fmt.Fprintln(s.out, text)
}

func (s *screen) clear() {
	if s.shown {
		fmt.Fprint(s.out, "\r\x1b[K")
		s.shown = false
	}
}

// show shows the text of state again and again. Stop shows it a last time and
// ends that.
func (s *screen) show(state func() string) (stop func()) {
	every := time.Second
	if s.terminal {
		every = 100 * time.Millisecond
	}
	done := make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			if !s.terminal {
				s.line(state())
				continue
			}
			text := state()
			s.mu.Lock()
			s.clear()
			fmt.Fprint(s.out, text)
			s.shown = true
			s.mu.Unlock()
		}
	})
	return func() {
		close(done)
		showing.Wait()
		s.line(state())
	}
}
