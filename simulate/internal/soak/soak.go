// Package soak is what the soak tests of simulate and its adapters share: how many
// admissions they make, the account of a gate that has to balance at the end, and
// the sums of all accounts. Only tests import it.
package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// Variable is the environment variable that says how many admissions each soak test
// makes.
const Variable = "WINLIMITS_SOAK"

// few is the number where the variable is not set: a second or so for each test.
const few = 2000

// Admissions returns how many admissions a soak test makes.
func Admissions() (int, error) {
	text := os.Getenv(Variable)
	if text == "" {
		return few, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s: %.100q: want a number of admissions, such as 1000000", Variable, text)
	}
	return n, nil
}

// round is how many admissions one machine sees. A testing/synctest bubble keeps
// timers that have been stopped until their time has come, and all that they hold.
const round = 4000

// Rounds divides n admissions into rounds, each with a machine and a bubble of its
// own.
func Rounds(n int) []int64 {
	rounds := make([]int64, (n+round-1)/round)
	for i := range rounds {
		rounds[i] = int64(min(n-i*round, round))
	}
	return rounds
}

// Ledger has the sums of all accounts of a test. Its zero value is empty.
type Ledger struct {
	accounts                int
	sums                    simulate.Stats
	released, queued, moved int64
}

// String returns the sums in one line.
func (l *Ledger) String() string {
	return fmt.Sprintf("%d machines: %v; %d released, %d queued, limit moved %d times",
		l.accounts, l.sums, l.released, l.queued, l.moved)
}

// Account is kept of a gate, from the events of its host. Ledger.Open begins it, and
// Settle compares it with the counters of the gate.
type Account struct {
	ledger  *Ledger
	gate    *simulate.Gate
	highest int
	queue   limits.Limit
	stop    func()

	kinds    [simulate.Held + 1]atomic.Int64
	outcomes [simulate.Superseded + 1]atomic.Int64
	wrong    atomic.Pointer[simulate.Event] // the first event that shows too much
}

// Open begins an account of a gate that nothing has asked yet. The limit in force
// may be moved, but not above what it is now. Events name no gate but a service, so
// that the gate has to be the only one of its service.
func (l *Ledger) Open(gate *simulate.Gate) *Account {
	a := &Account{ledger: l, gate: gate, queue: gate.Policy().Queue}
	a.highest, _ = gate.Limit().Number()
	a.stop = gate.Host().Observe(a.enter)
	return a
}

// enter enters an event.
func (a *Account) enter(e simulate.Event) {
	if e.Service != a.gate.Policy().Rule.Service {
		return
	}
	a.kinds[e.Kind].Add(1)
	if e.Kind == simulate.Decided {
		a.outcomes[e.Outcome].Add(1)
	}
	if e.Held < 0 || e.Held > a.highest || e.Queued < 0 || !a.queue.Holds(e.Queued) {
		a.wrong.CompareAndSwap(nil, &e)
	}
}

// Move moves the limit to any number up to the one that it was at first, again and
// again until ctx is done, and then back.
func (a *Account) Move(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return a.gate.SetLimit(limits.Number(a.highest))
		case <-time.After(time.Duration(rand.IntN(10)) * time.Millisecond):
		}
		if err := a.gate.SetLimit(limits.Number(rand.IntN(a.highest + 1))); err != nil {
			return err
		}
	}
}

// Settle ends the account when nothing is in motion any more, and enters it in the
// ledger. Its error names each sum that does not add up.
func (a *Account) Settle() error {
	a.stop()
	s := a.gate.Stats()
	var errs []error
	same := func(what string, got, want int64) {
		if got != want {
			errs = append(errs, fmt.Errorf("%s: %d, want %d", what, got, want))
		}
	}
	outcome := func(o simulate.Outcome) int64 { return a.outcomes[o].Load() }
	kind := func(k simulate.EventKind) int64 { return a.kinds[k].Load() }
	a.ledger.add(s, kind)
	same("held", int64(s.Held), 0)
	same("queued", int64(s.Queued), 0)
	same("held and no peer's", int64(a.gate.Holds()), 0)
	same("events of the admitted", outcome(simulate.Admitted)+outcome(simulate.Waited), s.Admitted)
	same("events of those that waited", outcome(simulate.Waited), s.Waited)
	same("events of the refused", outcome(simulate.Refused), s.Refused)
	same("events of the timed out", outcome(simulate.TimedOut), s.TimedOut)
	same("events of the abandoned", outcome(simulate.Abandoned), s.Abandoned)
	same("events of the superseded", outcome(simulate.Superseded), s.Superseded)
	same("events without an outcome", outcome(simulate.UnknownOutcome), 0)
	same("events of the released", kind(simulate.Released), s.Admitted+kind(simulate.Held))
	if queued, most := kind(simulate.Queued), s.Waited+s.TimedOut+s.Abandoned+s.Superseded; queued < s.Waited || queued > most {
		errs = append(errs, fmt.Errorf("events of the queued: %d, want %d to %d", queued, s.Waited, most))
	}
	if s.Peak > a.highest {
		errs = append(errs, fmt.Errorf("peak: %d, above the limit of %d", s.Peak, a.highest))
	}
	if e := a.wrong.Load(); e != nil {
		errs = append(errs, fmt.Errorf("%v, where the limit was %d at most and the queue %v", e, a.highest, a.queue))
	}
	// As many slots are free as before, and not one more.
	release, err := a.gate.Hold(a.highest)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	defer release()
	if a.gate.TryAcquire(new(simulate.Slot)) {
		errs = append(errs, fmt.Errorf("a slot is free beside the %d of the limit", a.highest))
	}
	return errors.Join(errs...)
}

func (l *Ledger) add(s simulate.Stats, kind func(simulate.EventKind) int64) {
	l.accounts++
	l.sums.Held += s.Held
	l.sums.Queued += s.Queued
	l.sums.Peak = max(l.sums.Peak, s.Peak)
	l.sums.Admitted += s.Admitted
	l.sums.Waited += s.Waited
	l.sums.Refused += s.Refused
	l.sums.TimedOut += s.TimedOut
	l.sums.Abandoned += s.Abandoned
	l.sums.Superseded += s.Superseded
	l.released += kind(simulate.Released)
	l.queued += kind(simulate.Queued)
	l.moved += kind(simulate.LimitChanged)
}
