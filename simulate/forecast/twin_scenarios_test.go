package forecast_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// twinServices are what random scenarios are about, the more often the more
// there is to get wrong.
var twinServices = []limits.Service{
	limits.IIS, limits.IIS, limits.IIS, limits.IIS, limits.IIS, limits.IIS,
	limits.TCPHalfOpen, limits.TCPHalfOpen, limits.TCPHalfOpen, limits.TCPHalfOpen,
	limits.TCPOutbound, limits.TCPOutbound, limits.TCPOutbound,
	limits.SMB, limits.SMB, limits.SMB, limits.SMB,
	limits.FTP, limits.SMTP, limits.MSMQ, limits.RAS, limits.RDP, limits.Telnet, limits.TCPOther,
	limits.RADIUS, limits.TCPBacklog,
}

// randomTwin returns a scenario in which everything but chance is random: its
// times are constants, or given one by one.
func randomTwin(seed uint64) (forecast.Scenario, twinDraws) {
	g := generator{rand.New(rand.NewPCG(seed, 19)), []time.Duration{time.Second, time.Second / 8, 1}[seed%3]}
	s := forecast.Scenario{Service: twinServices[g.IntN(len(twinServices))], Seed: seed}
	s.Windows = g.windows(s.Service)
	g.settings(&s)
	if s.Service == limits.SMB && g.chance(0.5) {
		s.AutoDisconnect = time.Second + g.upTo(10*time.Second)
	}
	if s.Settings.HalfOpen.ReleaseRate > 0 || s.Settings.HalfOpen.EventInterval > 0 ||
		s.Settings.ConnectionTimeout > 0 || s.AutoDisconnect > 0 {
		// How a turn to leave the queue, a second event 4226, and what follows when
		// Windows closes a connection are ordered at one instant is not documented.
		g.unit = 1
	}
	dials := s.Service == limits.TCPHalfOpen || s.Service == limits.TCPOutbound
	if g.chance(0.4) {
		s.Connections = 1 + g.IntN(4)
	}
	s.Requests = []int{0, 1, 2, 2, 3, 4}[g.IntN(6)]
	s.ServiceTime = g.maybe(0.9, 20*time.Second)
	s.ThinkTime = g.maybe(0.7, 20*time.Second)
	if s.Idle = g.maybe(0.7, 20*time.Second); g.chance(0.2) {
		s.Idle = forecast.Constant(0)
	}
	s.Patience = g.maybe(0.5, 15*time.Second)
	if s.Patience.Mean() == s.Settings.QueueTimeout {
		s.Patience = forecast.Dist{} // what ends the wait then is not documented
	}
	if g.chance(0.5) {
		s.Retry = forecast.Retry{Max: 1 + g.IntN(4), Backoff: g.maybe(0.9, 10*time.Second)}
		s.Retry.Factor = []float64{0, 0.5, 1, 2, 3}[g.IntN(5)]
		if g.chance(0.3) {
			s.Retry.Limit = g.unit + g.upTo(20*time.Second)
		}
	}
	if dials {
		s.Destinations.RoundTrip = g.maybe(0.9, 5*time.Second)
		switch g.IntN(4) {
		case 0:
			s.Destinations.Dead = 1
		case 1:
			s.Destinations.Refusing = 1
		}
		s.Destinations.PeerCloses = float64(g.IntN(2))
	} else if g.chance(0.4) {
		s.AcceptTime = g.maybe(1, 3*time.Second)
		s.Backlog = g.IntN(8)
		s.WindowsClients = g.chance(0.5)
	}
	g.times(&s)
	if s.Service == limits.IIS && g.chance(0.02) { // fills the queue of a web server
		s.Clients, s.Connections, s.Requests, s.Visits = 1030, 0, 0, 0
	}
	return s, twinDraws{g.arrivals(&s), func(twinKey) twinDraw {
		draw := twinDraw{
			service: s.ServiceTime.Mean(), think: s.ThinkTime.Mean(), roundTrip: s.Destinations.RoundTrip.Mean(),
			destination: forecast.Connected, peerCloses: s.Destinations.PeerCloses == 1,
		}
		if s.Destinations.Dead == 1 {
			draw.destination = forecast.Unanswered
		} else if s.Destinations.Refusing == 1 {
			draw.destination = forecast.Reset
		}
		return draw
	}}
}

// A generator draws what a scenario is made of. Its times are multiples of the
// unit: with a coarse one much happens at the same instant.
type generator struct {
	*rand.Rand
	unit time.Duration
}

func (g generator) chance(p float64) bool { return g.Float64() < p }

func (g generator) upTo(most time.Duration) time.Duration {
	return time.Duration(g.Int64N(int64(most/g.unit)+1)) * g.unit
}

