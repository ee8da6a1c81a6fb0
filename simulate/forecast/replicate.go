package forecast

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// Replications are several runs of one scenario that differ in their seeds, and their
// averages. Refusals come in clusters. So the spread between runs tells how sure a
// number is, and the number of refusals in one run does not.
type Replications struct {
	// Reports are the reports of the runs. The first has the seed of the scenario.
	Reports []Report `json:"reports"`

	// Lost, Refused, TimedOut and Abandoned are shares of the demands; Lost is
	// Report.Lost. Waited is the share of the admitted demands that waited first.
	// MeanWait is the mean wait of all admitted demands, in seconds. Held and
	// Queued are means over time, and FullShare is the share of the time in which
	// no slot was free. Shares go from 0 to 1.
	Lost      Estimate `json:"lost"`
	Refused   Estimate `json:"refused"`
	TimedOut  Estimate `json:"timedOut"`
	Abandoned Estimate `json:"abandoned"`
	Waited    Estimate `json:"waited"`
	MeanWait  Estimate `json:"meanWaitSeconds"`
	Held      Estimate `json:"held"`
	Queued    Estimate `json:"queued"`
	FullShare Estimate `json:"fullShare"`
}

// Estimate is the average of a number over several runs, and how sure it is.
type Estimate struct {
	Mean float64 `json:"mean"`
	// StandardError is the standard deviation of the mean. It is 0 with one run,
	// which tells nothing about the spread.
	StandardError float64 `json:"standardError"`
	// HalfWidth is half the width of the 95 per cent confidence interval, by
	// Student's t. The interval goes from Mean-HalfWidth to Mean+HalfWidth. It is
	// 0 with one run.
	HalfWidth float64 `json:"halfWidth"`
}

// String returns the estimate as "mean ± half width", without exponents.
func (e Estimate) String() string {
	return significant(e.Mean, 6) + " ± " + significant(e.HalfWidth, 2)
}

// significant prints v rounded to so many significant digits.
func significant(v float64, digits int) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// maxReplications bounds the memory of Replicate. A report takes some 4 KB. Far fewer
// runs make the confidence interval narrow.
const maxReplications = 10_000

// Replicate runs the scenario n times, from 1 to 10,000, on all cores. The first run
// has the seed of the scenario, and the others have seeds derived from it. The result
// does not depend on the number of cores. The error is that of Run, and there are no
// replications then.
func Replicate(ctx context.Context, s Scenario, n int) (Replications, error) {
	if n < 1 || n > maxReplications {
		return Replications{}, &ScenarioError{"replications", fmt.Errorf("%d: want 1 to %d", n, maxReplications)}
	}
	out := Replications{Reports: make([]Report, n)}
	err := each(n, func(i int) (err error) {
		one := s
		one.Seed = replicationSeed(s.Seed, i)
		out.Reports[i], err = Run(ctx, one)
		return err
	})
	if err != nil {
		return Replications{}, err
	}
	estimate := func(f func(r *Report) float64) Estimate {
		values := make([]float64, n)
		for i := range values {
			values[i] = f(&out.Reports[i])
		}
		return estimateOf(values)
	}
	out.Lost = estimate((*Report).Lost)
	out.Refused = estimate(func(r *Report) float64 { return ratio(r.Refused, r.Asked) })
	out.TimedOut = estimate(func(r *Report) float64 { return ratio(r.TimedOut, r.Asked) })
	out.Abandoned = estimate(func(r *Report) float64 { return ratio(r.Abandoned, r.Asked) })
	out.Waited = estimate(func(r *Report) float64 { return ratio(r.Waited, r.Admitted) })
	out.MeanWait = estimate(func(r *Report) float64 { return r.Wait.Mean.Seconds() })
	out.Held = estimate(func(r *Report) float64 { return r.Held.Mean })
	out.Queued = estimate(func(r *Report) float64 { return r.Queued.Mean })
	out.FullShare = estimate(func(r *Report) float64 { return r.FullShare })
	return out, nil
}

func replicationSeed(seed uint64, i int) uint64 {
	if i == 0 {
		return seed
	}
	return mix(seed ^ mix(uint64(i)))
}

// each calls f for 0 to n-1, on all cores. Of the errors it returns that of the lowest
// number.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !failed.Load(); i = int(next.Add(1)) - 1 {
				if errs[i] = f(i); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func estimateOf(values []float64) Estimate {
	n := float64(len(values))
	// Adding up differences from the first value makes the mean of equal values
	// exact, without a spread.
	var e Estimate
	for _, v := range values {
		e.Mean += v - values[0]
	}
	e.Mean = values[0] + e.Mean/n
	if len(values) < 2 {
		return e
	}
	var squares float64
	for _, v := range values {
		squares += (v - e.Mean) * (v - e.Mean)
	}
	e.StandardError = math.Sqrt(squares / (n - 1) / n)
	e.HalfWidth = e.StandardError * studentT(len(values)-1)
	return e
}

// studentT returns the 0.975 quantile of Student's t with n degrees of freedom.
func studentT(n int) float64 {
	table := [...]float64{
		12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
		2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
	}
	if n <= len(table) {
		return table[n-1]
	}
	// The expansion of Cornish and Fisher, right to four decimals from here on.
	z, v := 1.959964, float64(n)
	z3, z5, z7 := z*z*z, math.Pow(z, 5), math.Pow(z, 7)
	return z + (z3+z)/(4*v) + (5*z5+16*z3+3*z)/(96*v*v) + (3*z7+19*z5+17*z3-15*z)/(384*v*v*v)
}
