package forecast

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/text"
)

// Dist is a distribution: how long something takes, the same each time or drawn at
// random. The zero Dist means "not given", and the field that has it says what
// happens then. For a time of 0 use Constant(0).
//
// A Dist is a plain value that has a text form, for flags and files:
//
//	30s                        constant
//	uniform(10s,50s)           from 10 s to 50 s, evenly
//	exponential(30s)           mean 30 s
//	lognormal(30s,2.5)         mean 30 s, squared coefficient of variation 2.5
//	hyperexponential(30s,6)    mean 30 s, squared coefficient of variation 6
//	empirical(1s,2s,2s,9s)     one of these, each as likely as the others
//
// The squared coefficient of variation is the variance divided by the square of the
// mean: 0 for a constant, 1 for an exponential. It says how much the times differ. The
// times that make up a Dist, such as the mean, are at most 365 days.
type Dist struct {
	kind   distKind
	a      time.Duration // the constant, the mean, the minimum
	b      time.Duration // the maximum
	scv    float64
	values []time.Duration
}

type distKind uint8

const (
	notGiven distKind = iota
	constantDist
	uniformDist
	exponentialDist
	lognormalDist
	hyperexponentialDist
	empiricalDist
)

var distNames = [...]string{"not given", "constant", "uniform", "exponential", "lognormal", "hyperexponential", "empirical"}

// longest bounds what a Dist is made of and what is drawn from it. Virtual time
// is counted in nanoseconds and ends after 292 years.
const longest = 365 * 24 * time.Hour

// Constant takes the time d each time.
func Constant(d time.Duration) Dist { return Dist{kind: constantDist, a: d} }

// Uniform draws from least to most, both included. All times are equally likely.
func Uniform(least, most time.Duration) Dist {
	return Dist{kind: uniformDist, a: least, b: most}
}

// Exponential draws from an exponential distribution with the mean. It suits think
// times, and is what the formulas in package queueing assume of service times.
func Exponential(mean time.Duration) Dist { return Dist{kind: exponentialDist, a: mean} }

// Lognormal draws from a lognormal distribution with the mean and the squared
// coefficient of variation scv, above 0. It is what measured times of sessions and
// pages most often look like.
func Lognormal(mean time.Duration, scv float64) Dist {
	return Dist{kind: lognormalDist, a: mean, scv: scv}
}

// Hyperexponential draws from a hyperexponential distribution with the mean and the
// squared coefficient of variation scv, 1 or more: mostly short times and a few long
// ones. It mixes two exponentials that contribute the same to the mean (balanced
// means).
func Hyperexponential(mean time.Duration, scv float64) Dist {
	return Dist{kind: hyperexponentialDist, a: mean, scv: scv}
}

// Empirical draws one of the values, each as likely as the others. It suits measured
// times. It does not copy them.
func Empirical(values ...time.Duration) Dist {
	return Dist{kind: empiricalDist, values: values}
}

// IsZero reports whether d is the zero Dist, which means "not given".
func (d Dist) IsZero() bool { return d.kind == notGiven }

// Equal reports whether d and e have the same text form.
func (d Dist) Equal(e Dist) bool {
	return d.kind == e.kind && d.a == e.a && d.b == e.b && d.scv == e.scv && slices.Equal(d.values, e.values)
}

// Mean returns the mean of d, which is 0 for the zero Dist.
func (d Dist) Mean() time.Duration {
	switch d.kind {
	case uniformDist:
		return d.a + (d.b-d.a)/2
	case empiricalDist:
		var sum float64
		for _, v := range d.values {
			sum += float64(v)
		}
		return time.Duration(sum / float64(max(1, len(d.values))))
	}
	return d.a
}

// exceeds reports whether values above limit are drawn from d.
func (d Dist) exceeds(limit time.Duration) bool {
	switch d.kind {
	case constantDist:
		return d.a > limit
	case uniformDist:
		return d.b > limit
	case empiricalDist:
		return slices.Max(d.values) > limit
	}
	return d.a > 0
}

// Valid returns nil if a scenario can have d. The zero Dist is valid. The error says
// what is accepted.
func (d Dist) Valid() error {
	span := func(what string, v time.Duration) error {
		if v < 0 || v > longest {
			return fmt.Errorf("%s %v: want 0 to %v", what, v, longest)
		}
		return nil
	}
	switch d.kind {
	case notGiven, constantDist:
		return span("time", d.a)
	case uniformDist:
		if d.b < d.a {
			return fmt.Errorf("uniform from %v to %v: want the smaller first", d.a, d.b)
		}
		return errors.Join(span("minimum", d.a), span("maximum", d.b))
	case exponentialDist:
		return span("mean", d.a)
	case lognormalDist:
		if !(d.scv > 0 && d.scv <= 1e6) {
			return fmt.Errorf("squared coefficient of variation %v: want above 0, up to 1e6", d.scv)
		}
		return span("mean", d.a)
	case hyperexponentialDist:
		if !(d.scv >= 1 && d.scv <= 1e6) {
			return fmt.Errorf("squared coefficient of variation %v: want 1 to 1e6", d.scv)
		}
		return span("mean", d.a)
	case empiricalDist:
		if len(d.values) == 0 {
			return errors.New("empirical without values: want one or more")
		}
		for _, v := range d.values {
			if err := span("value", v); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%d is no kind of distribution", d.kind)
}

// String returns the text form, and "not given" for the zero Dist.
func (d Dist) String() string {
	name := ""
	if int(d.kind) < len(distNames) {
		name = distNames[d.kind]
	}
	switch d.kind {
	case notGiven:
		return name
	case constantDist:
		return text.Time(d.a)
	case uniformDist:
		return fmt.Sprintf("%s(%s,%s)", name, text.Time(d.a), text.Time(d.b))
	case exponentialDist:
		return fmt.Sprintf("%s(%s)", name, text.Time(d.a))
	case lognormalDist, hyperexponentialDist:
		return fmt.Sprintf("%s(%s,%s)", name, text.Time(d.a), strconv.FormatFloat(d.scv, 'g', -1, 64))
	}
	return name + "(" + joinDurations(d.values) + ")"
}

func joinDurations(values []time.Duration) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = text.Time(v)
	}
	return strings.Join(parts, ",")
}

