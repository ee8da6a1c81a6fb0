package smbwire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzServerRequests: no request makes the reader look outside of its message.
func FuzzServerRequests(f *testing.F) {
	header := Header2{}.Append(nil)
	add := func(size byte, body ...byte) { f.Add(append(append(header[:Header2Size:Header2Size], size), body...)) }
	add(36, append([]byte{0, 1, 0}, make([]byte, 40)...)...)
	add(57, make([]byte, 70)...)
	add(49, make([]byte, 60)...)
	add(33, make([]byte, 50)...)
	add(25, append(make([]byte, 11), SessionSetup2Size, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 't', 'o', 'k', 'e', 'n')...)
	f.Add(append(Header1{}.Append(nil), "\x00\x0b\x00\x02SMB 2.???\x00"...))
	f.Fuzz(func(t *testing.T, msg []byte) {
		var err error
		check := func(part []byte, e error) {
			require.LessOrEqual(t, len(part), len(msg))
			if e != nil {
				require.ErrorIs(t, e, ErrMalformed)
			}
			err = e
		}
		n, e := ParseNegotiateRequest2(msg)
		check(nil, e)
		if err == nil {
			_, e = n.Contexts()
			check(nil, e)
		}
		token, e := SetupToken2(msg)
		check(token, e)
		list, e := Dialects1(msg)
		check([]byte(strings.Join(list, "")), e)
		_, e = TreePath2(msg)
		check(nil, e)
		_, e = ParseCreate2(msg)
		check(nil, e)
		_, e = ParseClose2(msg)
		check(nil, e)
		_, e = ParseFlush2(msg)
		check(nil, e)
		_, e = ParseRead2(msg)
		check(nil, e)
		w, e := ParseWrite2(msg)
		check(w.Data, e)
		i, e := ParseIoctl2(msg)
		check(i.Input, e)
		_, e = ParseQueryDirectory2(msg)
		check(nil, e)
		_, e = ParseQueryInfo2(msg)
		check(nil, e)
		s, e := ParseSetInfo2(msg)
		check(s.Data, e)
		_, e = ParseRename2(msg)
		check(nil, e)
		_, e = ParseValidateNegotiate2(msg)
		check(nil, e)
	})
}
