package limits

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLookup(t *testing.T) {
	for _, test := range []struct {
		w       Windows
		s       Service
		def     Limit
		ceiling Limit
		d       Discipline
		g       Grade
	}{
		{Windows{XPHome, 3}, SMB, Number(5), Number(5), Refuse, Documented},
		{Windows{XPProfessional, 3}, SMB, Number(10), Number(10), Refuse, Documented},
		{Windows{XPProfessional, 3}, IIS, Number(10), Number(40), Refuse, Reported},
		{Windows{XPHome, 3}, IIS, Absent(), Absent(), AbsentService, Reported},
		{Windows{XPProfessional, 1}, TCPHalfOpen, Unlimited(), Unlimited(), None, Reported},
		{Windows{XPProfessional, 2}, TCPHalfOpen, Number(10), Number(10), Queue, Measured},
		{Windows{VistaUltimate, AsReleased}, TCPHalfOpen, Number(10), Number(10), Queue, Inferred},
		{Windows{VistaUltimate, 1}, TCPHalfOpen, Number(10), Number(10), Queue, Documented},
		{Windows{VistaUltimate, 2}, TCPHalfOpen, Unlimited(), Unlimited(), None, Documented},
		{Windows{VistaStarter, 0}, SMB, Number(0), Number(0), Refuse, Measured},
		{Windows{Windows7Professional, 1}, IIS, Number(10), Number(10), Queue, Documented},
		{Windows{Windows11Pro, 0}, SMB, Number(20), Number(20), Refuse, Reported},
		{Windows{Windows11Pro, 0}, RDP, Number(1), Number(1), Displace, Reported},
		{Windows{XPProfessional, 0}, Licence, Number(10), Number(10), None, Documented},
		{Windows{XPProfessional, 3}, TCPOther, Unlimited(), Unlimited(), None, Reported},
		{Windows{Server2025Datacenter, 0}, SMB, Number(16777216), Number(16777216), Refuse, Documented},
		// As released, Server 2008 was at level 1.
		{Windows{Server2008Standard, AsReleased}, TCPHalfOpen, Number(10), Number(10), Queue, Documented},
	} {
		r, err := Lookup(test.w, test.s)
		require.NoError(t, err, "%v %v", test.w, test.s)
		assert.Equal(t, test.def, r.Default, r)
		assert.Equal(t, test.ceiling, r.Ceiling, r)
		assert.Equal(t, test.d, r.Discipline, r)
		assert.Equal(t, test.g, r.Grade, r)
		assert.True(t, r.Covers(test.w), r)
	}
}

func TestLookupErrors(t *testing.T) {
	for _, test := range []struct {
		w    Windows
		s    Service
		is   error
		text string
	}{
		{Windows{}, SMB, ErrUnknownEdition, "unknown"},
		{Windows{Edition: 250}, SMB, ErrUnknownEdition, "Edition(250)"},
		{Windows{XPProfessional, 4}, SMB, ErrServicePack, "never had service pack 4; its levels are 0 (as released), 1, 2, 3"},
		{Windows{XPProfessional, -2}, SMB, ErrServicePack, "-2"},
		{Windows{Edition: XPProfessional}, TCPHalfOpen, ErrServicePack, "SP0 to SP1 unlimited; SP2 to SP3 10 attempts (queue)"},
		{Windows{Edition: VistaUltimate}, TCPHalfOpen, ErrServicePack, "SP0 to SP1 10 attempts (queue); SP2 unlimited"},
		{Windows{Edition: NT40Workstation}, IIS, ErrServicePack, "SP2 to SP6 10 connections, at most 40 (refuse)"},
		{Windows{Windows10Pro, 1}, SMB, ErrServicePack, "never had a service pack"},
		{Windows{Server2008Web, 3}, SMB, ErrServicePack, "1 (as released), 2"},
		{Windows{XPHome, 0}, MSMQ, ErrNoRule, "msmq of Windows XP Home"},
		{Windows{XPHome, 0}, UnknownService, ErrNoRule, "unknown is not a service"},
		{Windows{XPHome, 0}, Service(99), ErrNoRule, "Service(99) is not a service"},
	} {
		_, err := Lookup(test.w, test.s)
		require.ErrorIs(t, err, test.is)
		assert.ErrorContains(t, err, test.text)
	}
}

