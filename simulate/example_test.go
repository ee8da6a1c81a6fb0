package simulate_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// must keeps the examples short; a program handles its errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ExampleNew() {
	host, err := simulate.New(xpPro, &simulate.Settings{MaxConnections: 40})
	fmt.Println(host.Windows(), err)
	_, err = simulate.New(xpPro, &simulate.Settings{MaxConnections: 41})
	fmt.Println(err)
	// Output:
	// Windows XP Professional SP3 <nil>
	// simulate: Windows XP Professional SP3: MaxConnections 41: want 1 to 40, or 0 for the default; Windows XP Professional takes 10 connections to its web server (IIS) at the same time and refuses the next one; the number can be raised to 40.
}

func ExampleHost_Gate() {
	host := must(simulate.New(limits.Windows{Edition: limits.XPHome}, nil))
	gate := must(host.Gate(limits.SMB))
	slots := make([]simulate.Slot, 6)
	for i := range slots {
		fmt.Print(gate.TryAcquire(&slots[i]), " ")
	}
	slots[0].Release()
	fmt.Println(gate.TryAcquire(&slots[5]))
	fmt.Println(gate.Stats())

	_, err := host.Gate(limits.IIS)
	fmt.Println(errors.Is(err, simulate.ErrAbsent), err)
	// Output:
	// true true true true true false true
	// 5 held, 0 queued, peak 5; 6 admitted, 0 waited, 1 refused, 0 timed out, 0 abandoned
	// true simulate: no such service in this edition: Windows XP Home has no web server of its own (IIS).
}

func ExampleGate_Acquire() {
	host := must(simulate.New(limits.Windows{Edition: limits.Windows7Starter}, nil))
	gate := must(host.Gate(limits.IIS)) // one request at a time; the others wait
	var first, second simulate.Slot
	fmt.Println(gate.Acquire(context.Background(), &first))

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err := gate.Acquire(ctx, &second)
	fmt.Println(errors.Is(err, simulate.ErrLimit), errors.Is(err, context.DeadlineExceeded))
	var limit *simulate.LimitError
	fmt.Println(errors.As(err, &limit), limit.Outcome, limit.Held, "of", limit.Limit)
	// Output:
	// <nil>
	// true true
	// true timed-out 1 of 1
}

func ExampleGate_TryAcquire() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.RDP))
	serve := func() bool {
		var slot simulate.Slot
		if !gate.TryAcquire(&slot) {
			return false
		}
		defer slot.Release()
		return true
	}
	fmt.Println(serve(), serve())
	// Output: true true
}

func ExampleGate_SetLimit() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.IIS))
	fmt.Println(gate.Limit(), gate.Policy().Ceiling)
	fmt.Println(gate.SetLimit(limits.Number(40)), gate.Limit())
	fmt.Println(gate.SetLimit(limits.Number(41)) != nil, gate.Limit())
	// Output:
	// 10 40
	// <nil> 40
	// true 40
}

func ExampleGate_Wait() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.SMB))
	go func() {
		var slot simulate.Slot
		gate.TryAcquire(&slot)
	}()
	err := gate.Wait(context.Background(), func(s simulate.Stats) bool { return s.Admitted == 1 })
	fmt.Println(err, gate.Stats().Held)
	// Output: <nil> 1
}

func ExampleGate_WaitHeld() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.SMB))
	var slot simulate.Slot
	gate.TryAcquire(&slot)
	go slot.Release()
	fmt.Println(gate.WaitHeld(context.Background(), 0))
	// Output: <nil>
}

func ExampleHost_Observe() {
	host := must(simulate.New(limits.Windows{Edition: limits.VistaStarter}, nil))
	stop := host.Observe(func(e simulate.Event) {
		fmt.Println(e.Windows, e.Service, e.Kind, e.Outcome, "limit", e.Limit)
	})
	defer stop()
	gate := must(host.Gate(limits.SMB))
	gate.TryAcquire(new(simulate.Slot))
	// Output: Windows Vista Starter smb decided refused limit 0
}

func ExampleGate_Hold() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.SMB))
	release := must(gate.Hold(10)) // the machine is full
	defer release()
	fmt.Println(gate.TryAcquire(new(simulate.Slot)), gate.Stats().Admitted)
	// Output: false 0
}

func ExampleGate_SetHolds() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.SMB))
	for _, n := range []int{10, 3, 11} {
		err := gate.SetHolds(n)
		fmt.Println(gate.Holds(), err)
	}
	// Output:
	// 10 <nil>
	// 3 <nil>
	// 3 simulate: hold 8 slots of smb of Windows XP Professional SP3: only 7 of 10 are free, with 0 queued
}

func ExampleGate_ResetStats() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.SMB))
	var stays, leaves simulate.Slot
	gate.TryAcquire(&stays)
	gate.TryAcquire(&leaves)
	leaves.Release()
	gate.ResetStats()
	fmt.Println(gate.Stats())
	// Output: 1 held, 0 queued, peak 1; 0 admitted, 0 waited, 0 refused, 0 timed out, 0 abandoned
}

func ExampleHost_Policy() {
	host := must(simulate.New(xpPro, &simulate.Settings{MaxConnections: 20}))
	policy := must(host.Policy(limits.IIS))
	fmt.Println(policy.Limit, "of", policy.Ceiling, policy.Rule.Unit, policy.Discipline, policy.IdleTimeout)
	// Output: 20 of 40 connections refuse 5m0s
}

// What a package of adapters keeps for each machine.
func ExamplePart() {
	type counter struct{ n int }
	host := must(simulate.New(xpPro, nil))
	for range 3 {
		part := must(simulate.Part(host, func() *counter { return new(counter) }))
		part.n++
		fmt.Print(part.n, " ")
	}
	// Output: 1 2 3
}

// A gate of its own, for one of several things on a machine that have a limit
// each.
func ExampleNewGate() {
	host := must(simulate.New(xpPro, nil))
	policy := must(host.Policy(limits.TCPBacklog))
	gate := simulate.NewGate(host, policy)
	fmt.Println(gate.Limit(), gate.Policy().Rule.Unit)
	// Output: 10 connections
}
