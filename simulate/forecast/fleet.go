package forecast

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// worstListed is the number of machines in Summary.Worst.
const worstListed = 10

// Summary counts the judgements on many machines. The zero Summary has no machine; Add
// and AddError add one. Parts of an inventory can be summed up separately: Merge puts their
// summaries together, in any order. A Summary can be written as JSON and read again.
type Summary struct {
	// Machines is the number of machines added, and Errors the number of those
	// that could not be judged.
	Machines int `json:"machines"`
	Errors   int `json:"errors"`
	// Verdicts has the number of machines with each verdict. A machine that could
	// not be judged has no verdict.
	Verdicts map[Verdict]int `json:"verdicts,omitempty"`
	// Suitable has, for each edition, the number of machines with the verdict
	// Server that it could replace. Its keys are those of Judgement.SuitableNames.
	Suitable map[string]int `json:"suitable,omitempty"`
	// Worst are the ten machines that lose most, the worst first.
	Worst []Loss `json:"worst,omitempty"`
}

// Loss is the share, from 0 to 1, that the clients of a machine lose. ID is the name
// that Add got.
type Loss struct {
	ID   string  `json:"id"`
	Lost float64 `json:"lost"`
}

// Add adds a machine. Its id is for Worst. The rest is of its Judgement: Verdict,
// Lost.Mean and SuitableNames.
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

// Merge adds the machines of another summary, which has none of those in s.
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

// Editions returns the names in Suitable. The edition that suits most machines comes
// first.
func (s *Summary) Editions() []string {
	return slices.SortedFunc(maps.Keys(s.Suitable), func(a, b string) int {
		return cmp.Or(-cmp.Compare(s.Suitable[a], s.Suitable[b]), strings.Compare(a, b))
	})
}
