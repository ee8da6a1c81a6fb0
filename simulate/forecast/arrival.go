package forecast

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/text"
)

// Arrival says when each client comes for the first time. The zero Arrival is all at
// the start. An Arrival is a plain value that has a text form, for flags and files:
//
//	at-once              all at the start
//	every(2s)            the first at the start, then one every 2 s
//	poisson(2s)          at random, 2 s apart on average
//	trace(0s,1.5s,9s)    at these times, one for each client
type Arrival struct {
	kind  arrivalKind
	gap   time.Duration
	times []time.Duration
}

type arrivalKind uint8

const (
	atOnce arrivalKind = iota
	evenly
	poisson
	trace
)

// AtOnce lets all clients come at the start.
func AtOnce() Arrival { return Arrival{} }

// Every lets one client come every gap, the first at the start.
func Every(gap time.Duration) Arrival { return Arrival{kind: evenly, gap: gap} }

// Poisson lets clients come at random, as a Poisson process. The gaps between them,
// and the time before the first, have the mean.
func Poisson(mean time.Duration) Arrival { return Arrival{kind: poisson, gap: mean} }

// Trace lets a client come at each of the times, which are in ascending order and as
// many as the clients. It does not copy them.
func Trace(times ...time.Duration) Arrival { return Arrival{kind: trace, times: times} }

// IsTrace reports whether a is a Trace. Its number of clients is fixed, so that
// Capacity and Sweep do not accept it.
func (a Arrival) IsTrace() bool { return a.kind == trace }

// IsZero reports whether a is the zero Arrival, which is AtOnce.
func (a Arrival) IsZero() bool { return a.kind == atOnce }

// Valid returns nil if a scenario can have a. The error says what is accepted.
func (a Arrival) Valid() error {
	switch a.kind {
	case atOnce:
	case evenly, poisson:
		if a.gap <= 0 || a.gap > longest {
			return fmt.Errorf("gap %v: want above 0, up to %v", a.gap, longest)
		}
	case trace:
		if len(a.times) == 0 || a.times[0] < 0 || a.times[len(a.times)-1] > longest || !slices.IsSorted(a.times) {
			return fmt.Errorf("trace of %d times: want one or more, ascending, from 0 to %v", len(a.times), longest)
		}
	default:
		return fmt.Errorf("%d is no kind of arrival", a.kind)
	}
	return nil
}

// together returns the largest number of the first clients that come at one instant.
func (a Arrival) together(clients int) int {
	switch a.kind {
	case evenly, poisson:
		return min(clients, 1)
	case trace:
		most, n := 0, 0
		for i, at := range a.times[:clients] {
			if n++; i > 0 && at != a.times[i-1] {
				n = 1
			}
			most = max(most, n)
		}
		return most
	}
	return clients
}

// String returns the text form.
func (a Arrival) String() string {
	switch a.kind {
	case evenly:
		return fmt.Sprintf("every(%s)", text.Time(a.gap))
	case poisson:
		return fmt.Sprintf("poisson(%s)", text.Time(a.gap))
	case trace:
		return "trace(" + joinDurations(a.times) + ")"
	}
	return "at-once"
}

// ParseArrival reads the text form of an Arrival. The error shows the forms.
func ParseArrival(form string) (Arrival, error) {
	fail := func(err error) (Arrival, error) {
		const forms = "at-once, every(2s), poisson(2s) or trace(0s,1s,5s)"
		if err != nil {
			return Arrival{}, fmt.Errorf("forecast: arrival %s: %w; want %s", text.Quote(form, 60), err, forms)
		}
		return Arrival{}, fmt.Errorf("forecast: arrival %s: want %s", text.Quote(form, 100), forms)
	}
	if strings.EqualFold(strings.TrimSpace(form), "at-once") {
		return AtOnce(), nil
	}
	name, args := splitCall(form)
	times := make([]time.Duration, len(args))
	for i, arg := range args {
		v, err := time.ParseDuration(arg)
		if err != nil {
			return fail(fmt.Errorf("invalid duration %s", text.Quote(arg, 40)))
		}
		times[i] = v
	}
	var a Arrival
	switch {
	case name == "trace" && len(times) > 0:
		a = Trace(times...)
	case name == "every" && len(times) == 1:
		a = Every(times[0])
	case name == "poisson" && len(times) == 1:
		a = Poisson(times[0])
	default:
		return fail(nil)
	}
	if err := a.Valid(); err != nil {
		return fail(err)
	}
	return a, nil
}

// MarshalText returns the text form. An Arrival that is not valid is an error.
func (a Arrival) MarshalText() ([]byte, error) {
	if err := a.Valid(); err != nil {
		return nil, fmt.Errorf("forecast: arrival: %w", err)
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads what ParseArrival reads.
func (a *Arrival) UnmarshalText(text []byte) error {
	parsed, err := ParseArrival(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// arrivals draws the times at which clients come, one after the other.
type arrivals struct {
	src  *rand.PCG
	next int64 // the number of clients that have come
	at   int64
}

func (a *arrivals) init(p *plan) {
	src := p.stream(0, 0, arrivalStream)
	a.src = &src
}

// draw returns the time of the next arrival, or never.
func (a *arrivals) draw(p *plan) int64 {
	if a.next == p.clients {
		return never
	}
	switch p.arrive.kind {
	case poisson:
		a.at = after(a.at, int64(float64(p.arrive.gap)*rand.New(a.src).ExpFloat64()))
	case evenly:
		if a.next > 0 {
			a.at = after(a.at, int64(p.arrive.gap))
		}
	case trace:
		a.at = int64(p.arrive.times[a.next])
	}
	a.next++
	return a.at
}
