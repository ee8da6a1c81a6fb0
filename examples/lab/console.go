package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// maxCommand bounds the time of a command.
const maxCommand = 10 * time.Second

func (l *lab) console(w http.ResponseWriter, r *http.Request) error {
	m, err := l.named(r)
	if err != nil {
		return err
	}
	if err := noQuery(r); err != nil {
		return err
	}
	text, err := body(r)
	if err != nil {
		return err
	}
	var asked struct {
		Command *string `json:"command"`
	}
	if err := decode(text, &asked); err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	if asked.Command == nil || len(*asked.Command) > 8191 {
		return bad(`want {"command":"net session"}, a line of at most 8191 characters`)
	}
	output, err := m.command(r.Context(), *asked.Command)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]string{"output": output})
}

// command returns what the machine prints for a line that an administrator types. It
// returns an error for a line that it does not run at all.
func (m *machine) command(ctx context.Context, line string) (string, error) {
	words := splitCommand(line)
	if len(words) > 0 && isCommand(words[0], "typeperf") {
		return m.typeperf(ctx, words[1:])
	}
	output, err := m.host.Console(line)
	switch {
	case errors.Is(err, simulate.ErrCommand) && len(words) > 0:
		return fmt.Sprintf("'%.100s' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n", words[0]), nil
	case err != nil:
		return output + err.Error() + "\r\n", nil
	}
	return output, nil
}

func isCommand(word, name string) bool {
	word = strings.ToLower(word[strings.LastIndexAny(word, `\/`)+1:])
	return strings.TrimSuffix(word, ".exe") == name
}

// splitCommand splits a line at its spaces, except those in quotes.
func splitCommand(line string) (words []string) {
	var word strings.Builder
	quoted, begun := false, false
	for _, c := range line {
		switch {
		case c == '"':
			quoted, begun = !quoted, true
		case !quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// typeperf prints the values of counters. The layout is the common one; no source
// shows it for these counters. Without -sc it takes one sample, whereas that of
// Windows goes on.
func (m *machine) typeperf(ctx context.Context, args []string) (string, error) {
	samples, interval := 1, time.Second
	var names []string
	for i := 0; i < len(args); i++ {
		option := strings.ToLower(args[i])
		if option != "-sc" && option != "-si" {
			if strings.HasPrefix(option, "-") {
				return "", bad("typeperf %.40s: want typeperf COUNTER... [-sc SAMPLES] [-si SECONDS]", args[i])
			}
			names = append(names, args[i])
			continue
		}
		i++
		n := 0
		if i < len(args) {
			n, _ = strconv.Atoi(args[i])
		}
		switch {
		case n < 1 || n > 1000:
			return "", bad("typeperf %s: want a number from 1 to 1000", option)
		case option == "-sc":
			samples = n
		default:
			interval = time.Duration(n) * time.Second
		}
	}
	if took := time.Duration(samples-1) * interval; took > maxCommand {
		return "", bad("typeperf would take %v: want at most %v", took, maxCommand)
	}
	var counters []counter
	for _, name := range names {
		if c, ok := m.counter(name); ok {
			counters = append(counters, c)
		}
	}
	if len(counters) == 0 {
		return "Error: No valid counters.\r\n", nil
	}
	var out strings.Builder
	out.WriteString(`"(PDH-CSV 4.0)"`)
	for _, c := range counters {
		fmt.Fprintf(&out, `,"\\%s%s"`, strings.ToUpper(m.config.Name), c.name)
	}
	for i := range samples {
		if i > 0 {
			select {
			case <-time.After(interval):
			case <-ctx.Done():
				return "", ctx.Err()
			case <-m.done:
				return "", &problem{http.StatusGone, errors.New("the host ended during the command")}
			}
		}
		fmt.Fprintf(&out, "\r\n\"%s\"", time.Now().Format("01/02/2006 15:04:05.000"))
		for _, c := range counters {
			fmt.Fprintf(&out, `,"%.6f"`, float64(c.value()))
		}
	}
	out.WriteString("\r\n\r\nExiting, please wait...\r\nThe command completed successfully.\r\n\r\n")
	return out.String(), nil
}

// counter is a performance counter of the machine.
type counter struct {
	name  string
	value func() int64
}

// counter returns the counter of a name. There is none for what the lab cannot count.
// No counter has the refusals by the limit.
func (m *machine) counter(name string) (counter, bool) {
	for _, c := range m.counters() {
		if strings.EqualFold(c.name, name) {
			return c, true
		}
	}
	return counter{}, false
}

func (m *machine) counters() []counter {
	list := []counter{
		{`\Server\Server Sessions`, func() (n int64) { n, _ = m.files(); return n }},
		{`\Server\Files Open`, func() (n int64) { _, n = m.files(); return n }},
		{`\Server\Sessions Errored Out`, func() int64 { return 0 }},
	}
	established := func() (n int64) {
		for _, f := range m.fronts {
			n += int64(f.connections())
		}
		return n
	}
	// The object has one name up to XP and another one later. Both work here.
	list = append(list, counter{`\TCP\Connections Established`, established}, counter{`\TCPv4\Connections Established`, established})
	gate, err := m.gate(limits.IIS)
	if err != nil {
		return list
	}
	list = append(list,
		counter{`\Web Service(_Total)\Current Connections`, func() int64 { return m.webSum(func(w *web) int64 { return int64(w.front.connections()) }) }},
		counter{`\Web Service(_Total)\Total Connection Attempts (all instances)`, func() int64 { return m.webSum(func(w *web) int64 { return w.connections.Load() }) }},
	)
	if version := m.host.Windows().Edition.IISVersion().Value; version < limits.IIS70 {
		return append(list, counter{`\Web Service(_Total)\Maximum Connections`, func() int64 { return int64(gate.Stats().Peak) }})
	}
	return append(list,
		counter{`\HTTP Service Request Queues(*)\CurrentQueueSize`, func() int64 { return int64(gate.Stats().Queued) }},
		counter{`\HTTP Service Request Queues(*)\RejectedRequests`, func() int64 { return gate.Stats().Refused }},
	)
}

// files returns how many sessions and open files the file server has.
func (m *machine) files() (sessions, opens int64) {
	for _, f := range m.fronts {
		if s, ok := f.server.(*files); ok {
			n, o := s.opens()
			sessions, opens = sessions+int64(n), opens+int64(o)
		}
	}
	return sessions, opens
}

// webSum sums over the web servers of the machine.
func (m *machine) webSum(of func(*web) int64) (n int64) {
	for _, f := range m.fronts {
		if w, ok := f.server.(*web); ok {
			n += of(w)
		}
	}
	return n
}
