package forecast

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// Waits sums up waiting times. A wait of 0 counts too. P50 to P99 are percentiles: 95
// per cent of the waits are P95 or shorter. They are right to 1.6 per cent. Mean and Max
// are exact.
type Waits struct {
	Mean time.Duration `json:"mean"`
	P50  time.Duration `json:"p50"`
	P90  time.Duration `json:"p90"`
	P95  time.Duration `json:"p95"`
	P99  time.Duration `json:"p99"`
	Max  time.Duration `json:"max"`
}

// waitsJSON is Waits as text.
type waitsJSON struct {
	Mean jsontime.Duration `json:"mean"`
	P50  jsontime.Duration `json:"p50"`
	P90  jsontime.Duration `json:"p90"`
	P95  jsontime.Duration `json:"p95"`
	P99  jsontime.Duration `json:"p99"`
	Max  jsontime.Duration `json:"max"`
}

// MarshalJSON writes times as text, such as "1m30s".
func (w Waits) MarshalJSON() ([]byte, error) {
	return json.Marshal(waitsJSON{
		jsontime.Duration(w.Mean), jsontime.Duration(w.P50), jsontime.Duration(w.P90),
		jsontime.Duration(w.P95), jsontime.Duration(w.P99), jsontime.Duration(w.Max),
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (w *Waits) UnmarshalJSON(data []byte) error {
	var t waitsJSON
	if err := json.Unmarshal(data, &t); err != nil {
		return fmt.Errorf("forecast: waits: %w", err)
	}
	*w = Waits{
		time.Duration(t.Mean), time.Duration(t.P50), time.Duration(t.P90),
		time.Duration(t.P95), time.Duration(t.P99), time.Duration(t.Max),
	}
	return nil
}

// waits is a histogram of waiting times. A bucket is no wider than 1/64 of the times
// in it. Rows of buckets are made when needed. The first few times are kept as they
// are, so that a short run needs no row.
type waits struct {
	n, longest int64
	total      float64
	few        [32]int64
	rows       *[58]*[waitColumns]waitBucket
}

const waitColumns = 64

type waitBucket struct {
	n   int64
	sum float64
}

func (w *waits) add(v int64) {
	w.total += float64(v)
	w.longest = max(w.longest, v)
	switch n := int(w.n); {
	case n < len(w.few):
		w.few[n] = v
	case n == len(w.few):
		for _, first := range w.few {
			w.put(first)
		}
		fallthrough
	default:
		w.put(v)
	}
	w.n++
}

// put puts a time into its bucket.
func (w *waits) put(v int64) {
	row, column := 0, v
	if v >= waitColumns {
		row = bits.Len64(uint64(v)) - 6
		column = v >> (row - 1) % waitColumns // of 64 to 127
	}
	if w.rows == nil {
		w.rows = new([58]*[waitColumns]waitBucket)
	}
	if w.rows[row] == nil {
		w.rows[row] = new([waitColumns]waitBucket)
	}
	b := &w.rows[row][column]
	b.n++
	b.sum += float64(v)
}

// sum returns the waits of n that were admitted. Those that w has not seen did not
// wait.
func (w *waits) sum(n int64) Waits {
	var out Waits
	if n == 0 {
		return out
	}
	out.Mean, out.Max = time.Duration(w.total/float64(n)), time.Duration(w.longest)
	targets := [...]struct {
		share float64
		to    *time.Duration
	}{{0.5, &out.P50}, {0.9, &out.P90}, {0.95, &out.P95}, {0.99, &out.P99}}
	next, seen := 0, int64(0)
	// see counts so many waits of one length. It is called in ascending order.
	see := func(many int64, long time.Duration) {
		seen += many
		for next < len(targets) && float64(seen) >= targets[next].share*float64(n) {
			*targets[next].to = long
			next++
		}
	}
	see(n-w.n, 0)
	if int(w.n) <= len(w.few) {
		few := w.few[:w.n]
		slices.Sort(few)
		for _, v := range few {
			see(1, time.Duration(v))
		}
		return out
	}
	for _, row := range w.rows {
		if row == nil {
			continue
		}
		for _, b := range row {
			if b.n > 0 {
				see(b.n, time.Duration(b.sum/float64(b.n)))
			}
		}
	}
	return out
}
