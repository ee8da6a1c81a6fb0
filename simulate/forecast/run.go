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

// ClientOutcome is what became of one demand: a connection, a session, a request or
// a dial that needed a slot. Times are virtual, since the start of the run.
type ClientOutcome struct {
	// Client, Visit, Connection and Request say which demand it is. They count
	// from 0. Where connections are counted, Request is the first request that
	// the connection is for. It is above 0 if Windows had closed an idle
	// connection, and the client needed another one.
	Client     int              `json:"client"`
	Visit      int              `json:"visit"`
	Connection int              `json:"connection"`
	Request    int              `json:"request"`
	Outcome    simulate.Outcome `json:"outcome"`
	// Answer is what a dial met once it had its slot. It is Reset for a connection
	// that the backlog refused, and NotDialled for all others.
	Answer Answer `json:"answer,omitempty"`
	// Attempts is the number of attempts, retries included.
	Attempts int `json:"attempts"`
	// Asked is the time of the first attempt, and Decided the time at which the
	// last attempt had its outcome. Released is when the slot is given back. It
	// equals Decided if there was no slot.
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

// ErrHorizon says that the run went on past the end of virtual time, 292 years. The
// error of the run matches it (errors.Is).
var ErrHorizon = errors.New("forecast: the run passed the end of virtual time, 292 years")

// ErrCrowd says that more connections are there at the same time, or will come again,
// than a run keeps in memory: 2,000,000. The error of the run matches it (errors.Is).
var ErrCrowd = errors.New("forecast: more than 2000000 connections are there or will come again")

// maxPresent is the number in ErrCrowd. A connection has at most three events.
const maxPresent = 2_000_000

// Run runs the scenario in virtual time and returns what happened. It is a pure
// function of the scenario: it starts no goroutine and reads no clock, and the same
// scenario gives the same report.
//
// The error is a *ScenarioError, ErrHorizon, ErrCrowd, or the error of ctx. Except
// for a *ScenarioError the report says what happened up to then.
//
// Run keeps in memory the clients that are there or will come again, and no others.
// There may be two million of them, which take less than 1 GB.
//
// Events are in order of time. Events of one instant are in the order in which their
// causes happened. The cause of a client's arrival is the arrival before it. The
// cause of the end of a slot or of a wait is its beginning. The cause of what a
// client does next is what it did last. Two rules go before that order: an attempt
// whose wait is over when a slot comes free does not get it, and the client that
// gave a slot back goes on before the slot is given to the next.
func Run(ctx context.Context, s Scenario) (Report, error) {
	var report Report
	err := run(ctx, &s, &report, nil)
	return report, err
}

// Outcomes runs the scenario as Run does and yields the outcome of each demand when
// it is decided. Released and Answer then tell what is still to come. A demand that
// will be retried is not decided yet. If the run has an error, the last element has
// it. If report is not nil, it is filled in when the sequence ends, also if the
// caller breaks off.
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

// errStopped ends a run whose caller wants no more outcomes.
var errStopped = errors.New("stopped")

func run(ctx context.Context, s *Scenario, report *Report, yield func(ClientOutcome) bool) error {
	p, err := s.compile()
	if err != nil {
		return err
	}
	return p.run(ctx, report, yield)
}