// Without a service pack Lookup answers what all levels of the edition answer,
// and never hides one that differs.
func TestLookupHidesNoLevel(t *testing.T) {
	type answer struct {
		def, ceiling Limit
		unit         Unit
		discipline   Discipline
		known        bool
	}
	split := 0
	for e := range Editions() {
		for _, s := range Services() {
			seen := map[answer]bool{}
			var last Rule
			var texts []string
			for _, sp := range e.ServicePacks() {
				r, err := Lookup(Windows{e, sp}, s)
				if err != nil {
					require.ErrorIs(t, err, ErrNoRule)
				}
				seen[answer{r.Default, r.Ceiling, r.Unit, r.Discipline, err == nil}] = true
				last = r
				texts = append(texts, sp.String())
				if err == nil {
					texts = append(texts, r.Default.String())
				}
			}
			r, err := Lookup(Windows{Edition: e}, s)
			switch {
			case len(seen) == 1 && seen[answer{}]:
				assert.ErrorIs(t, err, ErrNoRule, "%v %v", e, s)
			case len(seen) == 1:
				require.NoError(t, err, "%v %v", e, s)
				assert.Equal(t, last, r, "%v %v: the rule of the latest level", e, s)
				assert.True(t, r.Covers(Windows{Edition: e}))
			default:
				split++
				require.ErrorIs(t, err, ErrServicePack, "%v %v", e, s)
				var levels *ServicePackError
				require.ErrorAs(t, err, &levels)
				assert.Equal(t, Windows{Edition: e}, levels.Windows)
				assert.Equal(t, s, levels.Service)
				assert.Equal(t, rulesOf(e, s), levels.Rules)
				for _, rule := range levels.Rules {
					assert.True(t, rule.Covers(Windows{Edition: e}), "it may hold")
					first, err := Lookup(rule.Windows(), s)
					require.NoError(t, err)
					assert.Equal(t, rule, first)
				}
				// A run of levels is named by its ends.
				assert.Contains(t, err.Error(), texts[0])
				for i, text := range texts {
					if !strings.HasPrefix(text, "SP") {
						assert.Contains(t, err.Error(), text, "%v %v %v", e, s, texts[i-1])
					}
				}
			}
		}
	}
	assert.NotZero(t, split, "XP, Vista and Server 2008 at least")
}

func TestRuleCovers(t *testing.T) {
	for r := range Rules() {
		w := r.Windows()
		assert.True(t, r.Covers(w), r)
		require.NoError(t, w.Valid())
		for _, sp := range r.Edition.ServicePacks() {
			got, err := Lookup(Windows{r.Edition, sp}, r.Service)
			here := err == nil && got.ServicePackMin == r.ServicePackMin
			assert.Equal(t, here, r.Covers(Windows{r.Edition, sp}), "%v at %v", r, sp)
			if w.ServicePack == UnknownServicePack {
				assert.True(t, here, "%v at %v", r, sp)
			}
		}
		assert.False(t, r.Covers(Windows{Edition: r.Edition + 1}))
		assert.False(t, r.Covers(Windows{r.Edition, 9}))
	}
	assert.False(t, Rule{}.Covers(Windows{}))
	assert.Equal(t, Windows{}, Rule{}.Windows())
	assert.Equal(t, Windows{XPHome, 2}, Rule{Edition: XPHome, ServicePackMin: 2, ServicePackMax: AndLater}.Windows())
}

// Every edition has the seven services that the table promises, at each of its
// service packs, but for Enterprise multi-session, whose SMB and IIS are not
// known.
func TestEveryEditionIsCovered(t *testing.T) {
	for e := range Editions() {
		for _, sp := range e.ServicePacks() {
			for _, s := range []Service{SMB, IIS, RDP, TCPBacklog, TCPHalfOpen, TCPOutbound, TCPOther} {
				r, err := Lookup(Windows{e, sp}, s)
				if strings.HasSuffix(e.Name(), "multi-session") && (s == SMB || s == IIS) {
					require.ErrorIs(t, err, ErrNoRule)
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, s, r.Service)
				assert.Equal(t, e, r.Edition)
			}
		}
	}
}

