package forecast

import (
	"fmt"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/text"
)

// Title returns a line that says what the report is about: the name of the scenario
// if it has one, the edition, the service and the limit.
func (r *Report) Title() string {
	title := fmt.Sprintf("%v, %v: %s", r.Windows, r.Service, r.limitText())
	if r.Name != "" {
		title = r.Name + ": " + title
	}
	return title
}

// Summary returns the report in sentences, on lines of at most 80 columns. The first
// sentence is the Title.
func (r *Report) Summary() string {
	var b strings.Builder
	line := func(format string, args ...any) { text.Wrap(&b, fmt.Sprintf(format, args...)) }
	line("%s", r.Title())
	lost := ""
	if r.Lost() > 0 {
		lost = " Lost: " + text.Digits(100*r.Lost()) + " %."
	}
	clients := counted(int64(r.Clients), "clients")
	if r.Clients < r.Planned {
		clients = fmt.Sprintf("%d of %d clients came and", r.Clients, r.Planned)
	}
	verb := "asked for"
	if r.Unit == limits.UnitRequests || r.Unit == limits.UnitAttempts {
		verb = "made"
	}
	line("%s %s %s: %s.%s", clients, verb, counted(r.Asked, r.Unit.String()), r.Counts(), lost)
	if r.Attempts > r.Asked {
		line("Retries included: %d attempts.", r.Attempts)
	}
	if r.Waited > 0 {
		line("Wait of all admitted: %s on average, 95 %% within %s, %s at most.", text.Short(r.Wait.Mean), text.Short(r.Wait.P95), text.Short(r.Wait.Max))
	}
	full := ""
	switch {
	case r.Limit.IsUnlimited():
	case r.FullShare == 0:
		full = "; a slot was always free"
	default:
		full = fmt.Sprintf("; no slot was free %s %% of the time", text.Digits(100*r.FullShare))
	}
	line("Held over %s: mean %s, peak %d%s.", text.Short(r.Length), text.Digits(r.Held.Mean), r.Held.Peak, full)
	if b := r.Backlog; b != (Backlog{}) {
		line("Listen backlog of %v: peak %d, %d refused; accepted after %s on average, %s at most.",
			b.Limit, b.Held.Peak, b.Refused, text.Short(b.Wait.Mean), text.Short(b.Wait.Max))
	}
	for _, s := range r.Seen {
		times := fmt.Sprintf("%d times", s.Count)
		if s.Count == 1 {
			times = "once"
		}
		line("Seen %s: %v", times, s)
	}
	for _, a := range r.Assumed {
		line("Assumed: %v.", a)
	}
	return b.String()
}

// Counts returns a line that says what became of the demands. Its numbers add up to
// Asked: "10 admitted (2 after waiting), 30 refused".
func (r *Report) Counts() string {
	parts := []string{fmt.Sprintf("%d admitted", r.Admitted)}
	if r.Waited > 0 {
		parts[0] += fmt.Sprintf(" (%d after waiting)", r.Waited)
	}
	for _, p := range []struct {
		n    int64
		what string
	}{{r.Refused, "refused"}, {r.TimedOut, "timed out waiting"}, {r.Abandoned, "gave up waiting"}, {r.Unfinished, "undecided at the end"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if r.Retrying > 0 {
		parts[len(parts)-1] += fmt.Sprintf(" (%d of them would be dialled again)", r.Retrying)
	}
	return strings.Join(parts, ", ")
}

// counted returns a number with its noun. It is called with the plural.
func counted(n int64, noun string) string {
	if n == 1 {
		noun = strings.TrimSuffix(noun, "s")
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func (r *Report) limitText() string {
	if r.Limit.IsUnlimited() {
		return "not limited"
	}
	unit := r.Unit.String()
	if n, ok := r.Limit.Number(); ok && n == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	next := "is refused"
	switch r.Discipline {
	case limits.Queue:
		next = "waits"
	case limits.Displace:
		next = "may displace one (counted as refused)"
	}
	return fmt.Sprintf("%v %s, the next one %s", r.Limit, unit, next)
}