// maybe returns a constant with a probability, and else what is not given.
func (g generator) maybe(p float64, most time.Duration) forecast.Dist {
	if !g.chance(p) {
		return forecast.Dist{}
	}
	if g.chance(0.1) {
		return forecast.Constant(0)
	}
	return forecast.Constant(g.upTo(most))
}

// windows returns a machine that has the service, most often with a limit on
// it.
func (g generator) windows(service limits.Service) limits.Windows {
	all := slices.Collect(limits.Editions())
	limited := g.chance(0.8) && service != limits.TCPOther && service != limits.RAS
	for {
		edition := all[g.IntN(len(all))]
		packs := edition.ServicePacks()
		w := limits.Windows{Edition: edition, ServicePack: packs[g.IntN(len(packs))]}
		if rule, err := limits.Lookup(w, service); err == nil && !rule.Default.IsAbsent() && !(limited && rule.Default.IsUnlimited()) {
			return w
		}
	}
}

// settings sets what has to do with the service, as far as the machine takes
// it.
func (g generator) settings(s *forecast.Scenario) {
	set := func(p float64, change func(*simulate.Settings)) {
		settings := s.Settings
		if change(&settings); g.chance(p) {
			if _, err := simulate.New(s.Windows, &settings); err == nil {
				s.Settings = settings
			}
		}
	}
	limit, keep, retransmissions := g.IntN(8), g.chance(0.3), g.IntN(4)
	switch s.Service {
	case limits.IIS:
		set(0.3, func(o *simulate.Settings) { o.QueueTimeout = g.unit + g.upTo(10*time.Second) })
		set(0.4, func(o *simulate.Settings) { o.ConnectionTimeout = time.Duration(1+g.IntN(10)) * time.Second })
		set(0.3, func(o *simulate.Settings) { o.AllowKeepAlive = &keep })
		set(0.3, func(o *simulate.Settings) { o.MaxConnections = 1 + g.IntN(40) })
		set(0.3, func(o *simulate.Settings) { o.WorkerProcesses = 1 + g.IntN(2) })
	case limits.TCPHalfOpen:
		set(0.2, func(o *simulate.Settings) { o.HalfOpen.Patched = limits.Number(1 + g.IntN(8)) })
		set(0.5, func(o *simulate.Settings) { o.HalfOpen.EnableConnectionRateLimiting = true })
		set(0.3, func(o *simulate.Settings) {
			o.HalfOpen.EventInterval = time.Duration(1 + g.Int64N(int64(10*time.Second)))
		})
		set(0.3, func(o *simulate.Settings) { o.HalfOpen.ReleaseRate = []float64{0.1, 0.5, 1, 3, 10}[g.IntN(5)] })
	case limits.TCPOutbound:
		set(0.5, func(o *simulate.Settings) { o.Outbound.TimedWaitDelay = 30*time.Second + g.upTo(60*time.Second) })
		set(0.3, func(o *simulate.Settings) { o.Outbound.PerDestination = true })
	}
	if s.Service == limits.TCPHalfOpen || s.Service == limits.TCPOutbound {
		set(0.3, func(o *simulate.Settings) { o.HalfOpen.MaxConnectRetransmissions = &retransmissions })
		set(0.3, func(o *simulate.Settings) { o.HalfOpen.InitialRTT = time.Duration(g.IntN(4)) * time.Second })
	}
	set(0.7, func(o *simulate.Settings) { o.Limits = map[limits.Service]int{s.Service: limit} })
}

// times sets how often the clients come and how long the run is.
func (g generator) times(s *forecast.Scenario) {
	s.Clients = 1 + g.IntN(60)
	if g.chance(0.4) {
		s.Visits = 1 + g.IntN(4)
		s.Away = g.maybe(0.9, 20*time.Second)
	}
	if g.chance(0.3) {
		s.Until = g.unit + g.upTo(2*time.Minute)
		if g.chance(0.3) {
			s.Visits = forecast.Forever
			s.Away = forecast.Constant(time.Second + g.upTo(20*time.Second))
		}
	}
	if g.chance(0.3) {
		s.Warmup = g.upTo(10 * time.Second)
		if s.Until > 0 {
			s.Warmup %= s.Until
		}
	}
}

// arrivals sets when the clients come, and returns it.
func (g generator) arrivals(s *forecast.Scenario) []time.Duration {
	times := make([]time.Duration, s.Clients)
	switch g.IntN(4) {
	case 0:
		return times
	case 1:
		gap := g.unit + g.upTo(3*time.Second)
		for i := range times {
			times[i] = time.Duration(i) * gap
		}
		s.Arrive = forecast.Every(gap)
	default:
		for i := range times {
			times[i] = g.upTo(30 * time.Second)
		}
		slices.Sort(times)
		s.Arrive = forecast.Trace(times...)
	}
	return times
}

