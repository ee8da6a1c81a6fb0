// Package queueing has exact formulas for a service that serves a fixed number of
// clients at the same time: which share of them is refused, which share waits, and for
// how long on average.
//
// The words are those of queueing theory. A server is one of the slots: a limit of ten
// sessions is ten servers. A place is a server or a position in the queue. Load is how
// much work arrives, in erlangs: the arrival rate times the mean service time. A load of
// 7 keeps 7 servers busy on average if nothing is refused.
//
// Which formula to use depends on what becomes of a client that finds all servers busy:
//
//   - It is refused: [ErlangB], the loss system. [Engset] is the same for few clients,
//     of which those being served do not arrive.
//   - It waits in a queue without a bound: [ErlangC], the delay system.
//   - It waits in a queue with a bound, and is refused if that is full: [MMcK].
//
// [ErlangBLoad] is the reverse of ErlangB: the load for a share that may be refused.
//
// The formulas assume Poisson arrivals, which are independent of each other; Engset
// assumes exponential think times instead. ErlangC and MMcK also assume exponential
// service times. For a loss system only the mean of the service time matters. For any
// other case there is package forecast.
//
// # Units
//
// Loads are in erlangs. Times in results are in mean service times: multiply by the
// mean service time to get seconds. Shares and probabilities go from 0 to 1.
//
// # Range and errors
//
// Servers, places and sources go up to [Max]. A load is any finite number from 0 on. The
// error of a function is an [*ArgumentError], which names the argument and says what is
// accepted. Nothing overflows; a probability below 1e-298 may be returned as 0. The
// functions are pure and may be called by many goroutines.
package queueing

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Max is the largest number of servers, places or sources that is accepted. It bounds
// the work of a call. The Erlang and Engset formulas take some nine steps times the
// square root of the number of servers, and [MMcK] at most one step for each place.
const Max = 1_000_000_000

// ErrNoSteadyState says that work arrives at least as fast as the servers can do it: the
// queue grows without end, and no mean exists. The [*ArgumentError] of [ErlangC] matches
// it (errors.Is) if the load is not below the number of servers.
var ErrNoSteadyState = errors.New("no steady state")

// ErrArgument says that an argument is out of the range that a formula accepts. Every
// [*ArgumentError] matches it (errors.Is), except those that match [ErrNoSteadyState].
var ErrArgument = errors.New("argument out of range")

// ArgumentError is the error of every function in this package: an argument with a value
// that the function does not accept.
type ArgumentError struct {
	Function string // the function, such as "ErlangC"
	Argument string // the argument, such as "load"
	Value    string // its value, such as "-1"
	Accepted string // what the function accepts, such as "0 or more, and finite"
	Reason   error  // ErrArgument or ErrNoSteadyState
}

// Error returns one line with all fields.
func (e *ArgumentError) Error() string {
	return fmt.Sprintf("queueing: %s: %v: %s is %s; want %s",
		e.Function, e.Reason, e.Argument, e.Value, e.Accepted)
}

// Unwrap returns Reason, for errors.Is.
func (e *ArgumentError) Unwrap() error { return e.Reason }

// ErlangB returns the blocking probability of the M/G/c/c loss system: the probability
// that an arrival finds all servers busy and is refused. With 0 servers it is 1.
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

