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
		{Windows{VistaUltimate, 0}, TCPHalfOpen, Number(10), Number(10), Queue, Inferred},
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
		{Windows{Server2008Standard, 0}, TCPHalfOpen, Number(10), Number(10), Queue, Documented},
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
		{Windows{XPProfessional, -1}, SMB, ErrServicePack, "-1"},
		{Windows{Windows10Pro, 1}, SMB, ErrServicePack, "never had a service pack"},
		{Windows{Server2008Web, 3}, SMB, ErrServicePack, "1 (as released), 2"},
		{Windows{XPHome, 0}, MSMQ, ErrNoRule, "msmq of Windows XP Home"},
		{Windows{XPHome, 0}, UnknownService, ErrNoRule, "unknown is no service"},
		{Windows{XPHome, 0}, Service(99), ErrNoRule, "Service(99) is no service"},
	} {
		_, err := Lookup(test.w, test.s)
		require.ErrorIs(t, err, test.is)
		assert.ErrorContains(t, err, test.text)
	}
}

// Every edition has the seven services that the table promises, at each of its
// service packs, but for Enterprise multi-session, whose SMB and IIS nobody
// knows.
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

// BenchmarkLookup measures a lookup; the goal is 20 ns and no allocation.
func BenchmarkLookup(b *testing.B) {
	w := Windows{Edition: XPProfessional, ServicePack: 3}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Lookup(w, TCPHalfOpen); err != nil {
			b.Fatal(err)
		}
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	w := Windows{Edition: XPProfessional, ServicePack: 3}
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = Lookup(w, SMB) }))
}
