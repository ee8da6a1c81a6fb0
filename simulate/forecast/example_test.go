package forecast_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// must keeps the examples short; a program handles its errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Will an application with 25 seats survive on Windows 11 Pro as its file server? Each
// seat uses the server for half an hour and does something else for half an hour, for
// eight hours. After a refusal it tries again a minute later, up to three times.
func Example() {
	s := forecast.Scenario{
		Windows:     limits.MustParseWindows("Windows 11 Pro"),
		Service:     limits.SMB,
		Clients:     25,
		Arrive:      forecast.Poisson(time.Minute),
		ServiceTime: forecast.Exponential(30 * time.Minute),
		Idle:        forecast.Constant(15 * time.Minute), // the session stays open
		Visits:      forecast.Forever,
		Away:        forecast.Exponential(30 * time.Minute),
		Retry:       forecast.Retry{Max: 3, Backoff: forecast.Constant(time.Minute)},
		Until:       8 * time.Hour,
		Seed:        1,
	}
	report := must(forecast.Run(context.Background(), s))
	fmt.Print(report.Summary())
	runs := must(forecast.Replicate(context.Background(), s, 20))
	fmt.Printf("On 20 such days %.1f %% of the sessions are lost.\n", 100*runs.Lost.Mean)
	fit := must(forecast.Capacity(context.Background(), s, 0.01))
	fmt.Println("With", fit.Clients, "seats at most 1 % is lost.")
	// Output:
	// Windows 11 Pro, smb: 20 sessions, the next one is refused
	// 25 clients asked for 158 sessions: 154 admitted, 4 refused. Lost: 2.53 %.
	// Retries included: 173 attempts.
	// Held over 8 h: mean 14.9, peak 20; no slot was free 2.48 % of the time.
	// Seen 19 times: NTSTATUS 0xC00000D0, Win32 error 71: No more connections can be
	//   made to this remote computer at this time because the computer has accepted
	//   the maximum number of connections.
	// On 20 such days 2.4 % of the sessions are lost.
	// With 23 seats at most 1 % is lost.
}

// Forty clients come at once and stay for seven seconds.
func ExampleRun() {
	report := must(forecast.Run(context.Background(), forecast.Scenario{
		Windows:     limits.MustParseWindows("XP Professional"),
		Service:     limits.IIS,
		Clients:     40,
		ServiceTime: forecast.Constant(7 * time.Second),
		Idle:        forecast.Constant(0), // each closes its connection at once
	}))
	fmt.Print(report.Summary())
	// Output:
	// Windows XP Professional, iis: 10 connections, the next one is refused
	// 40 clients asked for 40 connections: 10 admitted, 30 refused. Lost: 75 %.
	// Held over 7 s: mean 10, peak 10; no slot was free 100 % of the time.
	// Seen 30 times: HTTP 403.9: There are too many people accessing the Web site at
	//   this time.
	// Assumed: the program accepts every connection at once; if it takes time to
	//   accept one, the listen backlog refuses some of those that come together.
}

// A scenario may come from a file.
func ExampleScenario() {
	var s forecast.Scenario
	err := json.Unmarshal([]byte(`{
		"windows": "Windows XP Professional SP2", "service": "tcp-half-open",
		"clients": 100, "destinations": {"dead": 1}
	}`), &s)
	if err != nil {
		log.Fatal(err)
	}
	report, err := forecast.Run(context.Background(), s)
	fmt.Println("a hundred dead addresses take", report.Length, err)

	s.Destinations.Dead = 2
	fmt.Println(s.Valid())
	// Output:
	// a hundred dead addresses take 3m30s <nil>
	// forecast: scenario: Destinations.Dead: 2: want 0 to 1
}

func ExampleOutcomes() {
	s := forecast.Scenario{
		Windows:     limits.Windows{Edition: limits.Windows10Pro},
		Service:     limits.IIS,
		Clients:     12,
		ServiceTime: forecast.Constant(time.Second),
	}
	var report forecast.Report
	for o, err := range forecast.Outcomes(context.Background(), s, &report) {
		if err != nil {
			log.Fatal(err)
		}
		if o.Client >= 9 {
			fmt.Println("client", o.Client, o.Outcome, "at", o.Decided, "until", o.Released)
		}
	}
	fmt.Println(report.Waited, "waited, the longest", report.Wait.Max)
	// Output:
	// client 9 admitted at 0s until 1s
	// client 10 waited at 1s until 2s
	// client 11 waited at 1s until 2s
	// 2 waited, the longest 1s
}

