// Package ntlm is the server's half of NTLMSSP (MS-NLMP). A server answers the client's
// NEGOTIATE with a challenge (NewExchange), reads the client's answer to that
// (Exchange.Answer), checks it against the password (Answer.Verify), and has the session
// key then.
//
// The package does no I/O and keeps no state. NTLM is broken in many ways: this package is
// for tests.
package ntlm

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/winlimits/winlimits/simulate/internal/smbcrypto"
)

// ErrMalformed is wrapped by the error for every message that cannot be read.
var ErrMalformed = errors.New("malformed NTLMSSP message")

// MessageType is the type of an NTLMSSP message (MS-NLMP 2.2.1).
type MessageType uint32

// The types, in the order in which the messages are sent.
const (
	Negotiate    MessageType = 1
	Challenge    MessageType = 2
	Authenticate MessageType = 3
)

const signature = "NTLMSSP\x00"

// TypeOf returns the type of a message. ok is false if msg is no NTLMSSP message.
func TypeOf(msg []byte) (t MessageType, ok bool) {
	if len(msg) < 16 || !bytes.HasPrefix(msg, []byte(signature)) {
		return 0, false
	}
	return MessageType(binary.LittleEndian.Uint32(msg[8:])), true
}

// The flags of NTLMSSP messages that matter here (MS-NLMP 2.2.2.5).
const (
	flagUnicode      uint32 = 0x00000001
	flagSign         uint32 = 0x00000010
	flagAnonymous    uint32 = 0x00000800
	flagExtended     uint32 = 0x00080000 // extended session security
	flag128          uint32 = 0x20000000
	flagKeyExchange  uint32 = 0x40000000
	flag56           uint32 = 0x80000000
	flagTargetInfo   uint32 = 0x00800000
	flagTargetServer uint32 = 0x00020000

	// agreed has the flags that the server sets if the client does: flags above, and
	// sealing (0x20), always sign (0x8000), NTLM (0x200) and the target (0x4).
	agreed = flagUnicode | flagSign | flagExtended | flag128 | flagKeyExchange | flag56 | 0x8224
	// own has the flags that the server always sets.
	own = flagUnicode | flagTargetInfo | flagTargetServer
)

// maxNegotiate bounds the NEGOTIATE that an Exchange keeps, in bytes. A real one has a
// few hundred at most.
const maxNegotiate = 1024

// Exchange is an authentication whose challenge has been made.
type Exchange struct {
	negotiate, challenge []byte // as sent, for the client's integrity code
	nonce                [8]byte
}

// NewExchange answers a client's NEGOTIATE as the computer with the name. It returns the
// CHALLENGE message to send, which has the nonce in it.
func NewExchange(negotiate []byte, nonce [8]byte, name string, now time.Time) (*Exchange, []byte, error) {
	if t, ok := TypeOf(negotiate); !ok || t != Negotiate {
		return nil, nil, fmt.Errorf("%w: no NEGOTIATE", ErrMalformed)
	}
	if len(negotiate) > maxNegotiate {
		return nil, nil, fmt.Errorf("%w: NEGOTIATE of %d bytes; accepted are %d", ErrMalformed, len(negotiate), maxNegotiate)
	}
	le := binary.LittleEndian
	target := utf16le(name)
	var info []byte
	pair := func(id uint16, value []byte) {
		info = le.AppendUint16(info, id)
		info = le.AppendUint16(info, uint16(len(value)))
		info = append(info, value...)
	}
	for _, id := range []uint16{2, 1, 4, 3} { // domain and computer, NetBIOS and DNS
		pair(id, target)
	}
	pair(7, le.AppendUint64(nil, fileTime(now)))
	pair(0, nil)

	const size = 56
	b := append([]byte(nil), signature...)
	b = le.AppendUint32(b, uint32(Challenge))
	b = appendField(b, len(target), size)
	b = le.AppendUint32(b, le.Uint32(negotiate[12:])&agreed|own)
	b = append(b, nonce[:]...)
	b = append(b, make([]byte, 8)...)
	b = appendField(b, len(info), size+len(target))
	b = append(b, make([]byte, 8)...) // no version, as the flags say
	b = append(append(b, target...), info...)
	return &Exchange{negotiate: bytes.Clone(negotiate), challenge: b, nonce: nonce}, b, nil
}