func TestIterators(t *testing.T) {
	all := slices.Collect(Rules())
	stated := 0
	for _, r := range rows {
		stated += len(r.editions)
	}
	assert.Len(t, all, stated, "each row is a rule of each of its editions")
	byService := 0
	for _, s := range Services() {
		byService += len(slices.Collect(ByService(s)))
	}
	assert.Equal(t, len(all), byService)
	home := slices.Collect(ByEdition(XPHome))
	for i, r := range home {
		assert.Equal(t, XPHome, r.Edition)
		assert.True(t, i == 0 || home[i-1].Service <= r.Service, "in order of services")
	}
	assert.Equal(t, Licence, home[len(home)-1].Service)
	assert.Empty(t, slices.Collect(ByEdition(UnknownEdition)))
	assert.Empty(t, slices.Collect(ByService(Service(99))))
	for range Rules() {
		break // an iterator can be left
	}
}

// BenchmarkLookup measures a lookup beside that of a map of every answer; the
// goal is at most 0.6 of its time and no allocation.
func BenchmarkLookup(b *testing.B) {
	type question struct {
		w Windows
		s Service
	}
	answers := map[question]Rule{}
	for e := range Editions() {
		for _, pack := range append(e.ServicePacks(), UnknownServicePack) {
			for _, s := range Services() {
				if r, err := Lookup(Windows{e, pack}, s); err == nil {
					answers[question{Windows{e, pack}, s}] = r
				}
			}
		}
	}
	q := question{Windows{Edition: XPProfessional, ServicePack: 3}, TCPHalfOpen}
	b.Run("of=limits", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r, err := Lookup(q.w, q.s); err != nil || r.Service != TCPHalfOpen {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("of=map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r, ok := answers[q]; !ok || r.Service != TCPHalfOpen {
				b.Fatal(r)
			}
		}
	})
}

func TestLookupAllocatesNothing(t *testing.T) {
	w := Windows{Edition: XPProfessional, ServicePack: 3}
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = Lookup(w, SMB) }))
}

// Lookup answers from what is made in advance. This is the same answer, found in
// the rows themselves.
func TestLookupIsWhatTheRowsSay(t *testing.T) {
	for e := UnknownEdition; e <= Server2025DatacenterAzureEdition+1; e++ {
		for pack := ServicePack(-3); pack <= lastServicePack+2; pack++ {
			for s := UnknownService; s <= numServices; s++ {
				w := Windows{e, pack}
				r, err := Lookup(w, s)
				want := rowFor(w, s)
				if want == nil {
					require.Error(t, err, "%v %v", w, s)
					require.Equal(t, Rule{}, r, "%v %v", w, s)
					continue
				}
				require.NoError(t, err, "%v %v", w, s)
				require.Equal(t, want.rule(e, &evidence{grades: want.grades, sources: want.sources, rivals: want.rivals}), r)
			}
		}
	}
	for _, pack := range []ServicePack{-128, 127} {
		_, err := Lookup(Windows{XPProfessional, pack}, SMB)
		assert.ErrorIs(t, err, ErrServicePack)
	}
	_, err := Lookup(Windows{Edition: 255}, 255)
	assert.ErrorIs(t, err, ErrUnknownEdition)
}

// rowFor returns the row for the latest of the levels that w can be at, and none
// unless the rows for all of them say the same.
func rowFor(w Windows, s Service) (answer *row) {
	for _, level := range w.Edition.ServicePacks() {
		if w.ServicePack != UnknownServicePack && w.ServicePack != level && !(w.ServicePack == AsReleased && level == w.Edition.ServicePacks()[0]) {
			continue
		}
		sp := uint8(max(level, 0))
		i := slices.IndexFunc(rows[:], func(r row) bool {
			return r.service == s && slices.Contains(r.editions, w.Edition) && r.levels.min <= sp && (r.levels.end == 0 || sp < r.levels.end)
		})
		if i < 0 || answer != nil && (answer.def != rows[i].def || answer.ceiling != rows[i].ceiling || answer.unit != rows[i].unit || answer.discipline != rows[i].discipline) {
			return nil
		}
		answer = &rows[i]
	}
	return answer
}

// A caller that changes the rules of an error does not change the table.
func TestRulesOfAnErrorAreCopies(t *testing.T) {
	_, err := Lookup(Windows{Edition: XPProfessional}, TCPHalfOpen)
	var levels *ServicePackError
	require.ErrorAs(t, err, &levels)
	levels.Rules[0].Default = Number(1)
	r, err := Lookup(Windows{XPProfessional, AsReleased}, TCPHalfOpen)
	require.NoError(t, err)
	assert.True(t, r.Default.IsUnlimited())
}
