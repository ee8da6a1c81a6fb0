package fileserver

import "fmt"

// Signing is how a Server signs what it sends.
type Signing uint8

// The ways of signing.
const (
	// SigningOffered signs the answers to a client that signs.
	SigningOffered Signing = iota
	// SigningRequired signs everything in the session of an account, and answers
	// a request that is not signed with STATUS_ACCESS_DENIED. A guest's session
	// has no key, and nothing in it is signed.
	SigningRequired
	// SigningOff offers no signing, looks at no signature and signs nothing but
	// the end of an SMB 3.1.1 log-on, which the protocol is not without. A client
	// that insists on signing has to notice.
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

// MarshalText returns the String form; a value that is not declared is an error.
func (s Signing) MarshalText() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return []byte(signingNames[s]), nil
}

// UnmarshalText accepts the String forms.
func (s *Signing) UnmarshalText(text []byte) error {
	for i, name := range signingNames {
		if name == string(text) {
			*s = Signing(i)
			return nil
		}
	}
	return fmt.Errorf("fileserver: signing cannot be %.100q; want one of %q", text, signingNames)
}
