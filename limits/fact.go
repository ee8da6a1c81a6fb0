package limits

// Fact is something that is known about Windows besides its limits: a value with
// the evidence for it.
type Fact[T any] struct {
	Value T
	// Grade is how good the evidence is. UnknownGrade says that there is none: Value
	// is then a choice, and the note says where it comes from.
	Grade Grade
	// Note is a sentence or two on the evidence, for people.
	Note string

	sources []SourceKey
}

// Sources returns the evidence, strongest first. There is none if the grade is
// UnknownGrade.
func (f Fact[T]) Sources() []Source {
	list := make([]Source, 0, len(f.sources))
	for _, key := range f.sources {
		list = append(list, evidence{}.source(key))
	}
	return list
}

// A span is a fact of the editions from first to last.
type span[T any] struct {
	first, last Edition
	fact        Fact[T]
}

// factOf returns the fact of the first span that has the edition, or otherwise
// the last fact, which is about all the rest.
func factOf[T any](e Edition, spans []span[T], otherwise Fact[T]) Fact[T] {
	for i := range spans {
		if spans[i].first <= e && e <= spans[i].last {
			return spans[i].fact
		}
	}
	return otherwise
}
