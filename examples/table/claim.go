package main

import (
	"errors"
	"fmt"

	"github.com/winlimits/winlimits/limits"
)

// judge prints the claim that a text makes, the verdict on the text, the answer
// and the evidence.
func judge(w *wrapper, text string) error {
	found := limits.FindClaims(text)
	if len(found) == 0 {
		return errors.New("-claim: no claim of the table says that or its opposite, which does not make it true or false")
	}
	m := found[0]
	w.line("Claim:    " + m.Claim.Text)
	switch {
	case m.Negated && m.Verdict == limits.UnknownVerdict:
		w.line("Verdict:  " + m.Claim.Verdict.String() + " on the claim; whether the text affirms it or denies it cannot be told")
	case m.Negated:
		w.line(fmt.Sprintf("Verdict:  %v, since the text denies the claim, which is %v", m.Verdict, m.Claim.Verdict))
	default:
		w.line("Verdict:  " + m.Verdict.String())
	}
	w.line("Answer:   " + m.Claim.Answer())
	w.line("Evidence: " + m.Claim.Grade().String())
	for _, r := range m.Claim.Rules() {
		w.line(fmt.Sprintf("  - %v [%s]", r, r.Evidence()))
	}
	for _, s := range m.Claim.Sources() {
		w.line("  - " + s.String())
	}
	for i, other := range found[1:min(len(found), 4)] {
		if i == 0 {
			w.line("Near it:")
		}
		w.line(fmt.Sprintf("  - %s (%v)", other.Claim.Text, other.Claim.Verdict))
	}
	return w.err
}
