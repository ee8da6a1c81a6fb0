package limits

import (
	"fmt"
	"iter"
	"sync"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// Lookup returns the rule for a service of a Windows.
//
// If the service pack is not known, all levels of the edition must agree in
// default, ceiling, unit and discipline; the rule is that of the latest. Else
// the error is a *ServicePackError that has the rules and says what each level
// has.
//
// A rule whose Default is unlimited or absent is an answer, not an error. The
// error says what is missing: it matches ErrUnknownEdition, ErrServicePack, or
// ErrNoRule where the table has no row. ErrNoRule never means unlimited.
func Lookup(w Windows, s Service) (Rule, error) {
	asked, ok := w.levels()
	if !ok || !s.valid() {
		return Rule{}, lookupError(w, s)
	}
	// The rows stand in order of levels. They answer if they cover all that was
	// asked, without a gap, and say the same.
	var answer *row
	next := asked.first // level that no row has covered
	for _, i := range index()[w.Edition][s] {
		if i == 0 {
			break
		}
		r := &rows[i-1]
		if !r.levels.contain(next) {
			continue
		}
		if answer != nil && !answer.agrees(r) {
			break
		}
		if answer, next = r, int(r.levels.end); r.levels.end == 0 || next > asked.last {
			return r.rule(w.Edition), nil
		}
	}
	return Rule{}, lookupError(w, s)
}

// agrees reports whether two rows of a service are the same answer.
func (r *row) agrees(other *row) bool {
	return r.def == other.def && r.ceiling == other.ceiling && r.unit == other.unit && r.discipline == other.discipline
}

func lookupError(w Windows, s Service) error {
	if err := w.Valid(); err != nil {
		return err
	}
	if !s.valid() {
		return fmt.Errorf("%w: %v is no service", ErrNoRule, s)
	}
	if w.ServicePack == UnknownServicePack {
		var rules []Rule
		eachRule(w.Edition, s, func(r Rule) bool {
			rules = append(rules, r)
			return true
		})
		if len(rules) > 0 {
			return &ServicePackError{Windows: w, Service: s, Rules: rules}
		}
	}
	return fmt.Errorf("%w for %v of %v", ErrNoRule, s, w)
}

// index finds the rows, numbered from 1, by edition and service. No edition has
// more than three rows for one service, which stand in order of service packs.
var index = sync.OnceValue(func() *[names.Count][numServices][3]uint16 {
	var ix [names.Count][numServices][3]uint16
	for i, r := range rows {
		for _, e := range r.editions {
			slot := &ix[e][r.service]
			n := 0
			if slot[len(slot)-1] != 0 {
				panic(fmt.Sprintf("limits: %v has more than %d rows for %v", e, len(slot), r.service))
			}
			for slot[n] != 0 && rows[slot[n]-1].levels.min < r.levels.min {
				n++
			}
			copy(slot[n+1:], slot[n:])
			slot[n] = uint16(i + 1)
		}
	}
	return &ix
})

func (l levels) contain(sp int) bool {
	return sp >= int(l.min) && (l.end == 0 || sp < int(l.end))
}

// rule returns the rule that the row states for one of its editions.
func (r *row) rule(e Edition) Rule {
	rule := Rule{
		Edition:        e,
		ServicePackMin: int(r.levels.min),
		ServicePackMax: int(r.levels.end) - 1, // AndLater if end is 0
		Service:        r.service,
		Basis:          r.basis,
		Unit:           r.unit,
		Default:        r.def,
		Ceiling:        r.ceiling,
		Discipline:     r.discipline,
		Queue:          r.queue,
		Grade:          r.grade,
		grades:         r.grades,
		Note:           r.note,
		sources:        r.sources,
		rivals:         r.rivals,
	}
	if rule.Basis == UnknownBasis {
		rule.Basis = ByCode
	}
	return rule
}

// Rules returns every rule of the table, edition by edition in order of
// release.
func Rules() iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		for e := range Editions() {
			for r := range ByEdition(e) {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// ByEdition returns the rules of an edition, at all its service packs, the
// licence last.
func ByEdition(e Edition) iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		for _, s := range Services() {
			if !eachRule(e, s, yield) {
				return
			}
		}
	}
}

// ByService returns the rules for a service, in order of release.
func ByService(s Service) iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		for e := range Editions() {
			if !eachRule(e, s, yield) {
				return
			}
		}
	}
}

func eachRule(e Edition, s Service, yield func(Rule) bool) bool {
	if !e.valid() || s >= numServices {
		return true
	}
	for _, i := range index()[e][s] {
		if i == 0 {
			break
		}
		if !yield(rows[i-1].rule(e)) {
			return false
		}
	}
	return true
}
