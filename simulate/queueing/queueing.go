// Package queueing has the exact formulas for services that admit a fixed
// number at a time: what share is refused, who waits, and for how long.
//
// A limit that refuses is a loss system ([ErlangB], or [Engset] when the
// clients are few and known). A limit that queues without bound is a delay
// system ([ErlangC]); with a bounded queue it is [MMcK]. The formulas assume
// Poisson arrivals (Engset: exponential think times) and, where somebody
// waits, exponential service times; blocking in a loss system depends on the
// mean of the service time alone. For anything else, simulate.
//
// # Units
//
// Load is in erlangs: arrival rate times mean service time. Times in results
// are in mean service times, so multiply by the mean to get seconds.
//
// # Range
//
// Servers, places and sources go up to [Max]; loads may be any finite number
// that is not negative. Nothing overflows: a probability below 1e-298 may
// be returned as 0. Every function is pure, keeps no state and starts nothing.
package queueing

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Max is the largest number of servers, places or sources accepted. It bounds
// the work of a call: about 9 times the square root of the servers for the
// Erlang and Engset formulas, at most one step a place for [MMcK].
const Max = 1_000_000_000

// ErrNoSteadyState says that work arrives at least as fast as it can be done:
// the queue grows without end, and no mean exists. errors.Is finds it in the
// [*ArgumentError] that [ErlangC] returns.
var ErrNoSteadyState = errors.New("no steady state")

// ErrArgument says that an argument lies outside what a formula accepts.
// errors.Is finds it in every [*ArgumentError] except those for
// [ErrNoSteadyState].
var ErrArgument = errors.New("argument out of range")

// ArgumentError is the error of every function here: which argument of which
// function was wrong, what it was and what would have been accepted.
type ArgumentError struct {
	Function string // such as "ErlangC"
	Argument string // such as "load"
	Value    string // as given, such as "-1"
	Accepted string // such as "0 or more, and finite"
	Reason   error  // ErrArgument or ErrNoSteadyState
}

// Error gives one line with all fields.
func (e *ArgumentError) Error() string {
	return fmt.Sprintf("queueing: %s: %v: %s is %s, accepted: %s",
		e.Function, e.Reason, e.Argument, e.Value, e.Accepted)
}

// Unwrap returns the reason, for errors.Is.
func (e *ArgumentError) Unwrap() error { return e.Reason }

// ErlangB returns the probability that a Poisson arrival finds all servers
// busy and is refused: the M/G/c/c loss system. No servers refuse everybody.
//
// Source: A. K. Erlang, 1917; the sum evaluated is the reciprocal form of
// D. L. Jagerman, "Some properties of the Erlang loss function", Bell System
// Technical Journal 53 (1974).
func ErlangB(servers int, load float64) (float64, error) {
	const f = "ErlangB"
	if err := check(checkCount(f, "servers", servers, 0), checkLoad(f, "load", load)); err != nil {
		return 0, err
	}
	return 1 / (1 + erlangTail(servers, load).sum), nil
}

// ErlangBLoad returns the offered load, in erlangs, at which [ErlangB] gives
// the blocking probability: how much traffic the servers may be offered if
// that share of it may be refused. Blocking is at least 0 and below 1;
// servers at least 1.
func ErlangBLoad(servers int, blocking float64) (float64, error) {
	const f = "ErlangBLoad"
	if err := checkCount(f, "servers", servers, 1); err != nil {
		return 0, err
	}
	if !(blocking >= 0 && blocking < 1) {
		return 0, bad(f, "blocking", blocking, "0 or more, and below 1")
	}
	// Blocking rises with load, and whatever is carried fits the servers:
	// load*(1-blocking) <= servers. Halving the interval until no float lies
	// inside it needs no derivative and cannot diverge.
	low, high := 0.0, float64(servers)/(1-blocking)
	for {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			return low, nil
		}
		if 1/(1+erlangTail(servers, mid).sum) <= blocking {
			low = mid
		} else {
			high = mid
		}
	}
}

// Delay describes a system in which nobody is refused.
type Delay struct {
	Waiting   float64 // probability that an arrival has to wait
	MeanWait  float64 // Wq: mean wait of all arrivals, in mean service times
	MeanQueue float64 // Lq: mean number waiting
}

