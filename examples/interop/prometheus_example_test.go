package interop

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// The state of a gate and the decisions of a host as metrics of Prometheus.
func Example_prometheus() {
	host, _ := simulate.New(limits.Windows{Edition: limits.XPHome}, nil)
	gate, _ := host.Gate(limits.SMB)

	held := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "smb_sessions"},
		func() float64 { return float64(gate.Stats().Held) })
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "decisions_total"},
		[]string{"service", "outcome"})
	prometheus.MustRegister(held, decisions)
	defer host.Observe(func(e simulate.Event) {
		if e.Kind == simulate.Decided {
			decisions.WithLabelValues(e.Service.String(), e.Outcome.String()).Inc()
		}
	})()

	for range 8 {
		gate.TryAcquire(new(simulate.Slot))
	}
	fmt.Println(testutil.ToFloat64(held), testutil.ToFloat64(decisions.WithLabelValues("smb", "refused")))
	// Output: 5 3
}