// ParseDist reads the text form of a Dist. The error shows the forms.
func ParseDist(form string) (Dist, error) {
	name, args := splitCall(form)
	if args == nil {
		v, err := time.ParseDuration(strings.TrimSpace(form))
		if err != nil {
			return Dist{}, distError(form, nil)
		}
		args, name = []string{v.String()}, "constant"
	}
	d := Dist{kind: distKind(max(0, slices.Index(distNames[:], name)))}
	times, numbers := 1, 0
	switch {
	case d.kind == notGiven:
		return Dist{}, distError(form, nil)
	case d.kind == uniformDist:
		times = 2
	case d.kind == lognormalDist, d.kind == hyperexponentialDist:
		numbers = 1
	case d.kind == empiricalDist:
		times = len(args)
	}
	if len(args) != times+numbers {
		return Dist{}, distError(form, nil)
	}
	values := make([]time.Duration, times)
	for i := range values {
		v, err := time.ParseDuration(args[i])
		if err != nil {
			return Dist{}, distError(form, fmt.Errorf("invalid duration %s", text.Quote(args[i], 40)))
		}
		values[i] = v
	}
	if numbers == 1 {
		v, err := strconv.ParseFloat(args[times], 64)
		if err != nil {
			return Dist{}, distError(form, fmt.Errorf("invalid number %s", text.Quote(args[times], 40)))
		}
		d.scv = v
	}
	switch d.kind {
	case empiricalDist:
		d.values = values
	case uniformDist:
		d.a, d.b = values[0], values[1]
	default:
		d.a = values[0]
	}
	if err := d.Valid(); err != nil {
		return Dist{}, distError(form, err)
	}
	return d, nil
}

// splitCall takes "name(a,b)" apart. args is nil if text does not have that form.
func splitCall(text string) (name string, args []string) {
	name, rest, ok := strings.Cut(strings.TrimSpace(text), "(")
	if !ok || !strings.HasSuffix(rest, ")") {
		return "", nil
	}
	args = strings.Split(strings.TrimSuffix(rest, ")"), ",")
	for i := range args {
		args[i] = strings.TrimSpace(args[i])
	}
	return strings.ToLower(strings.TrimSpace(name)), args
}

func distError(form string, err error) error {
	const want = "a time such as 30s, uniform(10s,50s), exponential(30s), lognormal(30s,2.5), hyperexponential(30s,6) or empirical(1s,2s)"
	if err != nil {
		return fmt.Errorf("forecast: distribution %s: %w; want %s", text.Quote(form, 60), err, want)
	}
	return fmt.Errorf("forecast: distribution %s: want %s", text.Quote(form, 100), want)
}

// MarshalText returns the text form, and an empty text for the zero Dist. A Dist that
// is not valid is an error.
func (d Dist) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	if err := d.Valid(); err != nil {
		return nil, fmt.Errorf("forecast: distribution: %w", err)
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what ParseDist reads, and an empty text as the zero Dist.
func (d *Dist) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Dist{}
		return nil
	}
	parsed, err := ParseDist(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// A sampler draws from a Dist. It has the numbers that do not change from one draw to
// the next. A nil sampler draws nothing but 0.
type sampler struct {
	kind   distKind
	a, b   float64
	p      float64
	least  int64
	spread uint64
	values []time.Duration
}

func (d *Dist) sampler() *sampler {
	if d.kind <= constantDist && d.a == 0 {
		return nil
	}
	s := &sampler{kind: d.kind, a: float64(d.a), least: int64(d.a)}
	switch d.kind {
	case uniformDist:
		s.spread = uint64(d.b-d.a) + 1
	case lognormalDist:
		variance := math.Log1p(d.scv)
		s.b = math.Sqrt(variance)
		s.a = math.Log(float64(d.a)) - variance/2
	case hyperexponentialDist:
		s.p = (1 + math.Sqrt((d.scv-1)/(d.scv+1))) / 2
		s.a, s.b = float64(d.a)/(2*s.p), float64(d.a)/(2*(1-s.p))
	case empiricalDist:
		s.values = d.values
	}
	return s
}

// isZero reports whether s draws nothing but 0.
func (s *sampler) isZero() bool { return s == nil }

// draw returns a time in nanoseconds.
func (s *sampler) draw(r *rand.Rand) int64 {
	if s == nil {
		return 0
	}
	var v float64
	switch s.kind {
	case exponentialDist:
		return int64(s.a * r.ExpFloat64())
	case constantDist:
		return s.least
	case uniformDist:
		return s.least + int64(r.Uint64N(s.spread))
	case empiricalDist:
		return int64(s.values[r.IntN(len(s.values))])
	case lognormalDist:
		v = math.Exp(s.a + s.b*r.NormFloat64())
	case hyperexponentialDist:
		if r.Float64() < s.p {
			v = s.a * r.ExpFloat64()
		} else {
			v = s.b * r.ExpFloat64()
		}
	}
	return int64(min(v, float64(longest)))
}
