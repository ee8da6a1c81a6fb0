package admission_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// waiters makes waiters that note the order in which they are let in.
func waiters(order *[]string, names ...string) []*admission.Waiter {
	list := make([]*admission.Waiter, len(names))
	for i, name := range names {
		list[i] = &admission.Waiter{ID: i, Granted: func(*admission.Waiter) { *order = append(*order, name) }}
	}
	return list
}

// The lines of processes are served in turn, each in order of arrival.
func TestLinesAreServedInTurn(t *testing.T) {
	var a admission.Admission
	a.Init(1, 1)
	require.True(t, a.Try())
	var order []string
	names := []string{"a1", "a2", "a3", "b1", "c1", "b2"}
	for i, w := range waiters(&order, names...) {
		require.True(t, a.Enqueue(w, names[i][:1], 100))
	}
	assert.EqualValues(t, 6, a.Queued())
	assert.EqualValues(t, 1, a.Queues())
	for range names {
		a.Release(1)
	}
	assert.Equal(t, []string{"a1", "b1", "c1", "a2", "b2", "a3"}, order)
	assert.Zero(t, a.Queued())
	assert.False(t, a.Try(), "the last waiter has the slot")
	a.Release(1)
	assert.True(t, a.Try())
}

// A process that has gone leaves no line behind. However many have gone, an attempt does the
// same work, and their memory is free again.
func TestProcessesThatAreGoneAreForgotten(t *testing.T) {
	var a admission.Admission
	a.Init(0, 10)
	wait := func(process string) {
		w := admission.Waiter{Granted: func(*admission.Waiter) { t.Error("there is no slot") }}
		require.True(t, a.Enqueue(&w, process, 10))
		require.True(t, a.Leave(&w))
		require.False(t, a.Leave(&w))
	}
	wait("p")
	base := testing.AllocsPerRun(1000, func() { wait("p") })
	names := make([]string, 20_000)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	i := 0
	assert.Equal(t, base, testing.AllocsPerRun(len(names)-1, func() { wait(names[i]); i++ }), "nothing is kept for a name")
	assert.Zero(t, a.Queued())
}

func TestBoundAndDebt(t *testing.T) {
	var a admission.Admission
	a.Init(3, 5)
	for range 3 {
		require.True(t, a.Try())
	}
	assert.False(t, a.Try())
	var order []string
	list := waiters(&order, "1", "2", "3")
	require.True(t, a.Enqueue(list[0], "", 2))
	require.True(t, a.Enqueue(list[1], "", 2))
	assert.False(t, a.Enqueue(list[2], "", 2), "the queue is full")
	a.Move(1)
	a.Release(1)
	a.Release(1)
	assert.Empty(t, order, "two slots are paid back first")
	a.Move(3)
	assert.Equal(t, []string{"1", "2"}, order)
	assert.EqualValues(t, 3, a.InForce())
	assert.False(t, a.Take(1))
	a.Release(3)
	assert.False(t, a.Take(4), "all or nothing")
	assert.True(t, a.Take(3))
}

// A paced queue lets in as many as it is told, and no more than there are slots.
func TestPacedQueueWaitsForAdmit(t *testing.T) {
	var a admission.Admission
	a.Paced = true
	a.Init(2, 2)
	var order []string
	for _, w := range waiters(&order, "1", "2", "3") {
		require.True(t, a.Enqueue(w, "", 10))
	}
	assert.False(t, a.Try(), "the queue comes first")
	a.Admit(1)
	assert.Equal(t, []string{"1"}, order)
	a.Admit(5)
	assert.Equal(t, []string{"1", "2"}, order)
	a.Release(1)
	assert.Len(t, order, 2)
	a.Admit(1)
	assert.Len(t, order, 3)
}

// Whatever happens in whatever order, no slot is lost and none is made.
func TestNothingIsLost(t *testing.T) {
	var a admission.Admission
	const ceiling = 5
	a.Init(2, ceiling)
	var workers sync.WaitGroup
	for seed := range 8 {
		workers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(seed), 0))
			for range 2000 {
				switch r.IntN(4) {
				case 0:
					a.Move(int64(r.IntN(ceiling + 1)))
				case 1:
					if a.Try() {
						a.Release(1)
					}
				default:
					granted := make(chan struct{})
					w := admission.Waiter{Granted: func(*admission.Waiter) { close(granted) }}
					if !a.Enqueue(&w, fmt.Sprint(r.IntN(3)), 6) {
						continue
					}
					if r.IntN(2) == 0 || seed > 0 {
						if a.Leave(&w) {
							continue
						}
					}
					<-granted
					a.Release(1)
				}
				if seed == 0 {
					a.Move(ceiling) // so that nothing waits for ever
				}
			}
		})
	}
	workers.Wait()
	a.Move(ceiling)
	assert.Zero(t, a.Queued())
	assert.True(t, a.Take(ceiling))
	assert.False(t, a.Try())
}
