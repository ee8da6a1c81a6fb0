package simulate_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

func TestOutboundSettings(t *testing.T) {
	const delay = 30 * time.Second
	win10 := limits.Windows{Edition: limits.Windows10Pro}
	win98 := limits.Windows{Edition: limits.Windows98}
	vista := limits.Windows{Edition: limits.VistaUltimate}
	w2000 := limits.Windows{Edition: limits.Windows2000Professional}
	both := func(d time.Duration) limits.TimeWait { return limits.TimeWait{IPv4: d, IPv6: d} }
	for _, tt := range []struct {
		name     string
		windows  limits.Windows
		settings simulate.OutboundSettings
		limit    int
		wait     limits.TimeWait
		event    int
		err      string
	}{
		{"XP", xpSP2, simulate.OutboundSettings{}, 3976, limits.TimeWait{IPv4: 120 * time.Second, IPv6: 240 * time.Second}, 0, ""},
		{"2000", w2000, simulate.OutboundSettings{}, 3976, both(240 * time.Second), 0, ""},
		{"Vista", vista, simulate.OutboundSettings{}, 16384, both(120 * time.Second), limits.Event4231, ""},
		{"98", win98, simulate.OutboundSettings{}, 100, both(240 * time.Second), 0, ""},
		{"MaxUserPort", xpSP2, simulate.OutboundSettings{MaxUserPort: 65534}, 64510, limits.TimeWait{IPv4: 120 * time.Second, IPv6: 240 * time.Second}, 0, ""},
		{"lowest MaxUserPort", xpSP2, simulate.OutboundSettings{MaxUserPort: 5000}, 3976, limits.TimeWait{IPv4: 120 * time.Second, IPv6: 240 * time.Second}, 0, ""},
		{"TimedWaitDelay", xpSP2, simulate.OutboundSettings{TimedWaitDelay: delay}, 3976, both(delay), 0, ""},
		{"DynamicPorts", win10, simulate.OutboundSettings{DynamicPorts: 64511}, 64511, both(120 * time.Second), limits.Event4231, ""},
		{"PerDestination", win10, simulate.OutboundSettings{PerDestination: true}, 16384, both(120 * time.Second), limits.Event4227, ""},

		{"low MaxUserPort", xpSP2, simulate.OutboundSettings{MaxUserPort: 4999}, 0, limits.TimeWait{}, 0, "Outbound.MaxUserPort 4999: want 5000 to 65534, or 0 for the default"},
		{"high MaxUserPort", xpSP2, simulate.OutboundSettings{MaxUserPort: 65535}, 0, limits.TimeWait{}, 0, "want 5000 to 65534"},
		{"MaxUserPort of Vista", vista, simulate.OutboundSettings{MaxUserPort: 5000}, 0, limits.TimeWait{}, 0, "belongs to Windows NT up to Server 2003"},
		{"MaxUserPort of 98", win98, simulate.OutboundSettings{MaxUserPort: 5000}, 0, limits.TimeWait{}, 0, "belongs to Windows NT"},
		{"DynamicPorts of XP", xpSP2, simulate.OutboundSettings{DynamicPorts: 1000}, 0, limits.TimeWait{}, 0, "from Vista and Server 2008 on"},
		{"few DynamicPorts", win10, simulate.OutboundSettings{DynamicPorts: 254}, 0, limits.TimeWait{}, 0, "want 255 to 64511"},
		{"negative DynamicPorts", win10, simulate.OutboundSettings{DynamicPorts: -1}, 0, limits.TimeWait{}, 0, "want 255 to 64511"},
		{"short delay", xpSP2, simulate.OutboundSettings{TimedWaitDelay: delay - 1}, 0, limits.TimeWait{}, 0, "want 30s to 5m0s, or 0 for the default"},
		{"long delay", xpSP2, simulate.OutboundSettings{TimedWaitDelay: 301 * time.Second}, 0, limits.TimeWait{}, 0, "want 30s to 5m0s"},
		{"delay of 98", win98, simulate.OutboundSettings{TimedWaitDelay: delay}, 0, limits.TimeWait{}, 0, "belongs to Windows NT"},
		{"PerDestination of 7", win7, simulate.OutboundSettings{PerDestination: true}, 0, limits.TimeWait{}, 0, "from Windows 10 and Server 2016 on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := simulate.New(tt.windows, &simulate.Settings{Outbound: tt.settings})
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				require.ErrorContains(t, err, tt.windows.String())
				return
			}
			require.NoError(t, err)
			p, err := h.Policy(limits.TCPOutbound)
			require.NoError(t, err)
			assert.Equal(t, limits.Number(tt.limit), p.Limit)
			assert.Equal(t, p.Rule.Ceiling, p.Ceiling)
			assert.Equal(t, tt.wait, p.TimeWait)
			assert.Equal(t, tt.event, p.RefusalEvent)
			assert.Equal(t, limits.Refuse, p.Discipline)
			_, err = h.Gate(limits.TCPOutbound)
			if tt.settings.PerDestination {
				require.ErrorContains(t, err, "each destination has ports of its own")
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, tt.windows == win98, h.Pool() != nil)

			text, err := json.Marshal(tt.settings)
			require.NoError(t, err)
			var back simulate.OutboundSettings
			require.NoError(t, json.Unmarshal(text, &back))
			assert.Equal(t, tt.settings, back)
		})
	}
	text, err := json.Marshal(simulate.Settings{Outbound: simulate.OutboundSettings{TimedWaitDelay: delay}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"outbound":{"timedWaitDelay":"30s"}}`, string(text))
	require.ErrorContains(t, json.Unmarshal([]byte(`{"outbound":{"timeWait":"30s"}}`), new(simulate.Settings)), "timeWait")

	limited := map[limits.Service]int{limits.TCPOutbound: 50}
	_, err = simulate.New(xpSP2, &simulate.Settings{Limits: limited, Outbound: simulate.OutboundSettings{MaxUserPort: 6000}})
	require.ErrorContains(t, err, "or Limits[tcp-outbound], not both")
	_, err = simulate.New(win10, &simulate.Settings{Limits: limited, Outbound: simulate.OutboundSettings{DynamicPorts: 6000}})
	require.ErrorContains(t, err, "or Limits[tcp-outbound], not both")
}

// The pool of 95, 98 and Me is the gate of any other program.
func TestPool(t *testing.T) {
	for e := range limits.Editions() {
		h, err := simulate.New(limits.Windows{Edition: e, ServicePack: e.ServicePacks()[0]}, nil)
		require.NoError(t, err)
		pool := h.Pool()
		if !e.PoolsSockets() {
			assert.Nil(t, pool, e)
			continue
		}
		other, err := h.Gate(limits.TCPOther)
		require.NoError(t, err)
		assert.Same(t, other, pool)
		assert.Equal(t, limits.Number(100), pool.Limit())
	}
}

// A machine that is out of ports says so once, and again when it is out of them
// once more.
func TestRefusalEvent(t *testing.T) {
	g := newGate(t, limits.Windows{Edition: limits.Windows7Professional}, limits.TCPOutbound, nil)
	require.NoError(t, g.SetLimit(limits.Number(2)))
	slots := fill(t, g, 2)
	for range 3 {
		assert.False(t, g.TryAcquire(new(simulate.Slot)))
	}
	require.Len(t, g.Host().EventLog(), 1)
	entry := g.Host().EventLog()[0]
	assert.EqualValues(t, limits.Event4231, entry.ID)
	assert.Equal(t, limits.TextEvent4231, entry.Text)
	assert.Equal(t, "Tcpip", entry.Source)
	slots[0].Release()
	assert.True(t, g.TryAcquire(slots[0]))
	assert.Len(t, g.Host().EventLog(), 1)
	assert.False(t, g.TryAcquire(new(simulate.Slot)))
	assert.Len(t, g.Host().EventLog(), 2)

	g.LogEvent(limits.Event4227)
	g.LogEvent(limits.Event4231)
	g.LogEvent(1)
	assert.Len(t, g.Host().EventLog(), 4)
	xp := newGate(t, xpSP2, limits.TCPOutbound, &simulate.Settings{Limits: map[limits.Service]int{limits.TCPOutbound: 0}})
	assert.False(t, xp.TryAcquire(new(simulate.Slot)))
	xp.LogEvent(limits.Event4227)
	assert.Empty(t, xp.Host().EventLog(), "XP logs neither")
}
