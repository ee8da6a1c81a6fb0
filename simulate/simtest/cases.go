package simtest

import (
	"testing"

	"github.com/winlimits/winlimits/limits"
)

// Case is one subtest of Each: an edition and its limit on the service.
type Case struct {
	// Windows is the edition, with its service pack. It is what NewHost takes.
	Windows limits.Windows
	// Rule is what the edition does. Its Discipline says what becomes of the peer
	// over the limit: it is refused, say, or queued.
	Rule limits.Rule
	// Limit is how many peers the service lets in at the same time out of the box.
	// It is a number or unlimited, never unknown or absent.
	Limit limits.Limit
}

// kinds are the editions that Each runs if its list is nil: those that many programs
// still meet, one for each number or discipline, and a server beside them. The order
// is that of release.
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

// Each runs f as a subtest for each edition in list, with its limit on the service.
// A nil list is a choice of seventeen, from NT 4.0 Workstation to Windows 11 and
// Server 2022, in which every common kind of limit occurs.
//
// An edition without the service, or with an unknown limit, is left out. The test
// fails if that leaves none, or if an edition is one that limits.Lookup has no rule
// for.
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
		t.Errorf("simtest: no edition of %v has a known limit on %v", list, s)
	}
}
