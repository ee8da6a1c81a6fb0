package main

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// lineReader makes n machines of one visit each, 5 to 64 seats at once, no two of
// them alike.
type lineReader struct {
	n, at int
	rest  []byte
}

func (r *lineReader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.at == r.n {
			return 0, io.EOF
		}
		r.rest = fmt.Appendf(r.rest[:0], `{"id":"m%d","text":"Microsoft Windows 10 Pro","clients":%d,"service":"smb","visits":0,"arrive":"at-once","idle":"0s","serviceTime":"%dms"}`+"\n",
			r.at, 5+r.at%60, 60_000+r.at)
		r.at++
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// BenchmarkFleet sets the filter beside a loop that calls forecast.Run alone for
// the same machines. The goal is half the rate of the loop.
func BenchmarkFleet(b *testing.B) {
	b.Run("loop", func(b *testing.B) {
		i := 0
		for b.Loop() {
			s := seats()
			s.Windows = limits.Windows{Edition: limits.Windows10Pro}
			s.Visits, s.Arrive, s.Idle, s.Clients = 0, forecast.AtOnce(), forecast.Constant(0), 5+i%60
			s.ServiceTime = forecast.Constant(time.Minute + time.Duration(i)*time.Millisecond)
			if _, err := forecast.Run(context.Background(), s); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("fleet", func(b *testing.B) {
		o := options{format: "json", runs: 1, allowed: 0.01}
		var sum forecast.Summary
		b.ReportAllocs()
		b.ResetTimer()
		if err := o.judgeAll(context.Background(), &lineReader{n: b.N}, io.Discard, nil, &sum); err != nil {
			b.Fatal(err)
		}
		if sum.Machines != b.N || sum.Errors > 0 {
			b.Fatalf("%+v", sum)
		}
	})
}
