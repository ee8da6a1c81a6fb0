package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

// finding says what a text describes, as examples/identify prints it.
type finding struct {
	Revision   string                    `json:"revision"`
	Input      string                    `json:"input"`
	Form       identify.Form             `json:"form"`
	Candidates []string                  `json:"candidates"`
	Unlisted   []string                  `json:"unlisted"`
	Conflicts  []string                  `json:"conflicts"`
	Notes      []string                  `json:"notes,omitempty"`
	Nearest    []string                  `json:"nearest,omitempty"` // editions near the unlisted one, whose limits may differ
	Limits     map[limits.Service]spread `json:"limits,omitempty"`
}

// spread is the lowest and the highest limit of the candidates for a service, and the
// weakest grade among them.
type spread struct {
	Default     identify.Range     `json:"default"`
	Ceiling     identify.Range     `json:"ceiling"`
	Grade       limits.Grade       `json:"grade"`
	Sources     []limits.SourceKey `json:"sources"`
	WithoutRule []limits.Windows   `json:"withoutRule,omitempty"` // candidates whose limit is not known, unless it is known of none
}

func (l *lab) recognize(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	text, err := body(r)
	if err != nil {
		return err
	}
	var asked struct {
		Text string `json:"text"`
	}
	if err := decode(text, &asked); err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	if strings.TrimSpace(asked.Text) == "" {
		return bad(`no "text": want what a person or a tool says about a machine, such as "Windows XP Professional SP3"`)
	}
	id, err := identify.Recognize(asked.Text)
	if err != nil && !errors.Is(err, identify.ErrUnlisted) {
		return &problem{http.StatusUnprocessableEntity, err}
	}
	f := finding{
		Revision: limits.Revision, Input: title(asked.Text), Form: id.Form,
		Candidates: []string{}, Unlisted: append([]string{}, id.Unlisted...), Conflicts: append([]string{}, id.Conflicts...), Notes: id.Notes,
	}
	for _, w := range id.Candidates {
		f.Candidates = append(f.Candidates, w.String())
	}
	if unlisted := (*identify.UnlistedError)(nil); errors.As(err, &unlisted) {
		for _, e := range unlisted.Nearest {
			f.Nearest = append(f.Nearest, e.String())
		}
		return reply(w, http.StatusOK, f)
	}
	f.Limits = map[limits.Service]spread{}
	for _, s := range limits.Services() {
		f.Limits[s] = spreadOf(id, s)
	}
	return reply(w, http.StatusOK, f)
}

// title returns the first line of a text, which stands for all of it.
func title(text string) string {
	const most = 80
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	if line = strings.TrimSpace(line); len(line) <= most && !more {
		return line
	}
	return strings.ToValidUTF8(line[:min(len(line), most)], "") + " ..."
}

func spreadOf(id identify.Identification, s limits.Service) spread {
	out := spread{Sources: []limits.SourceKey{}}
	out.Default, out.Ceiling = id.Range(s)
	if list := id.WithoutRule(s); len(list) < len(id.Candidates) {
		out.WithoutRule = list
	}
	grades := []limits.Grade{limits.Documented, limits.Measured, limits.Reported, limits.Inferred} // the weakest last
	for _, w := range id.Candidates {
		rule, err := limits.Lookup(w, s)
		if err != nil {
			continue
		}
		if slices.Index(grades, rule.Grade) > slices.Index(grades, out.Grade) {
			out.Grade = rule.Grade
		}
		for _, source := range rule.Sources() {
			if !slices.Contains(out.Sources, source.Key) {
				out.Sources = append(out.Sources, source.Key)
			}
		}
	}
	return out
}
