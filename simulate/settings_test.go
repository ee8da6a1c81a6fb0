package simulate_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

var (
	nt4      = limits.Windows{Edition: limits.NT40Workstation, ServicePack: 6}
	xpSP1    = limits.Windows{Edition: limits.XPProfessional, ServicePack: 1}
	xpSP2    = limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}
	vistaSP1 = limits.Windows{Edition: limits.VistaBusiness, ServicePack: 1}
	vistaSP2 = limits.Windows{Edition: limits.VistaBusiness, ServicePack: 2}
)

func TestHalfOpenSettings(t *testing.T) {
	two, many, negative := 2, 256, -1
	win10 := limits.Windows{Edition: limits.Windows10Pro}
	for _, tt := range []struct {
		name     string
		windows  limits.Windows
		settings simulate.HalfOpenSettings
		limit    limits.Limit // in force, if err is empty
		err      string
	}{
		{"XP SP2", xpSP2, simulate.HalfOpenSettings{}, limits.Number(10), ""},
		{"XP SP1", xpSP1, simulate.HalfOpenSettings{}, limits.Unlimited(), ""},
		{"the proposal", xpSP2, simulate.HalfOpenSettings{Patched: limits.Number(50)}, limits.Number(50), ""},
		{"a DWORD", xpSP2, simulate.HalfOpenSettings{Patched: limits.Number(65535)}, limits.Number(65535), ""},
		{"lower", xpSP2, simulate.HalfOpenSettings{Patched: limits.Number(1)}, limits.Number(1), ""},
		{"none", xpSP2, simulate.HalfOpenSettings{Patched: limits.Number(0)}, limits.Limit{}, "HalfOpen.Patched 0: the limit has 32 bits in the tcpip.sys of this edition; want 1 to 2147483647"},
		{"absent", xpSP2, simulate.HalfOpenSettings{Patched: limits.Absent()}, limits.Limit{}, "want 1 to 2147483647"},
		{"no number in a DWORD", xpSP2, simulate.HalfOpenSettings{Patched: limits.Unlimited()}, limits.Limit{}, "the limit has 32 bits in the tcpip.sys of this edition; want 1 to 2147483647"},
		{"a byte", vistaSP1, simulate.HalfOpenSettings{Patched: limits.Number(255)}, limits.Number(255), ""},
		{"more than a byte", vistaSP1, simulate.HalfOpenSettings{Patched: limits.Number(256)}, limits.Limit{}, "the limit has 8 bits in the tcpip.sys of this edition; want 1 to 255, or unlimited"},
		{"byte out of the way", vistaSP1, simulate.HalfOpenSettings{Patched: limits.Unlimited()}, limits.Unlimited(), ""},
		{"nothing to patch", xpSP1, simulate.HalfOpenSettings{Patched: limits.Number(50)}, limits.Limit{}, "there is no limit to patch: Windows XP Professional up to SP1 does not limit"},
		{"nothing in force to patch", vistaSP2, simulate.HalfOpenSettings{Patched: limits.Number(50)}, limits.Limit{}, "no limit is in force that a patch could move; set EnableConnectionRateLimiting first"},
		{"nothing in force to patch on 7", win7, simulate.HalfOpenSettings{Patched: limits.Number(50)}, limits.Limit{}, "no limit is in force that a patch could move; set EnableConnectionRateLimiting first"},
		{"switch", vistaSP2, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true}, limits.Number(10), ""},
		{"switch on 7", win7, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true}, limits.Number(10), ""},
		{"switch and patch", vistaSP2, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true, Patched: limits.Number(100)}, limits.Number(100), ""},
		{"switch and too large a patch", vistaSP2, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true, Patched: limits.Number(1000)}, limits.Limit{}, "8 bits"},
		{"no switch yet", vistaSP1, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true}, limits.Limit{}, "this edition does not read the value"},
		{"no switch on XP", xpSP2, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true}, limits.Limit{}, "this edition does not read the value"},
		{"switch unheard of", win10, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true}, limits.Limit{}, "this edition does not read the value"},
		{"switch of a level that is not known", limits.Windows{Edition: limits.VistaUltimate}, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true}, limits.Limit{}, "SP0 to SP1 10 attempts (queue); SP2 unlimited"},
		{"patch of a level that is not known", limits.Windows{Edition: limits.XPProfessional}, simulate.HalfOpenSettings{Patched: limits.Number(50)}, limits.Limit{}, "SP0 to SP1 unlimited; SP2 to SP3 10 attempts (queue)"},
		{"retransmissions", xpSP2, simulate.HalfOpenSettings{MaxConnectRetransmissions: &two}, limits.Number(10), ""},
		{"too many retransmissions", xpSP2, simulate.HalfOpenSettings{MaxConnectRetransmissions: &many}, limits.Limit{}, "MaxConnectRetransmissions 256: want 0 to 255"},
		{"negative retransmissions", xpSP2, simulate.HalfOpenSettings{MaxConnectRetransmissions: &negative}, limits.Limit{}, "want 0 to 255"},
		{"long round trip", xpSP2, simulate.HalfOpenSettings{InitialRTT: 65536 * time.Second}, limits.Limit{}, "want 0 to 65535 s"},
		{"negative round trip", xpSP2, simulate.HalfOpenSettings{InitialRTT: -1}, limits.Limit{}, "want 0 to 65535 s"},
		{"rate", xpSP2, simulate.HalfOpenSettings{ReleaseRate: 10}, limits.Number(10), ""},
		{"negative rate", xpSP2, simulate.HalfOpenSettings{ReleaseRate: -1}, limits.Limit{}, "ReleaseRate -1: want 0.000001 to 1000000"},
		{"no rate", xpSP2, simulate.HalfOpenSettings{ReleaseRate: math.NaN()}, limits.Limit{}, "ReleaseRate NaN"},
		{"infinite rate", xpSP2, simulate.HalfOpenSettings{ReleaseRate: math.Inf(1)}, limits.Limit{}, "ReleaseRate +Inf"},
		{"endless rate", xpSP2, simulate.HalfOpenSettings{ReleaseRate: 1e-300}, limits.Limit{}, "want 0.000001 to 1000000"},
		{"negative interval", xpSP2, simulate.HalfOpenSettings{EventInterval: -1}, limits.Limit{}, "EventInterval -1ns: want 0 or more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := simulate.New(tt.windows, &simulate.Settings{HalfOpen: tt.settings})
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				require.ErrorContains(t, err, tt.windows.String())
				return
			}
			require.NoError(t, err)
			g, err := h.Gate(limits.TCPHalfOpen)
			require.NoError(t, err)
			assert.Equal(t, tt.limit, g.Limit())
			assert.Equal(t, tt.limit, g.Policy().Ceiling)

			text, err := json.Marshal(tt.settings)
			require.NoError(t, err)
			var back simulate.HalfOpenSettings
			require.NoError(t, json.Unmarshal(text, &back))
			assert.Equal(t, tt.settings, back)
		})
	}
	_, err := simulate.New(xpSP2, &simulate.Settings{
		Limits:   map[limits.Service]int{limits.TCPHalfOpen: 5},
		HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(50)},
	})
	require.ErrorContains(t, err, "or Limits[tcp-half-open], not both")
}

