package forecast_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/forecast"
)

// handHeap is a binary heap of departures.
type handHeap []float64

func (h *handHeap) push(v float64) {
	*h = append(*h, v)
	s := *h
	i := len(s) - 1
	for i > 0 {
		p := (i - 1) / 2
		if s[p] <= v {
			break
		}
		s[i] = s[p]
		i = p
	}
	s[i] = v
}

func (h *handHeap) pop() {
	s := *h
	n := len(s) - 1
	v := s[n]
	s = s[:n]
	*h = s
	i := 0
	for {
		c := 2*i + 1
		if c >= n {
			break
		}
		if c+1 < n && s[c+1] < s[c] {
			c++
		}
		if v <= s[c] {
			break
		}
		s[i] = s[c]
		i = c
	}
	if n > 0 {
		s[i] = v
	}
}

// handLoss is the shortest honest M/M/c/c: what anybody would write by hand.
func handLoss(n, servers int, load float64, seed uint64) (refused int) {
	r := rand.New(rand.NewPCG(seed, 1))
	h := make(handHeap, 0, servers)
	now := 0.0
	for range n {
		now += r.ExpFloat64() / load
		for len(h) > 0 && h[0] <= now {
			h.pop()
		}
		if len(h) == servers {
			refused++
			continue
		}
		h.push(now + r.ExpFloat64())
	}
	return refused
}

// handQueue is the same for M/M/c: a heap of the times at which servers are free.
func handQueue(n, servers int, load float64, seed uint64) (waited int, wait float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	free := make([]float64, servers)
	now := 0.0
	for range n {
		now += r.ExpFloat64() / load
		start := now
		if free[0] > now {
			start = free[0]
			waited++
			wait += start - now
		}
		v := start + r.ExpFloat64()
		i := 0
		for {
			c := 2*i + 1
			if c >= servers {
				break
			}
			if c+1 < servers && free[c+1] < free[c] {
				c++
			}
			if v <= free[c] {
				break
			}
			free[i] = free[c]
			i = c
		}
		free[i] = v
	}
	return waited, wait
}

// handSeats is the same for forecast.SeatsScenario: a heap of what each client
// does next, in minutes.
func handSeats(seed uint64) (attempts, refused int) {
	r := rand.New(rand.NewPCG(seed, 1))
	var seats [25]struct {
		at    float64
		tries int // retries so far, or -1 while it holds a slot
	}
	now := 0.0
	for i := range seats {
		now += r.ExpFloat64()
		seats[i].at = now
	}
	for held := 0; seats[0].at <= 8*60; {
		s := seats[0]
		switch {
		case s.tries < 0:
			held--
			s.at, s.tries = s.at+30*r.ExpFloat64(), 0
		case held < 20:
			attempts++
			held++
			s.at, s.tries = s.at+30*r.ExpFloat64()+15, -1
		case s.tries < 3:
			attempts++
			s.at, s.tries = s.at+1, s.tries+1
		default:
			attempts++
			refused++
			s.at, s.tries = s.at+30*r.ExpFloat64(), 0
		}
		i := 0
		for {
			c := 2*i + 1
			if c >= len(seats) {
				break
			}
			if c+1 < len(seats) && seats[c+1].at < seats[c].at {
				c++
			}
			if s.at <= seats[c].at {
				break
			}
			seats[i] = seats[c]
			i = c
		}
		seats[i] = s
	}
	return attempts, refused
}

// The loops that the benchmarks compare Run with find what it finds.
func TestLoopsOfTheBenchmarks(t *testing.T) {
	const customers = 200_000
	r, err := forecast.Run(t.Context(), forecast.LossScenario(customers))
	require.NoError(t, err)
	assert.InDelta(t, r.Lost(), float64(handLoss(customers, 10, 7, 1))/customers, 0.006)

	r, err = forecast.Run(t.Context(), forecast.QueueScenario(customers))
	require.NoError(t, err)
	waited, wait := handQueue(customers, 10, 7, 1)
	assert.InDelta(t, float64(r.Waited)/customers, float64(waited)/customers, 0.02)
	assert.InDelta(t, r.Wait.Mean.Seconds(), wait/customers, 0.01)

	const days = 500
	s := forecast.SeatsScenario()
	var attempts, refused [2]float64
	for day := range uint64(days) {
		s.Seed = day
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		a, n := handSeats(day)
		attempts = [2]float64{attempts[0] + float64(r.Attempts)/days, attempts[1] + float64(a)/days}
		refused = [2]float64{refused[0] + float64(r.Refused)/days, refused[1] + float64(n)/days}
	}
	assert.InEpsilon(t, attempts[0], attempts[1], 0.02)
	assert.InEpsilon(t, refused[0], refused[1], 0.15)
}