// randomDraws returns a scenario with chance in it, and what is drawn: a
// machine that limits nothing meets the same clients, and shows how long each
// request takes and where each dial goes. It counts what the shares of
// destinations come to.
func randomDraws(t *testing.T, seed uint64, shares map[string]*share) (forecast.Scenario, twinDraws) {
	s, _ := randomTwin(seed)
	g := generator{rand.New(rand.NewPCG(seed, 20)), 1}
	s.Clients, s.Visits = min(s.Clients, 60), max(s.Visits, 0)
	s.Arrive = forecast.Poisson(1 + g.upTo(3*time.Second))
	s.AcceptTime = forecast.Dist{}
	unlimited := s
	unlimited.Settings.Limits = map[limits.Service]int{s.Service: 1 << 20}
	unlimited.Settings.HalfOpen.Patched = limits.Limit{}
	tw, err := newTwin(unlimited, twinDraws{})
	require.NoError(t, err)
	requests := tw.p.Rule.Unit == limits.UnitRequests
	switch {
	case tw.dials():
		s.Destinations = forecast.Destinations{Refusing: 0.4 * g.Float64(), Dead: 0.4 * g.Float64(), PeerCloses: g.Float64()}
		s.Destinations.RoundTrip = forecast.Uniform(0, 5*time.Second)
		if s.Service == limits.TCPOutbound || !s.Patience.IsZero() {
			s.Requests = 1 // what a dial meets depends on whether one before it got its slot
		}
		if s.Retry.Max > 0 { // only the last try shows how long it took
			s.Destinations.RoundTrip = forecast.Constant(g.upTo(5 * time.Second))
		}
	case requests:
		s.ServiceTime = forecast.Exponential(1 + g.upTo(10*time.Second))
		s.ThinkTime = forecast.Exponential(1 + g.upTo(10*time.Second))
	default:
		s.ServiceTime = forecast.Lognormal(1+g.upTo(10*time.Second), 2)
		s.Requests = 1 // a connection shows how long it took, and not its requests
	}
	settings := unlimited.Settings
	unlimited = s
	unlimited.Settings, unlimited.Until, unlimited.Warmup = settings, 0, 0
	draws := twinDraws{arrivals: make([]time.Duration, s.Clients)}
	all := map[twinKey]forecast.ClientOutcome{}
	drawn := map[time.Duration]bool{}
	for o, err := range forecast.Outcomes(context.Background(), unlimited, nil) {
		require.NoError(t, err)
		k := twinKey{o.Client, o.Visit, o.Connection, o.Request}
		all[k] = o
		held := o.Released - o.Decided
		if s.Destinations.RoundTrip.IsZero() || s.Retry.Max == 0 && o.Answer != forecast.Unanswered {
			require.False(t, drawn[held], "seed %d: %v: each connection of each visit has numbers of its own", seed, k)
			drawn[held] = true
		}
		if tw.dials() && s.Patience.IsZero() && tw.p.SYN.GiveUp() > 5*time.Second {
			shares["dead"].add(s.Destinations.Dead, o.Answer == forecast.Unanswered)
			shares["refusing"].add(s.Destinations.Refusing, o.Answer == forecast.Reset)
			if s.Service == limits.TCPOutbound && o.Answer == forecast.Connected {
				shares["peer closes"].add(s.Destinations.PeerCloses, held < tw.p.TimeWait.IPv4)
			}
		}
		if k == (twinKey{client: o.Client}) {
			draws.arrivals[o.Client] = o.Asked
		}
	}
	draws.of = func(k twinKey) twinDraw {
		o := all[k]
		held := o.Released - o.Decided
		draw := twinDraw{service: s.ServiceTime.Mean(), think: s.ThinkTime.Mean(), roundTrip: held, destination: o.Answer}
		switch {
		case requests:
			draw.service, draw.think = held, all[k.next()].Asked-o.Released
		case !tw.dials():
			draw.service = held - min(tw.idle(), tw.idleTimeout())
		case s.Service == limits.TCPOutbound && o.Answer == forecast.Connected:
			draw.roundTrip -= draw.service
			draw.peerCloses = draw.roundTrip < tw.p.TimeWait.IPv4
			if !draw.peerCloses {
				draw.roundTrip -= tw.p.TimeWait.IPv4
			}
		}
		return draw
	}
	return s, draws
}

// share counts how often something happens, and how often it should.
type share struct{ happens, should, variance float64 }

func (s *share) add(p float64, happens bool) {
	if happens {
		s.happens++
	}
	s.should += p
	s.variance += p * (1 - p)
}
