package limits_test

import (
	"testing"

	"github.com/winlimits/winlimits/limits"
)

// BenchmarkLookup measures a lookup; the goal is 20 ns and no allocation.
func BenchmarkLookup(b *testing.B) {
	w := limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := limits.Lookup(w, limits.TCPHalfOpen); err != nil {
			b.Fatal(err)
		}
	}
}