// ErlangBLoad returns the load, in erlangs, at which [ErlangB] returns the blocking
// probability: how much work may arrive if that share of it may be refused. servers is
// at least 1, and blocking is from 0 to below 1.
func ErlangBLoad(servers int, blocking float64) (float64, error) {
	const f = "ErlangBLoad"
	if err := checkCount(f, "servers", servers, 1); err != nil {
		return 0, err
	}
	if !(blocking >= 0 && blocking < 1) {
		return 0, bad(f, "blocking", blocking, "0 or more, and below 1")
	}
	// Blocking rises with load, and the servers can do the work that is admitted:
	// load*(1-blocking) <= servers. To halve the interval until no float lies inside
	// it needs no derivative and cannot diverge.
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

// Delay is the steady state of a system that refuses no client.
type Delay struct {
	Waiting   float64 // probability that an arrival has to wait
	MeanWait  float64 // Wq: mean wait of all arrivals, in mean service times; 0 for one that does not wait
	MeanQueue float64 // Lq: mean number of clients in the queue
}

// ErlangC returns the steady state of the M/M/c delay system, whose queue has no bound.
// servers is at least 1, and load is below servers: otherwise there is no steady state,
// and the error matches [ErrNoSteadyState].
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

// FiniteQueue is the steady state of a system with a bounded queue, in which some clients
// wait and some are refused.
type FiniteQueue struct {
	Blocking   float64 // probability that an arrival is refused
	Waiting    float64 // probability that an arrival that is admitted has to wait
	MeanWait   float64 // Wq: mean wait of the arrivals that are admitted, in mean service times
	MeanQueue  float64 // Lq: mean number of clients in the queue
	MeanSystem float64 // L: mean number of clients being served or in the queue
}

// MMcK returns the steady state of the M/M/c/K system, whose queue has a bound. servers
// is at least 1. places counts servers and queue together: for 10 servers and a queue of
// 1000 it is 1010. It is at least servers; if it is equal to servers, there is no
// queue, as in the loss system. Every load has a steady state.
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
	below := erlangTail(servers, load) // states below c, in units of p(c)
	if math.IsInf(below.sum, 1) {
		// The probability that all servers are busy is too small for a float.
		return FiniteQueue{MeanSystem: load}, nil
	}

	// The weights of the states from c to K are a geometric series. Its largest weight,
	// at either end, is taken as 1, so that nothing overflows. busy is the sum over the
	// states in which all servers are busy and the queue is not full.
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
		// The rest is less than the last digit of a float, as a geometric series
		// bounds it.
		if j > 1 && weight*float64(room) <= 1e-18*(1-ratio)*min(busy, queue) {
			break
		}
	}
	admitted := busy + scale*below.sum
	total := admitted + full
	out := FiniteQueue{Blocking: full / total, MeanQueue: queue / total}
	carried := load * (admitted / total)
	if rising {
		// load*(1-blocking) loses digits when the load is large. The mean number of
		// idle servers does not.
		carried = c - scale*below.moment/total
	}
	out.MeanSystem = out.MeanQueue + carried
	if admitted > 0 {
		out.Waiting = busy / admitted
		out.MeanWait = out.MeanQueue / carried
	}
	return out, nil
}

// FinitePopulation is the steady state of a loss system with few clients, of which those
// being served do not arrive.
type FinitePopulation struct {
	TimeCongestion float64 // share of the time in which all servers are busy
	CallCongestion float64 // share of the attempts that are refused, which is what clients see
	Carried        float64 // mean number of busy servers, in erlangs
}

// Engset returns the steady state of the loss system with a number of clients, the
// sources. load is that of one source while it is idle: the mean service time divided by
// the mean think time. A source that is refused is idle again. sources is at least 1.
//
// The call congestion equals the time congestion with one source fewer, because a source
// that asks is not being served itself.
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
	case sources <= servers: // no attempt is ever refused
		out.Carried = n * (load / (1 + load))
	case load < 1 || math.IsInf(all.moment, 1):
		// This solves carried = load*(n-carried)*(1-call congestion) for carried.
		accepted := load * (1 - out.CallCongestion)
		out.Carried = n * (accepted / (1 + accepted))
	default:
		out.Carried = float64(servers) - all.moment/(1+all.sum)
	}
	return out, nil
}

// tail sums over the states with j >= 1 idle servers, whose weights are divided by that of
// the state without: sum is the sum of the weights, moment that of the weights times j.
// All terms are positive, so that no digits cancel. A sum too large for a float is +Inf,
// never NaN.
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

// sumTail goes down from the state with all servers busy. down(k) is the weight of k-1
// busy servers divided by that of k. It must not rise as k falls.
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
		// Later ratios are no larger, so that a geometric series bounds the rest.
		if ratio < 1 && weight*float64(servers) <= 1e-18*t.sum*(1-ratio) {
			break
		}
	}
	return t
}

// check returns the first error, so that it is the first wrong argument that is named.
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