// ErlangC describes the M/M/c delay system: Poisson arrivals, exponential
// service, an unbounded queue. A load of as many erlangs as servers, or more,
// has no steady state: the error says [ErrNoSteadyState].
//
// Source: A. K. Erlang, 1917; C = cB/(c-a(1-B)), Wq = C/(c-a), Lq = aC/(c-a)
// as in R. B. Cooper, Introduction to Queueing Theory, 2nd edition, 1981.
func ErlangC(servers int, load float64) (Delay, error) {
	const f = "ErlangC"
	if err := check(checkCount(f, "servers", servers, 1), checkLoad(f, "load", load)); err != nil {
		return Delay{}, err
	}
	c := float64(servers)
	if load >= c {
		e := bad(f, "load", load, "below the number of servers, "+strconv.Itoa(servers))
		e.Reason = ErrNoSteadyState
		return Delay{}, e
	}
	b := 1 / (1 + erlangTail(servers, load).sum)
	waiting := c * b / (c - load + load*b)
	return Delay{
		Waiting:   waiting,
		MeanWait:  waiting / (c - load),
		MeanQueue: load * (waiting / (c - load)),
	}, nil
}

// FiniteQueue describes a system with a bounded queue, in which some wait and
// some are refused.
type FiniteQueue struct {
	Blocking   float64 // probability that an arrival is refused
	Waiting    float64 // probability that an admitted arrival has to wait
	MeanWait   float64 // Wq: mean wait of the admitted, in mean service times
	MeanQueue  float64 // Lq: mean number waiting
	MeanSystem float64 // L: mean number present, in service or waiting
}

// MMcK describes the M/M/c/K system: servers that serve at the same time,
// and places for those in service and those waiting together, so places is at
// least servers. Places equal to servers is the loss system. Any load has a
// steady state.
//
// Source: p(n) proportional to the product over i = 1..n of load/min(i,c), as
// in D. Gross and C. M. Harris, Fundamentals of Queueing Theory.
func MMcK(servers, places int, load float64) (FiniteQueue, error) {
	const f = "MMcK"
	if err := check(checkCount(f, "servers", servers, 1), checkLoad(f, "load", load)); err != nil {
		return FiniteQueue{}, err
	}
	if places < servers || places > Max {
		return FiniteQueue{}, badCount(f, "places", places, fmt.Sprintf("%d (the servers) to %d", servers, Max))
	}
	c := float64(servers)
	if load == 0 {
		return FiniteQueue{}, nil
	}
	below := erlangTail(servers, load) // states under c, in units of p(c)
	if math.IsInf(below.sum, 1) {
		// All servers busy is too rare for a float.
		return FiniteQueue{MeanSystem: load}, nil
	}

	// The states from c up to K are a geometric row. Its largest weight is
	// taken as 1, so that nothing overflows whichever end that is. busy sums
	// the states with all servers busy and still room for one more.
	room := places - servers
	ratio := load / c
	rising := ratio > 1
	if rising {
		ratio = c / load
	}
	scale := math.Pow(ratio, float64(room))
	full := 1.0
	if !rising {
		full, scale = scale, 1
	}
	queue := full * float64(room)
	var busy float64
	for j, weight := 1, 1.0; j <= room; j++ {
		waiting := j - 1
		if rising {
			waiting = room - j
			weight *= ratio
		}
		busy += weight
		queue += weight * float64(waiting)
		if !rising {
			weight *= ratio
		}
		// A geometric row bounds the rest: less than a float can show.
		if j > 1 && weight*float64(room) <= 1e-18*(1-ratio)*min(busy, queue) {
			break
		}
	}
	admitted := busy + scale*below.sum
	total := admitted + full
	out := FiniteQueue{Blocking: full / total, MeanQueue: queue / total}
	carried := load * (admitted / total)
	if rising {
		// load*(1-blocking) with a load near the largest float would lose
		// its digits; the mean number of idle servers does not.
		carried = c - scale*below.moment/total
	}
	out.MeanSystem = out.MeanQueue + carried
	if admitted > 0 {
		out.Waiting = busy / admitted
		out.MeanWait = out.MeanQueue / carried
	}
	return out, nil
}

