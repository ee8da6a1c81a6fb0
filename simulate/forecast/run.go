package forecast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// ClientOutcome is what became of one thing that asked for a slot: a
// connection, or a request where requests are counted. Clients, visits,
// connections and requests are numbered from 0; where connections are counted,
// Request is the one that the connection was opened for, which is not the first
// if Windows had closed the one before. Times are virtual, since the start of the
// run.
type ClientOutcome struct {
	Client     int              `json:"client"`
	Visit      int              `json:"visit"`
	Connection int              `json:"connection"`
	Request    int              `json:"request"`
	Outcome    simulate.Outcome `json:"outcome"`
	// Answer is what a dial met once it had its slot, and Reset for a connection
	// that the backlog refused. It is NotDialled where nothing is dialled, and for a
	// dial that never got a slot.
	Answer Answer `json:"answer,omitempty"`
	// Attempts is how often it tried, retries included.
	Attempts int `json:"attempts"`
	// Asked is when it tried first, and Decided when its last attempt had its
	// outcome. Released is when the slot is given back; it equals Decided if
	// there was none.
	Asked    time.Duration `json:"asked"`
	Decided  time.Duration `json:"decided"`
	Released time.Duration `json:"released"`
}

// clientOutcomeJSON is ClientOutcome with its times as text.
type clientOutcomeJSON struct {
	*clientOutcomeFields
	Asked    jsontime.Duration `json:"asked"`
	Decided  jsontime.Duration `json:"decided"`
	Released jsontime.Duration `json:"released"`
}

type clientOutcomeFields ClientOutcome

// MarshalJSON writes times as text, such as "1m30s".
func (o ClientOutcome) MarshalJSON() ([]byte, error) {
	return json.Marshal(clientOutcomeJSON{
		(*clientOutcomeFields)(&o), jsontime.Duration(o.Asked), jsontime.Duration(o.Decided), jsontime.Duration(o.Released),
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *ClientOutcome) UnmarshalJSON(data []byte) error {
	t := clientOutcomeJSON{
		(*clientOutcomeFields)(o), jsontime.Duration(o.Asked), jsontime.Duration(o.Decided), jsontime.Duration(o.Released),
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return fmt.Errorf("forecast: outcome: %w", err)
	}
	o.Asked, o.Decided, o.Released = time.Duration(t.Asked), time.Duration(t.Decided), time.Duration(t.Released)
	return nil
}

// ErrHorizon matches the error of a run that went on past the end of virtual
// time, 292 years.
var ErrHorizon = errors.New("forecast: the run passed the end of virtual time, 292 years")

// ErrCrowd matches the error of a run in which more connections are there, or
// will come again, than it keeps in memory: 2,000,000.
var ErrCrowd = errors.New("forecast: more than 2000000 connections are there or will come again")

// maxPresent is that number. A connection has two events at most.
const maxPresent = 2_000_000

// Run acts the scenario out in virtual time and returns what happened. It is a
// pure function of the scenario: it starts no goroutine and reads no clock, and
// the same scenario gives the same report. Events are ordered by time, and
// those of one instant by when they were caused. A client is caused by the one
// that came before it, the end of a slot or of a wait by its beginning, and
// what a client does next by what it did last. A wait that is over at the
// instant at which a slot comes free gets none, and a client goes on before its
// slot is given to the next.
//
// What it keeps in memory are the clients that are there or will come again, and
// not those that have not come or have left for good. Of the former there may be
// two million, which take less than 1 GB.
//
// The error is a *ScenarioError, ErrHorizon, ErrCrowd, or that of ctx. In the
// last three cases the report says what happened up to then.
func Run(ctx context.Context, s Scenario) (Report, error) {
	var report Report
	err := run(ctx, &s, &report, nil)
	return report, err
}

// Outcomes acts the scenario out as Run does and yields the outcome of each
// connection or request when it is decided. What a dial will meet and when a
// slot will be given back is known by then; a dial that will be tried again is
// not decided. The last element has an error if there was one. If report is not
// nil, it is filled in when the sequence ends, also if the caller breaks off.
func Outcomes(ctx context.Context, s Scenario, report *Report) iter.Seq2[ClientOutcome, error] {
	return func(yield func(ClientOutcome, error) bool) {
		if report == nil {
			report = new(Report)
		}
		err := run(ctx, &s, report, func(o ClientOutcome) bool { return yield(o, nil) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(ClientOutcome{}, err)
		}
	}
}

// errStopped is what ends a run whose caller wants no more outcomes.
var errStopped = errors.New("stopped")

func run(ctx context.Context, s *Scenario, report *Report, yield func(ClientOutcome) bool) error {
	p, err := s.compile()
	if err != nil {
		return err
	}
	return p.run(ctx, report, yield)
}