func appendField(b []byte, n, offset int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	return binary.LittleEndian.AppendUint32(b, uint32(offset))
}

// Answer is a client's AUTHENTICATE message: its answer to the challenge.
type Answer struct {
	// User and Domain are as the client has written them.
	User, Domain string
	// Anonymous is set for an anonymous log-on, which has neither user nor response.
	Anonymous bool

	exchange   *Exchange
	message    []byte
	flags      uint32
	lm, nt     []byte
	sessionKey []byte // encrypted
}

// maxName bounds the names of an Answer, in bytes of UTF-16. An account name of Windows
// has at most 20 characters, and the longest name of a directory 256.
const maxName = 512

// Answer reads an AUTHENTICATE message. The result keeps msg, which must not be changed.
func (x *Exchange) Answer(msg []byte) (*Answer, error) {
	if t, ok := TypeOf(msg); !ok || t != Authenticate || len(msg) < 64 {
		return nil, fmt.Errorf("%w: no AUTHENTICATE of at least 64 bytes", ErrMalformed)
	}
	le := binary.LittleEndian
	var failed error
	field := func(at int) []byte {
		n, offset := int(le.Uint16(msg[at:])), uint64(le.Uint32(msg[at+4:]))
		if n == 0 {
			return nil
		}
		if offset+uint64(n) > uint64(len(msg)) {
			failed = fmt.Errorf("%w: field of %d bytes at %d of %d", ErrMalformed, n, offset, len(msg))
			return nil
		}
		return msg[offset:][:n]
	}
	a := &Answer{exchange: x, message: msg, flags: le.Uint32(msg[60:])}
	a.lm, a.nt, a.sessionKey = field(12), field(20), field(52)
	name := func(at int) string {
		b := field(at)
		switch {
		case len(b) > maxName:
			failed = fmt.Errorf("%w: name of %d bytes; accepted are %d", ErrMalformed, len(b), maxName)
			return ""
		case a.flags&flagUnicode == 0:
			return string(b)
		case len(b)%2 != 0:
			failed = fmt.Errorf("%w: name in UTF-16 of %d bytes", ErrMalformed, len(b))
			return ""
		}
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = le.Uint16(b[2*i:])
		}
		return string(utf16.Decode(units))
	}
	a.Domain, a.User = name(28), name(36)
	if failed != nil {
		return nil, failed
	}
	a.Anonymous = a.User == "" && len(a.nt) == 0 && len(a.lm) <= 1
	return a, nil
}

// integrityCode returns the integrity code of the message. announced is true if the
// client's response says that there is one (MS-NLMP 2.2.2.1).
func (a *Answer) integrityCode() (code []byte, announced bool) {
	const at, size = 72, 16
	pairs := a.nt[min(44, len(a.nt)):]
	for len(pairs) >= 4 {
		id, n := binary.LittleEndian.Uint16(pairs), int(binary.LittleEndian.Uint16(pairs[2:]))
		if id == 0 || n > len(pairs)-4 {
			return nil, false
		}
		if id == 6 && n == 4 && pairs[4]&2 != 0 {
			if len(a.message) < at+size {
				return nil, true
			}
			return a.message[at:][:size], true
		}
		pairs = pairs[4+n:]
	}
	return nil, false
}

// integral reports whether the three messages are those that the client has seen, as its
// integrity code says. It is true if there is no code.
func (a *Answer) integral(key [16]byte) bool {
	code, announced := a.integrityCode()
	if !announced {
		return true
	}
	if code == nil {
		return false
	}
	mac := hmac.New(md5.New, key[:])
	mac.Write(a.exchange.negotiate)
	mac.Write(a.exchange.challenge)
	mac.Write(a.message[:72])
	mac.Write(make([]byte, 16))
	mac.Write(a.message[88:])
	return hmac.Equal(mac.Sum(nil), code)
}

// Hash returns the NT hash of a password, which a computer stores in its place.
func Hash(password string) [16]byte { return smbcrypto.MD4(utf16le(password)) }

// fold returns the form of a name that is the same for names that differ in case only.
func fold(name string) string { return strings.ToUpper(name) }

func utf16le(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// fileTime returns t in units of 100 ns since 1601.
func fileTime(t time.Time) uint64 {
	const to1970 = 11644473600
	return uint64(t.Unix()+to1970)*1e7 + uint64(t.Nanosecond()/100)
}
