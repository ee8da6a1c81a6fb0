package limits

import "fmt"

// ParseEdition returns the edition of a name.
func ParseEdition(name string) (Edition, error) {
	for e := range Editions() {
		if e.String() == name {
			return e, nil
		}
	}
	return 0, fmt.Errorf("%w: %q", ErrUnknownEdition, name)
}

// ParseWindows returns the edition and service pack of a name.
func ParseWindows(name string) (Windows, error) {
	for e := range Editions() {
		for sp := range 10 {
			if w := (Windows{e, sp}); w.String() == name {
				return w, w.Valid()
			}
		}
	}
	return Windows{}, fmt.Errorf("%w: %q", ErrUnknownEdition, name)
}
