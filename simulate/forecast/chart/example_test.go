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