// Every edition has a gate and a schedule.
func TestHalfOpenOfEveryEdition(t *testing.T) {
	for e := range limits.Editions() {
		for _, sp := range e.ServicePacks() {
			w := limits.Windows{Edition: e, ServicePack: sp}
			h, err := simulate.New(w, nil)
			require.NoError(t, err)
			p, err := h.Policy(limits.TCPHalfOpen)
			require.NoError(t, err, w)
			assert.Contains(t, []limits.Limit{limits.Number(10), limits.Unlimited()}, p.Limit, w)
			assert.Contains(t, []time.Duration{21 * time.Second, 45 * time.Second}, p.SYN.GiveUp(), w)
		}
	}
}

func TestSYNSchedule(t *testing.T) {
	five, most := 5, 255
	for _, tt := range []struct {
		windows  limits.Windows
		settings simulate.HalfOpenSettings
		sent     []time.Duration
		giveUp   time.Duration
		grade    limits.Grade
	}{
		{xpSP2, simulate.HalfOpenSettings{}, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second, limits.Documented},
		{vistaSP2, simulate.HalfOpenSettings{}, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second, limits.Inferred},
		{win7, simulate.HalfOpenSettings{}, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second, limits.Documented},
		{limits.Windows{Edition: limits.Windows2000Server}, simulate.HalfOpenSettings{}, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second, limits.Documented},
		{nt4, simulate.HalfOpenSettings{}, []time.Duration{0, 3 * time.Second, 9 * time.Second, 21 * time.Second}, 45 * time.Second, limits.Documented},
		{limits.Windows{Edition: limits.Windows8Pro}, simulate.HalfOpenSettings{}, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second, limits.UnknownGrade},
		{limits.Windows{Edition: limits.Windows98}, simulate.HalfOpenSettings{}, []time.Duration{0, 3 * time.Second, 9 * time.Second}, 21 * time.Second, limits.UnknownGrade},
		{xpSP2, simulate.HalfOpenSettings{MaxConnectRetransmissions: new(int)}, []time.Duration{0}, 3 * time.Second, limits.Documented},
		{xpSP2, simulate.HalfOpenSettings{MaxConnectRetransmissions: &five, InitialRTT: time.Second},
			[]time.Duration{0, 1e9, 3e9, 7e9, 15e9, 31e9}, 63 * time.Second, limits.Documented},
	} {
		h, err := simulate.New(tt.windows, &simulate.Settings{HalfOpen: tt.settings})
		require.NoError(t, err)
		p, err := h.Policy(limits.TCPHalfOpen)
		require.NoError(t, err)
		s := p.SYN
		assert.Equal(t, len(tt.sent)-1, s.Retransmissions)
		for i, at := range tt.sent {
			assert.Equal(t, at, s.Sent(i))
		}
		assert.Equal(t, tt.giveUp, s.GiveUp())
		assert.Equal(t, tt.grade, tt.windows.Edition.SYNSchedule().Grade)
	}
	h, err := simulate.New(xpSP2, &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{MaxConnectRetransmissions: &most}})
	require.NoError(t, err)
	p, err := h.Policy(limits.TCPHalfOpen)
	require.NoError(t, err)
	assert.Greater(t, p.SYN.GiveUp(), 100*365*24*time.Hour)
}
