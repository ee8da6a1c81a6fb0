package simulate_test

import (
	"expvar"
	"fmt"
	"log/slog"
	"os"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// The counters of a gate as an expvar, for /debug/vars.
func ExampleGate_Stats_expvar() {
	host := must(simulate.New(limits.Windows{Edition: limits.XPHome}, nil))
	gate := must(host.Gate(limits.SMB))
	expvar.Publish("smb", expvar.Func(func() any { return gate.Stats() }))

	gate.TryAcquire(new(simulate.Slot))
	fmt.Println(expvar.Get("smb"))
	// Output: {"held":1,"peak":1,"queued":0,"admitted":1,"waited":0,"refused":0,"timedOut":0,"abandoned":0}
}

// The events of a host as records of log/slog.
func ExampleHost_Observe_slog() {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))

	host := must(simulate.New(limits.Windows{Edition: limits.VistaStarter}, nil))
	defer host.Observe(func(e simulate.Event) {
		logger.Info(e.Kind.String(), "windows", e.Windows, "service", e.Service, "peer", e.Peer,
			"outcome", e.Outcome, "waited", e.Waited, "held", e.Held, "limit", e.Limit)
	})()
	must(host.Gate(limits.SMB)).TryAcquire(new(simulate.Slot))
	// Output: level=INFO msg=decided windows="Windows Vista Starter" service=smb peer="" outcome=refused waited=0s held=0 limit=0
}
