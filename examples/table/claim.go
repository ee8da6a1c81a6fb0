package main

import (
	"errors"
	"fmt"

	"github.com/winlimits/winlimits/limits"
)

// judge prints the claim of the table that a text makes or denies, the verdict on
// the text, the answer and the evidence.
func judge(w *wrapper, text string) error {
	found := limits.FindClaims(text)
	if len(found) == 0 {
		return errors.New("-claim: the table has no claim that says this or its opposite, which makes the sentence neither true nor false")
	}
	m := found[0]
	w.line("Claim:    " + m.Claim.Text)
	switch {
	case m.Negated && m.Verdict == limits.UnknownVerdict:
		w.line(fmt.Sprintf("Verdict:  the claim is %v; whether the text affirms or denies it is not clear", m.Claim.Verdict))
	case m.Negated:
		w.line(fmt.Sprintf("Verdict:  %v: the text denies the claim, which is %v", m.Verdict, m.Claim.Verdict))
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
			w.line("Similar claims:")
		}
		w.line(fmt.Sprintf("  - %s (%v)", other.Claim.Text, other.Claim.Verdict))
	}
	return w.err
}
