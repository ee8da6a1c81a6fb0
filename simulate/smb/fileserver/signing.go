package fileserver

import "fmt"

// Signing says which messages of an account's session are signed. The zero value is
// SigningOffered. In a guest's session nothing is signed, as it has no key.
type Signing uint8

// The values of Signing.
const (
	// SigningOffered offers signing: the server signs its answer to a request that is
	// signed.
	SigningOffered Signing = iota
	// SigningRequired requires signing: the server signs every answer, and answers a
	// request that is not signed with STATUS_ACCESS_DENIED.
	SigningRequired
	// SigningOff offers no signing: the server checks no signature and signs nothing,
	// except the end of an SMB 3.1.1 log-on, for which the protocol demands it. A
	// client that insists on signing fails.
	SigningOff
)

var signingNames = [...]string{"offered", "required", "off"}

func (s Signing) check() error {
	if int(s) >= len(signingNames) {
		return fmt.Errorf("fileserver: Settings.Signing: %d: want one of %q", uint8(s), signingNames)
	}
	return nil
}

// String returns "offered", "required" or "off".
func (s Signing) String() string {
	if s.check() != nil {
		return fmt.Sprintf("Signing(%d)", uint8(s))
	}
	return signingNames[s]
}

// MarshalText returns what String does. A value that is none of the constants is an
// error.
func (s Signing) MarshalText() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return []byte(signingNames[s]), nil
}

// UnmarshalText reads what MarshalText returns.
func (s *Signing) UnmarshalText(text []byte) error {
	for i, name := range signingNames {
		if name == string(text) {
			*s = Signing(i)
			return nil
		}
	}
	return fmt.Errorf("fileserver: unknown signing %.100q; want one of %q", text, signingNames)
}
