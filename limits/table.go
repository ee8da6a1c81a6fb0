package limits

import (
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// Lookup returns the rule for a service of an edition at its service pack.
//
// If the service pack is not known, Lookup returns the rule of the latest one,
// provided that all service packs of the edition agree in default, ceiling, unit
// and discipline. If they differ, the error is a *ServicePackError, which has the
// rules.
//
// A rule whose Default is unlimited or absent is an answer, not an error. An error
// matches ErrUnknownEdition, ErrServicePack, or ErrNoRule if the table has no rule
// for the question. ErrNoRule never means that there is no limit.
func Lookup(w Windows, s Service) (Rule, error) {
	r, err := find(w, s) // apart, so that Lookup is inlined and the rule is copied once
	return *r, err
}

// find returns the rule of the table, and an empty one with an error.
func find(w Windows, s Service) (*Rule, error) {
	if pack := uint8(w.ServicePack - AsReleased); int(w.Edition) < names.Count && s < numServices && pack < numServicePacks {
		t := ready()
		if i := t.answers[w.Edition][s][pack]; i != 0 {
			return &t.rules[i-1], nil
		}
	}
	return new(Rule), lookupError(w, s)
}

func lookupError(w Windows, s Service) error {
	if err := w.Valid(); err != nil {
		return err
	}
	if !s.valid() {
		return fmt.Errorf("%w: %v is not a service", ErrNoRule, s)
	}
	if w.ServicePack == UnknownServicePack {
		if rules := slices.Clone(rulesOf(w.Edition, s)); len(rules) > 0 {
			return &ServicePackError{Windows: w, Service: s, Rules: rules}
		}
	}
	return fmt.Errorf("%w for %v of %v", ErrNoRule, s, w)
}

// Rules returns every rule of the table, edition by edition in order of
// release.
func Rules() iter.Seq[Rule] {
	return func(yield func(Rule) bool) { each(ready().rules, yield) }
}

// ByEdition returns the rules of an edition, at all its service packs, the
// licence last.
func ByEdition(e Edition) iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		if t := ready(); e.valid() {
			each(t.rules[t.first[key(e, 0)]:t.first[key(e+1, 0)]], yield)
		}
	}
}

// ByService returns the rules for a service, in order of release.
func ByService(s Service) iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		for e := range Editions() {
			if !each(rulesOf(e, s), yield) {
				return
			}
		}
	}
}

// rulesOf returns the rules for a service of an edition, lowest level first. They
// are the table's own.
func rulesOf(e Edition, s Service) []Rule {
	if !e.valid() || s >= numServices {
		return nil
	}
	t := ready()
	return t.rules[t.first[key(e, s)]:t.first[key(e, s)+1]]
}

func each(rules []Rule, yield func(Rule) bool) bool {
	for i := range rules {
		if !yield(rules[i]) {
			return false
		}
	}
	return true
}

// numServicePacks counts AsReleased, UnknownServicePack and those with a number.
const numServicePacks = lastServicePack + 2

// readyTable is the table as its readers need it: every rule made, and every
// answer of Lookup found.
type readyTable struct {
	rules []Rule // in order of edition, service and level
	// first is where the rules of a service of an edition begin; they end where
	// those of the next service begin.
	first [names.Count*int(numServices) + 1]uint16
	// answers numbers the rules that Lookup returns, from 1; 0 is an error.
	answers [names.Count][numServices][numServicePacks]uint16
}

// once holds the table from when it is first read. It is sync.OnceValue written
// out, so that the compiler inlines it: that takes a quarter off a lookup.
var once struct {
	sync.Once
	table *readyTable
}

// ready returns the table. The first call makes it, in less than 0.1 ms; a program
// that links the package and never asks does not pay for it.
func ready() *readyTable {
	once.Do(makeReady)
	return once.table
}

func makeReady() {
	t := new(readyTable)
	for i := range rows {
		for _, e := range rows[i].editions {
			t.first[key(e, rows[i].service)+1]++
		}
	}
	for k := range t.first[1:] {
		t.first[k+1] += t.first[k]
	}
	t.rules = make([]Rule, t.first[len(t.first)-1])
	proofs := make([]evidence, len(rows))
	next := t.first // where the next rule of a service goes
	for i := range rows {
		r := &rows[i]
		proofs[i] = evidence{grades: r.grades, sources: r.sources, rivals: r.rivals}
		for _, e := range r.editions {
			k := key(e, r.service)
			at := next[k]
			next[k]++
			// The rows of a service need not stand in order of levels.
			for ; at > t.first[k] && t.rules[at-1].ServicePackMin > int(r.levels.min); at-- {
				t.rules[at] = t.rules[at-1]
			}
			t.rules[at] = r.rule(e, &proofs[i])
		}
	}
	for e := range Editions() {
		_, last := names.Edition(e).Levels()
		for s := SMB; s < numServices; s++ {
			for pack := AsReleased; int(pack) <= last; pack++ {
				t.answers[e][s][pack-AsReleased] = t.answer(Windows{e, pack}, s)
			}
		}
	}
	once.table = t
}

func key(e Edition, s Service) int { return int(e)*int(numServices) + int(s) }

// answer returns the number of the rule that answers, and 0 if none does. The
// rules of the service answer if they cover all that was asked, without a gap,
// and say the same.
func (t *readyTable) answer(w Windows, s Service) uint16 {
	first, end := t.first[key(w.Edition, s)], t.first[key(w.Edition, s)+1]
	if first == end {
		return 0
	}
	asked, ok := w.levels()
	if !ok {
		return 0
	}
	var answer *Rule
	next := asked.first // level that no rule has covered
	for i := first; i < end; i++ {
		r := &t.rules[i]
		if next < r.ServicePackMin || r.ServicePackMax != AndLater && r.ServicePackMax < next {
			continue
		}
		if answer != nil && !answer.agrees(r) {
			return 0
		}
		if answer, next = r, r.ServicePackMax+1; r.ServicePackMax == AndLater || next > asked.last {
			return i + 1
		}
	}
	return 0
}

// agrees reports whether two rules of a service are the same answer.
func (r *Rule) agrees(other *Rule) bool {
	return r.Default == other.Default && r.Ceiling == other.Ceiling && r.Unit == other.Unit && r.Discipline == other.Discipline
}

// rule returns the rule that the row states for one of its editions.
func (r *row) rule(e Edition, proof *evidence) Rule {
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
		Note:           r.note,
		evidence:       proof,
	}
	if rule.Basis == UnknownBasis {
		rule.Basis = ByCode
	}
	return rule
}
