package chart_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

func ExampleReportText() {
	s := forecast.Scenario{
		Windows:     limits.Windows{Edition: limits.Windows7Professional},
		Service:     limits.IIS,
		Clients:     40,
		ServiceTime: forecast.Constant(16 * time.Second),
		Until:       64*time.Second - 1,
	}
	report, err := forecast.Run(context.Background(), s)
	if err != nil {
		log.Fatal(err)
	}
	if err := chart.ReportText(os.Stdout, report); err != nil {
		log.Fatal(err)
	}
	// Output:
	// requests held, limit 10
	//       10 |████████████████████████████████████████████████████████████████
	//          |████████████████████████████████████████████████████████████████
	//          |████████████████████████████████████████████████████████████████
	//        5 |████████████████████████████████████████████████████████████████
	//          |████████████████████████████████████████████████████████████████
	//          |████████████████████████████████████████████████████████████████
	//        0 +----------------------------------------------------------------
	// requests queued
	//       30 |████████████████
	//          |████████████████
	//          |████████████████████████████████
	//       15 |████████████████████████████████
	//          |████████████████████████████████████████████████
	//          |████████████████████████████████████████████████
	//        0 +----------------------------------------------------------------
	//           0             15 s           30 s           45 s           1 min
}

// The picture is self-contained, for a report or a web page.
func ExampleReportSVG() {
	s := forecast.Scenario{Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 40}
	report, err := forecast.Run(context.Background(), s)
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.CreateTemp("", "forecast*.svg")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	fmt.Println(chart.ReportSVG(file, s, report))
	// Output: <nil>
}

func ExampleSummarySVG() {
	var s forecast.Summary
	s.Add("office 7", forecast.Fits, 0, nil)
	var picture strings.Builder
	if err := chart.SummarySVG(&picture, &s); err != nil {
		panic(err)
	}
	fmt.Println(strings.HasPrefix(picture.String(), "<svg "))
	// Output: true
}

func ExampleCurvesText() {
	s := forecast.Scenario{Service: limits.IIS, Clients: 40, ServiceTime: forecast.Constant(time.Second)}
	curves, err := forecast.Sweep(context.Background(), s, []int{10, 20, 30, 40},
		limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.Windows7Professional})
	if err != nil {
		log.Fatal(err)
	}
	if err := chart.CurvesText(os.Stdout, s, curves); err != nil {
		log.Fatal(err)
	}
	// Output:
	// iis: the share of what clients ask for that gets no slot (the load: 40 clients
	//   at once, each for 1s, and the same for fewer clients and more)
	//  100 % |
	//        |
	//        |                                                                     A
	//        |                                              A
	//        |
	//   50 % |                       A
	//        |
	//        |
	//        |
	//        |
	//    0 % |*                      B                      B                      B
	//        +----------------------------------------------------------------------
	//         10                                                          40 clients
	// A Windows XP Professional
	// B Windows 7 Professional
	// * several editions
}

func ExampleCurvesSVG() {
	s := forecast.Scenario{Service: limits.SMB, Clients: 10, ServiceTime: forecast.Constant(time.Hour)}
	curves, err := forecast.Sweep(context.Background(), s, []int{5, 10, 15, 20, 25}, limits.Windows{Edition: limits.XPHome}, limits.Windows{Edition: limits.Windows11Home})
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.CreateTemp("", "curves*.svg")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	fmt.Println(chart.CurvesSVG(file, s, curves))
	// Output: <nil>
}
