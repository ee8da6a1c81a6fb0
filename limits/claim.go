package limits

import (
	"fmt"
	"iter"
	"strconv"
	"time"
)

// Verdict says whether a claim is right.
type Verdict uint8

// The verdicts.
const (
	// UnknownVerdict is the zero Verdict: it is not known whether the claim is right.
	UnknownVerdict Verdict = iota
	// True says that the claim is right.
	True
	// Partly says that the claim is right in part; its answer says in which.
	Partly
	// False says that the claim is wrong.
	False
)

var verdictNames = [...]string{unknownName, "true", "partly", "false"}

// String returns "true", "partly", "false" or "unknown".
func (v Verdict) String() string { return enumString("Verdict", verdictNames[:], uint8(v)) }

// MarshalText returns the String form; a value that is not declared is an
// error.
func (v Verdict) MarshalText() ([]byte, error) { return enumText("verdict", verdictNames[:], v) }

// UnmarshalText accepts the String forms, in any case.
func (v *Verdict) UnmarshalText(text []byte) error {
	return enumParse(v, "verdict", verdictNames[:], text)
}

// turned returns the verdict on the opposite of a claim. What is right in part
// is wrong in part, too.
func (v Verdict) turned() Verdict {
	switch v {
	case True:
		return False
	case False:
		return True
	}
	return v
}

// Claim is something that people say about these limits, with a verdict and an
// answer. It comes from Claims or FindClaims. The numbers in the answer come from
// the rules and facts of this package, so that they cannot differ from them.
type Claim struct {
	// Key names the claim, and stays the same in later revisions.
	Key string
	// Text is the claim, as a sentence.
	Text string
	// Verdict says whether Text is right.
	Verdict Verdict
	// Services are the services that the claim is about.
	Services []Service

	row *claimRow
}

// Claims returns what people say about these limits. The order means nothing.
func Claims() iter.Seq[Claim] {
	return func(yield func(Claim) bool) {
		for i := range claimRows {
			if !yield(claimRows[i].claim()) {
				return
			}
		}
	}
}

func (r *claimRow) claim() Claim {
	return Claim{Key: r.key, Text: r.text, Verdict: r.verdict, Services: r.services, row: r}
}

// Answer returns what is true instead, or why the claim is right, in a sentence or
// two.
func (c Claim) Answer() string {
	if c.row == nil {
		return ""
	}
	return c.row.answerFrom(Lookup)
}

// Rules returns the rules that the verdict rests on. There may be none.
func (c Claim) Rules() []Rule {
	if c.row == nil {
		return nil
	}
	rules := make([]Rule, 0, len(c.row.rules))
	for _, ref := range c.row.rules {
		if r, err := Lookup(ref.windows(), ref.service); err == nil {
			rules = append(rules, r)
		}
	}
	return rules
}

// Sources returns the evidence for the verdict, strongest first.
func (c Claim) Sources() []Source {
	if c.row == nil {
		return nil
	}
	list := make([]Source, 0, len(c.row.sources))
	for _, key := range c.row.sources {
		if s, ok := LookupSource(key); ok {
			list = append(list, s)
		}
	}
	return list
}

// Grade returns how good the evidence for the verdict is. It is the weakest grade
// of the rules that the verdict rests on. Without a rule it is that of the strongest
// source.
func (c Claim) Grade() Grade {
	rules := c.Rules()
	weakest := UnknownGrade
	for _, r := range rules {
		weakest = max(weakest, r.Grade)
	}
	if len(rules) > 0 {
		return weakest
	}
	strongest := UnknownGrade
	for _, s := range c.Sources() {
		if g := s.Kind.grade(); strongest == UnknownGrade || g < strongest {
			strongest = g
		}
	}
	return strongest
}

// A claimRow is a claim in the table of claims.
type claimRow struct {
	key      string
	text     string
	verdict  Verdict
	services []Service
	// rules decide the claim. The verb %[n]v of the answer is the number of the
	// n-th of them, counted from 1, and that of a figure if there are not as many
	// rules.
	rules   []ruleRef
	figures []figure
	answer  string
	sources []SourceKey
	find    claimWords
}

// A ruleRef names a rule by a level that it covers.
type ruleRef struct {
	edition Edition
	level   int // as in rules.csv: 0 is as released
	service Service
	ceiling bool // its number is the ceiling
}

func (r ruleRef) windows() Windows { return Windows{r.edition, ServicePackAt(r.level)} }

// A figure is a number that follows from a rule, or is another fact.
type figure func(lookup lookupFunc) any

type lookupFunc func(Windows, Service) (Rule, error)

// answerFrom returns the answer with the numbers of the rules that lookup has.
func (r *claimRow) answerFrom(lookup lookupFunc) string {
	args := make([]any, 0, len(r.rules)+len(r.figures))
	for _, ref := range r.rules {
		args = append(args, readable(ref.limit(lookup)))
	}
	for _, f := range r.figures {
		args = append(args, f(lookup))
	}
	// An answer need not name each number.
	return fmt.Sprintf(r.answer+fmt.Sprintf("%%.0[%d]v", len(args)+1), append(args, "")...)
}

// limit returns the number of the rule, unknown if there is none.
func (r ruleRef) limit(lookup lookupFunc) Limit {
	rule, err := lookup(r.windows(), r.service)
	switch {
	case err != nil:
		return Limit{}
	case r.ceiling:
		return rule.Ceiling
	}
	return rule.Default
}

// readable writes a number with commas.
func readable(l Limit) string {
	n, ok := l.Number()
	if !ok {
		return l.String()
	}
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// following is the number after that of a rule: which connection is refused.
func following(ref ruleRef) figure {
	return func(lookup lookupFunc) any {
		n, ok := ref.limit(lookup).Number()
		if !ok {
			return "next"
		}
		return ordinal(n + 1)
	}
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// queueOf is the length of the queue of a rule.
func queueOf(ref ruleRef) figure {
	return func(lookup lookupFunc) any {
		rule, err := lookup(ref.windows(), ref.service)
		if err != nil {
			return Limit{}
		}
		return readable(rule.Queue)
	}
}

// sustained is how many connections a second the ports of an edition allow in
// the long run, if each stays in TIME_WAIT.
func sustained(ref ruleRef) figure {
	return func(lookup lookupFunc) any {
		n, ok := ref.limit(lookup).Number()
		wait := ref.edition.TimeWait().Value.IPv4
		if !ok || wait <= 0 {
			return Limit{}
		}
		return n / int(wait/time.Second)
	}
}

// fixed is a fact that is not about an edition's rule.
func fixed(f func() any) figure { return func(lookupFunc) any { return f() } }

// seconds is a time as in "240 s".
func seconds(d time.Duration) string { return fmt.Sprintf("%d s", d/time.Second) }

// grade is how good evidence of the kind is, without a look at what it says.
func (k SourceKind) grade() Grade {
	switch k {
	case SourceVendorKB, SourceVendorDoc, SourceProtocolSpec, SourceLicence:
		return Documented
	case SourceBinary, SourceCapture:
		return Measured
	}
	return Reported
}
