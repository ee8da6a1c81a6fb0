package simtest

import (
	"testing"

	"github.com/winlimits/winlimits/limits"
)

// Case is a Windows on which a program may have to live, and what it does to
// the program there.
type Case struct {
	Windows limits.Windows
	// Rule is that of the service, and Limit how many peers it lets in at the
	// same time out of the box, which is a number for all but those of
	// unlimited.
	Rule  limits.Rule
	Limit limits.Limit
}

// kinds are the Windows that Each runs if it is not told which: those that many
// still have to live with, one for each number or way of refusing, and a server
// beside them. The order is that of release.
var kinds = [...]limits.Windows{
	{Edition: limits.NT40Workstation, ServicePack: 6},
	{Edition: limits.Windows2000Professional, ServicePack: 4},
	{Edition: limits.XPHome, ServicePack: 3},
	{Edition: limits.XPProfessional, ServicePack: 1},
	{Edition: limits.XPProfessional, ServicePack: 3},
	{Edition: limits.Server2003Standard, ServicePack: 2},
	{Edition: limits.VistaStarter, ServicePack: 2},
	{Edition: limits.VistaHomeBasic, ServicePack: 1},
	{Edition: limits.VistaBusiness, ServicePack: 2},
	{Edition: limits.Windows7Starter, ServicePack: 1},
	{Edition: limits.Windows7HomePremium, ServicePack: 1},
	{Edition: limits.Windows7Professional, ServicePack: 1},
	{Edition: limits.Windows81Pro},
	{Edition: limits.Windows10Pro},
	{Edition: limits.Windows11Home},
	{Edition: limits.Windows11Pro},
	{Edition: limits.Server2022Standard},
}

// Each runs f as a subtest for each Windows in list, with its limit on the
// service in hand. If list is nil, it is a choice of seventeen from NT 4.0
// Workstation to Windows 11 and Server 2022, in which every kind of limit that
// is common occurs.
//
// Windows without the service, or whose limit nobody knows, are left out; the
// test fails if that leaves none.
func Each(t *testing.T, s limits.Service, list []limits.Windows, f func(t *testing.T, c Case)) {
	t.Helper()
	if list == nil {
		list = kinds[:]
	}
	ran := 0
	for _, w := range list {
		rule, err := limits.Lookup(w, s)
		if err != nil {
			t.Errorf("simtest: %v", err)
			continue
		}
		if rule.Default.IsAbsent() || !rule.Default.IsKnown() {
			continue
		}
		ran++
		t.Run(w.String(), func(t *testing.T) { f(t, Case{Windows: w, Rule: rule, Limit: rule.Default}) })
	}
	if ran == 0 {
		t.Errorf("simtest: none of %v has a known limit on %v", list, s)
	}
}