// beside measures so many runs of a scenario, each with its set-up, and in turns
// so many loops that do the same. It returns the seconds that an attempt takes, each
// from the fastest of its turns, which other programs on the machine disturbed least.
func beside(b *testing.B, s forecast.Scenario, runs, loops int, loop func(seed uint64) (attempts int)) (run, hand float64) {
	b.ReportAllocs()
	fastest := func(before float64, n int, f func(seed uint64) (attempts int)) float64 {
		attempts, start := 0, time.Now()
		for seed := range n {
			attempts += f(uint64(seed))
		}
		return min(before, time.Since(start).Seconds()/float64(attempts))
	}
	run, hand = math.Inf(1), math.Inf(1)
	for b.Loop() {
		hand = fastest(hand, loops, loop)
		run = fastest(run, runs, func(seed uint64) int {
			s.Seed = seed
			r, err := forecast.Run(b.Context(), s)
			if err != nil {
				b.Fatal(err)
			}
			return int(r.Attempts)
		})
	}
	b.ReportMetric(0, "ns/op") // of both together says nothing
	return run, hand
}

// BenchmarkRun compares Run with the loops above, which do the same and nothing
// else: same traffic, no calendar of other events, no gate, no report. "ratio"
// is the speed of Run over that of the loop.
func BenchmarkRun(b *testing.B) {
	const customers = 50_000
	for _, c := range []struct {
		name        string
		s           forecast.Scenario
		runs, loops int
		hand        func(seed uint64) (attempts int)
	}{
		{"loss", forecast.LossScenario(customers), 1, 1, func(seed uint64) int { handLoss(customers, 10, 7, seed); return customers }},
		{"queue", forecast.QueueScenario(customers), 1, 1, func(seed uint64) int { handQueue(customers, 10, 7, seed); return customers }},
		{"seats", forecast.SeatsScenario(), 50, 50, func(seed uint64) int { attempts, _ := handSeats(seed); return attempts }},
	} {
		b.Run(c.name, func(b *testing.B) {
			run, hand := beside(b, c.s, c.runs, c.loops, c.hand)
			b.ReportMetric(hand/run, "ratio")
			b.ReportMetric(1e-6/run, "Mattempts/s")
			b.ReportMetric(1e-6/hand, "Mloop/s")
		})
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// BenchmarkRunHundred is the forecast for a hundred clients, set-up included.
// "loop-clients" is how many clients the loop of BenchmarkRun does while one such
// forecast is made.
func BenchmarkRunHundred(b *testing.B) {
	const clients = 100
	run, hand := beside(b, forecast.LossScenario(clients), 100, 1, func(seed uint64) int {
		handLoss(40*clients, 10, 7, seed)
		return 40 * clients
	})
	b.ReportMetric(clients*run/hand, "loop-clients")
	b.ReportMetric(clients*run*1e6, "µs/forecast")
}

// BenchmarkRunCores compares two replications with one: "speed-up" is 2 where
// two cores are there and nothing is shared. "loop-speed-up" is what two of the
// loops of BenchmarkRun, which share nothing, get out of the same cores in turns.
func BenchmarkRunCores(b *testing.B) {
	s := forecast.LossScenario(1_000_000)
	var run, loop [2][]float64
	timed := func(times *[]float64, f func() error) {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		*times = append(*times, time.Since(start).Seconds())
	}
	for b.Loop() {
		for i := range 2 {
			timed(&run[i], func() error {
				_, err := forecast.Replicate(b.Context(), s, i+1)
				return err
			})
			timed(&loop[i], func() error {
				var loops sync.WaitGroup
				for seed := range i + 1 {
					loops.Go(func() { handLoss(s.Clients, 10, 7, uint64(seed)) })
				}
				loops.Wait()
				return nil
			})
		}
	}
	b.ReportMetric(2*median(run[0])/median(run[1]), "speed-up")
	b.ReportMetric(2*median(loop[0])/median(loop[1]), "loop-speed-up")
}

// BenchmarkRunHeap reports the heap in use when the last of so many customers
// has been served. 1e8 of them take some ten seconds.
func BenchmarkRunHeap(b *testing.B) {
	for _, n := range []int{100_000, 100_000_000} {
		for name, s := range map[string]forecast.Scenario{"loss": forecast.LossScenario(n), "queue": forecast.QueueScenario(n)} {
			b.Run(fmt.Sprintf("%s/%.0e", name, float64(n)), func(b *testing.B) {
				var heap uint64
				for b.Loop() {
					for o, err := range forecast.Outcomes(b.Context(), s, nil) {
						if err != nil {
							b.Fatal(err)
						}
						if o.Client == n-1 {
							var stats runtime.MemStats
							runtime.GC()
							runtime.ReadMemStats(&stats)
							heap = stats.HeapInuse
						}
					}
				}
				b.ReportMetric(float64(heap)/1024, "KiB-in-use")
			})
		}
	}
}
