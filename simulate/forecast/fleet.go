package forecast

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// worstListed is how many of the machines that lose most a Summary names.
const worstListed = 10

// Summary is what the judgements on many machines say together. Its zero value
// is that of no machine. Summaries of parts merge into that of the whole, in any
// order, and survive JSON.
type Summary struct {
	// Machines is how many were judged, those included that have an error.
	Machines int `json:"machines"`
	Errors   int `json:"errors"`
	// Verdicts is how many have each verdict. A machine with an error has none.
	Verdicts map[Verdict]int `json:"verdicts,omitempty"`
	// Suitable is for how many machines with the verdict Server each edition
	// would do, by the names of Judgement.SuitableNames.
	Suitable map[string]int `json:"suitable,omitempty"`
	// Worst are the ten machines that lose most, the worst first.
	Worst []Loss `json:"worst,omitempty"`
}

// Loss is the share that a machine loses.
type Loss struct {
	ID   string  `json:"id"`
	Lost float64 `json:"lost"`
}

// Add adds the judgement on a machine.
func (s *Summary) Add(id string, verdict Verdict, lost float64, suitable []string) {
	s.Machines++
	if s.Verdicts == nil {
		s.Verdicts = map[Verdict]int{}
	}
	s.Verdicts[verdict]++
	for _, name := range suitable {
		if s.Suitable == nil {
			s.Suitable = map[string]int{}
		}
		s.Suitable[name]++
	}
	if lost > 0 {
		s.worse(Loss{id, lost})
	}
}

// AddError adds a machine that could not be judged.
func (s *Summary) AddError() { s.Machines++; s.Errors++ }

func (s *Summary) worse(l Loss) {
	compare := func(a, b Loss) int { return cmp.Or(-cmp.Compare(a.Lost, b.Lost), strings.Compare(a.ID, b.ID)) }
	at, _ := slices.BinarySearchFunc(s.Worst, l, compare)
	if at == worstListed {
		return
	}
	s.Worst = slices.Insert(s.Worst, at, l)
	s.Worst = s.Worst[:min(len(s.Worst), worstListed)]
}

// Merge adds what another summary says, which is of other machines.
func (s *Summary) Merge(other Summary) {
	s.Machines += other.Machines
	s.Errors += other.Errors
	if s.Verdicts == nil && len(other.Verdicts) > 0 {
		s.Verdicts = map[Verdict]int{}
	}
	for v, n := range other.Verdicts {
		s.Verdicts[v] += n
	}
	if s.Suitable == nil && len(other.Suitable) > 0 {
		s.Suitable = map[string]int{}
	}
	for name, n := range other.Suitable {
		s.Suitable[name] += n
	}
	for _, l := range other.Worst {
		s.worse(l)
	}
}

// Editions returns the names in Suitable, those that would do for most machines
// first.
func (s *Summary) Editions() []string {
	return slices.SortedFunc(maps.Keys(s.Suitable), func(a, b string) int {
		return cmp.Or(-cmp.Compare(s.Suitable[a], s.Suitable[b]), strings.Compare(a, b))
	})
}