func ExampleReplicate() {
	s := forecast.Scenario{
		Windows:     limits.Windows{Edition: limits.XPProfessional},
		Service:     limits.IIS,
		Clients:     5000,
		Arrive:      forecast.Poisson(time.Second),
		ServiceTime: forecast.Exponential(7 * time.Second),
		Idle:        forecast.Constant(0),
	}
	r, err := forecast.Replicate(context.Background(), s, 20)
	if err != nil {
		log.Fatal(err)
	}
	const erlangB = 0.0787409 // queueing.ErlangB(10, 7)
	off := erlangB - r.Refused.Mean
	fmt.Println("the formula lies in four standard errors:", off*off < 16*r.Refused.StandardError*r.Refused.StandardError)
	// Output: the formula lies in four standard errors: true
}

func ExampleCompare() {
	s := forecast.Scenario{Service: limits.IIS, Clients: 40, ServiceTime: forecast.Constant(time.Second)}
	all, err := forecast.Compare(context.Background(), s,
		limits.Windows{Edition: limits.XPHome},
		limits.Windows{Edition: limits.XPProfessional},
		limits.Windows{Edition: limits.Windows7Professional})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range all {
		if c.Problem != "" {
			fmt.Printf("%v: %s\n", c.Windows, c.Problem)
			continue
		}
		fmt.Printf("%v: %d refused, %d waited\n", c.Windows, c.Report.Refused, c.Report.Waited)
	}
	// Output:
	// Windows XP Home: no such service in this edition: Windows XP Home has no web server of its own (IIS).
	// Windows XP Professional: 30 refused, 0 waited
	// Windows 7 Professional: 0 refused, 30 waited
}

// Which of the editions of Windows 10 let 25 computers in at once?
func ExampleSuitable() {
	s := forecast.Scenario{Service: limits.SMB, Clients: 25, ServiceTime: forecast.Constant(time.Hour)}
	suitable, err := forecast.Suitable(context.Background(), s, 0)
	if err != nil {
		log.Fatal(err)
	}
	n := 0
	for _, c := range suitable {
		if c.Windows.Edition.Product() == "Windows 10" {
			n++
		}
	}
	fmt.Println(len(suitable) > 0, n)
	// Output: true 0
}

// A client is there half of the time. How many of them can share the twenty
// sessions of Windows 11 Pro?
func ExampleCapacity() {
	s := forecast.Scenario{
		Windows:     limits.Windows{Edition: limits.Windows11Pro},
		Service:     limits.SMB,
		Clients:     1,
		ServiceTime: forecast.Exponential(10 * time.Minute),
		Away:        forecast.Exponential(10 * time.Minute),
		Visits:      forecast.Forever,
		Until:       40 * time.Hour,
		Warmup:      time.Hour,
	}
	capacity, err := forecast.Capacity(context.Background(), s, 0.01)
	if err != nil {
		log.Fatal(err)
	}
	// The formula, queueing.Engset, says 28.
	fmt.Println(capacity.Clients >= 27 && capacity.Clients <= 29, capacity.Limited)
	// Output: true true
}

func ExampleSweep() {
	s := forecast.Scenario{Service: limits.IIS, Clients: 40, ServiceTime: forecast.Constant(time.Second)}
	curves, err := forecast.Sweep(context.Background(), s, []int{10, 20, 40},
		limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.Server2003Standard})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range curves {
		for _, p := range c.Points {
			fmt.Println(c.Windows, p.Clients, p.Lost.Mean)
		}
	}
	// Output:
	// Windows XP Professional 10 0
	// Windows XP Professional 20 0.5
	// Windows XP Professional 40 0.75
	// Windows Server 2003 Standard 10 0
	// Windows Server 2003 Standard 20 0
	// Windows Server 2003 Standard 40 0
}

func ExampleParseDist() {
	d, err := forecast.ParseDist("lognormal(30s,2.5)")
	fmt.Println(d, d.Mean(), err)
	_, err = forecast.ParseDist("normal(30s)")
	fmt.Println(err)
	// Output:
	// lognormal(30s,2.5) 30s <nil>
	// forecast: distribution "normal(30s)": want a time such as 30s, uniform(10s,50s), exponential(30s), lognormal(30s,2.5), hyperexponential(30s,6) or empirical(1s,2s)
}

func ExampleParseArrival() {
	a, err := forecast.ParseArrival("poisson(2s)")
	fmt.Println(a, err)
	// Output: poisson(2s) <nil>
}

