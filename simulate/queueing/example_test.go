package queueing_test

import (
	"errors"
	"fmt"

	"github.com/winlimits/winlimits/simulate/queueing"
)

// Ten connections and a load of seven: one attempt in thirteen is refused.
func ExampleErlangB() {
	blocking, err := queueing.ErlangB(10, 7)
	fmt.Printf("%.7f %v\n", blocking, err)
	// Output: 0.0787409 <nil>
}

// The load that ten connections can take if one attempt in a hundred may be refused.
func ExampleErlangBLoad() {
	load, err := queueing.ErlangBLoad(10, 0.01)
	fmt.Printf("%.4f erlangs %v\n", load, err)
	// Output: 4.4612 erlangs <nil>
}

// Ten requests execute at the same time, at a load of nine. A load of ten has no steady
// state.
func ExampleErlangC() {
	d, err := queueing.ErlangC(10, 9)
	fmt.Printf("%.4f wait, %.4f service times each, %.4f in the queue, %v\n",
		d.Waiting, d.MeanWait, d.MeanQueue, err)

	_, err = queueing.ErlangC(10, 10)
	fmt.Println(errors.Is(err, queueing.ErrNoSteadyState))
	fmt.Println(err)
	// Output:
	// 0.6687 wait, 0.6687 service times each, 6.0186 in the queue, <nil>
	// true
	// queueing: ErlangC: no steady state: load is 10; want below the number of servers, 10
}

// Ten requests execute at the same time, and ten more fit into the queue.
func ExampleMMcK() {
	q, err := queueing.MMcK(10, 20, 10)
	fmt.Printf("%.4f refused, %.4f of the others wait, %.4f present, %v\n",
		q.Blocking, q.Waiting, q.MeanSystem, err)
	// Output: 0.0682 refused, 0.7321 of the others wait, 13.0695 present, <nil>
}

// Twenty clients share ten sessions. Each thinks twice as long as it is served.
func ExampleEngset() {
	e, err := queueing.Engset(20, 10, 0.5)
	fmt.Printf("all busy %.4f of the time, %.4f of the attempts refused, %.4f busy, %v\n",
		e.TimeCongestion, e.CallCongestion, e.Carried, err)
	// Output: all busy 0.0564 of the time, 0.0417 of the attempts refused, 6.4787 busy, <nil>
}

// The error has the argument, its value and what is accepted.
func ExampleArgumentError() {
	_, err := queueing.MMcK(10, 9, 1)
	var bad *queueing.ArgumentError
	if errors.As(err, &bad) {
		fmt.Println(bad.Argument, "is", bad.Value, "but may be", bad.Accepted)
	}
	// Output: places is 9 but may be 10 (the servers) to 1000000000
}
