package main

import (
	"math"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/winlimits/winlimits/limits"
)

// metrics serves the counters of all machines for Prometheus.
func (l *lab) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(l))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 10})
}

// collector reads the gates at each scrape.
type collector struct {
	lab                                *lab
	held, queued, limit, outcomes, log *prometheus.Desc
}

func newCollector(l *lab) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("winlimits_"+name, help, append([]string{"host", "service"}, labels...), nil)
	}
	return &collector{
		lab:      l,
		held:     desc("held", "Slots held now, including those held by hand."),
		queued:   desc("queued", "Attempts in the queue now."),
		limit:    desc("limit", "The limit in force; +Inf is unlimited."),
		outcomes: desc("outcomes_total", "Attempts by outcome; admitted means without a wait.", "outcome"),
		log:      desc("log_entries_total", "Entries of the machine's event log.", "id"),
	}
}

func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.held, c.queued, c.limit, c.outcomes, c.log} {
		ch <- d
	}
}

func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for _, m := range c.lab.list() {
		for _, g := range m.gates() {
			c.state(ch, m, m.state(g.Policy().Rule.Service))
		}
		if len(m.backlogs()) > 0 {
			c.state(ch, m, m.state(limits.TCPBacklog))
		}
		for key, n := range m.logEntries() {
			ch <- prometheus.MustNewConstMetric(c.log, prometheus.CounterValue, float64(n),
				m.config.Name, key.service.String(), strconv.Itoa(int(key.id)))
		}
	}
}

func (c *collector) state(ch chan<- prometheus.Metric, m *machine, s serviceState) {
	labels := []string{m.config.Name, s.Service.String()}
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(c.held, float64(s.Held))
	gauge(c.queued, float64(s.Queued))
	if n, ok := s.Limit.Number(); ok {
		gauge(c.limit, float64(n))
	} else if s.Limit.IsUnlimited() {
		gauge(c.limit, math.Inf(1))
	}
	for outcome, n := range map[string]int64{
		"admitted": max(0, s.Admitted-s.Waited), "waited": s.Waited, "refused": s.Refused,
		"timed-out": s.TimedOut, "abandoned": s.Abandoned, "superseded": s.Superseded,
	} {
		ch <- prometheus.MustNewConstMetric(c.outcomes, prometheus.CounterValue, float64(n), append(labels, outcome)...)
	}
}