func ExampleJudge() {
	s := forecast.Scenario{Service: limits.SMB, Clients: 25, ServiceTime: forecast.Constant(time.Hour), Idle: forecast.Constant(0)}
	candidates := []limits.Windows{{Edition: limits.Windows10Pro}}
	j, err := forecast.Judge(context.Background(), s, candidates, 0.01, 8)
	if err != nil {
		panic(err)
	}
	names := j.SuitableNames()
	fmt.Println(j.Verdict, j.Limit, j.Grade, j.Lost.Mean, names[len(names)-1])
	fmt.Println(j.Why)
	// Output:
	// server 20 measured 0.2 Windows Server 2025
	// Windows 10 Pro takes 20 SMB sessions at the same time and refuses the next one. Of what 25 clients ask for, 20.0% is lost.
}

// Forty clients come at once to a program that takes a tenth of a second to
// accept each. Ten may wait to be accepted on XP. Clients that run Windows try
// again at 0.5, 1.0 and 1.5 s.
func ExampleBacklog() {
	s := forecast.Scenario{
		Windows:        limits.Windows{Edition: limits.XPProfessional},
		Service:        limits.TCPOther, // a program of one's own
		Clients:        40,
		AcceptTime:     forecast.Constant(100 * time.Millisecond),
		WindowsClients: true,
	}
	report, err := forecast.Run(context.Background(), s)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Admitted, "connected,", report.Backlog.Repeated, "of them when they tried again")
	fmt.Println(report.Backlog.Refused, "see:", report.Seen[0])
	// Output:
	// 24 connected, 14 of them when they tried again
	// 16 see: WSAECONNREFUSED 10061: No connection could be made because the target machine actively refused it.
}

// Sixty clients fetch a page about once a minute. Whether they keep their
// connections decides what ten connections are good for.
func ExampleAssumption() {
	s := forecast.Scenario{
		Windows:     limits.Windows{Edition: limits.XPProfessional},
		Service:     limits.IIS,
		Clients:     60,
		Arrive:      forecast.Poisson(2 * time.Second),
		ServiceTime: forecast.Constant(250 * time.Millisecond),
		Away:        forecast.Exponential(time.Minute),
		Visits:      forecast.Forever,
		Until:       2 * time.Hour,
	}
	report, err := forecast.Run(context.Background(), s)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Lost() > 0.75, report.Assumed)

	s.Idle = forecast.Constant(0)
	report, err = forecast.Run(context.Background(), s)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Lost() > 0, report.Assumed)
	// Output:
	// true [each client keeps its connection open for a minute after its last request, as Internet Explorer does; an idle time of 0 closes it at once]
	// false []
}

func ExampleReplicationsCSV() {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPHome}, Service: limits.SMB, Clients: 7, ServiceTime: forecast.Constant(time.Hour),
	}
	runs, err := forecast.Replicate(context.Background(), s, 2)
	if err != nil {
		log.Fatal(err)
	}
	var table bytes.Buffer
	if err := forecast.ReplicationsCSV(&table, runs); err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(table.String()) {
		cells := strings.Split(line, ",")
		fmt.Println(cells[0], cells[3], cells[11], cells[14])
	}
	// Output:
	// windows limit asked refused
	// Windows XP Home 5 7 2
	// Windows XP Home 5 7 2
}

func ExampleComparisonsCSV() {
	s := forecast.Scenario{Service: limits.IIS, Clients: 40, ServiceTime: forecast.Constant(time.Second)}
	all, err := forecast.Compare(context.Background(), s, limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.XPHome})
	if err != nil {
		log.Fatal(err)
	}
	var table bytes.Buffer
	if err := forecast.ComparisonsCSV(&table, all); err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(table.String()) {
		cells := strings.Split(strings.TrimSpace(line), ",")
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%s | %s | %s", cells[0], cells[14], cells[len(cells)-1])))
	}
	// Output:
	// windows | refused | problem
	// Windows XP Professional | 30 |
	// Windows XP Home |  | no such service in this edition: Windows XP Home has no web server of its own (IIS).
}

func ExampleCurvesCSV() {
	s := forecast.Scenario{Service: limits.IIS, Clients: 40, ServiceTime: forecast.Constant(time.Second)}
	curves, err := forecast.Sweep(context.Background(), s, []int{10, 20, 40}, limits.Windows{Edition: limits.XPProfessional})
	if err != nil {
		log.Fatal(err)
	}
	if err := forecast.CurvesCSV(os.Stdout, curves); err != nil {
		log.Fatal(err)
	}
	// Output:
	// windows,clients,lost,standard_error,half_width,problem
	// Windows XP Professional,10,0,0,0,
	// Windows XP Professional,20,0.5,0,0,
	// Windows XP Professional,40,0.75,0,0,
}