// FinitePopulation describes a loss system whose clients are few: one that is
// being served does not ask again.
type FinitePopulation struct {
	TimeCongestion float64 // share of the time that all servers are busy
	CallCongestion float64 // share of the attempts that are refused
	Carried        float64 // mean number of busy servers, in erlangs
}

// Engset describes the loss system with sources clients, each of which, while
// idle, asks at a rate of load per mean service time; a refused client goes
// back to being idle. Call congestion is what clients see: it equals the time
// congestion that one client fewer would cause, because a client who asks is
// not itself in service.
//
// Source: T. Engset, 1918; E. Pinsky, A. Conway and W. Liu, "Blocking
// formulae for the Engset model", IEEE Transactions on Communications 42
// (1994).
func Engset(sources, servers int, load float64) (FinitePopulation, error) {
	const f = "Engset"
	if err := check(checkCount(f, "sources", sources, 1),
		checkCount(f, "servers", servers, 0), checkLoad(f, "load", load)); err != nil {
		return FinitePopulation{}, err
	}
	if servers == 0 {
		return FinitePopulation{TimeCongestion: 1, CallCongestion: 1}, nil
	}
	all, others := engsetTail(sources, servers, load), engsetTail(sources-1, servers, load)
	out := FinitePopulation{
		TimeCongestion: 1 / (1 + all.sum),
		CallCongestion: 1 / (1 + others.sum),
	}
	n := float64(sources)
	switch {
	case sources <= servers: // nobody is ever refused
		out.Carried = n * (load / (1 + load))
	case load < 1 || math.IsInf(all.moment, 1):
		// carried = load*(n-carried)*(1-call congestion), solved.
		accepted := load * (1 - out.CallCongestion)
		out.Carried = n * (accepted / (1 + accepted))
	default:
		out.Carried = float64(servers) - all.moment/(1+all.sum)
	}
	return out, nil
}

// tail sums up the states below "all servers busy", each weight divided by
// that of the full state: sum is over j >= 1 idle servers, moment the same
// times j. All terms are positive, so no digits cancel, and a sum too large
// for a float (a full state too rare for one) is +Inf and not NaN.
type tail struct{ sum, moment float64 }

func erlangTail(servers int, load float64) tail {
	return sumTail(servers, func(busy float64) float64 { return busy / load })
}

func engsetTail(sources, servers int, load float64) tail {
	if sources < servers {
		return tail{math.Inf(1), math.Inf(1)}
	}
	n := float64(sources)
	return sumTail(servers, func(busy float64) float64 { return busy / ((n - busy + 1) * load) })
}

// sumTail walks down from all servers busy; down(k) is the weight of k-1 busy
// servers over that of k, and does not rise as k falls.
func sumTail(servers int, down func(busy float64) float64) tail {
	var t tail
	weight := 1.0
	for j := 1; j <= servers; j++ {
		ratio := down(float64(servers - j + 1))
		weight *= ratio
		t.sum += weight
		t.moment += weight * float64(j)
		if math.IsInf(t.moment, 1) {
			return tail{math.Inf(1), math.Inf(1)}
		}
		// Later ratios are no larger, so a geometric row bounds the rest.
		if ratio < 1 && weight*float64(servers) <= 1e-18*t.sum*(1-ratio) {
			break
		}
	}
	return t
}

// check returns the first error, so that the earliest argument is named.
func check(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkCount(function, name string, n, least int) error {
	if n < least || n > Max {
		return badCount(function, name, n, fmt.Sprintf("%d to %d", least, Max))
	}
	return nil
}

func checkLoad(function, name string, load float64) error {
	if !(load >= 0) || math.IsInf(load, 1) {
		return bad(function, name, load, "0 or more, and finite")
	}
	return nil
}

func badCount(function, name string, n int, accepted string) *ArgumentError {
	return &ArgumentError{function, name, strconv.Itoa(n), accepted, ErrArgument}
}

func bad(function, name string, v float64, accepted string) *ArgumentError {
	return &ArgumentError{function, name, strconv.FormatFloat(v, 'g', -1, 64), accepted, ErrArgument}
}
