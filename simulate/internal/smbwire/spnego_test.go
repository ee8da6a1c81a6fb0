package smbwire

import (
	"bytes"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	spnego  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	ntlmssp = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
)

// TestSPNEGO has encoding/asn1 read the tokens.
func TestSPNEGO(t *testing.T) {
	var application asn1.RawValue
	rest, err := asn1.Unmarshal(spnegoInit(), &application)
	require.NoError(t, err)
	require.Empty(t, rest)
	assert.Equal(t, asn1.ClassApplication, application.Class)
	var oid asn1.ObjectIdentifier
	rest, err = asn1.Unmarshal(application.Bytes, &oid)
	require.NoError(t, err)
	assert.Equal(t, spnego, oid)
	var init struct {
		Mechanisms []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	}
	_, err = asn1.UnmarshalWithParams(rest, &init, "explicit,tag:0")
	require.NoError(t, err)
	assert.Equal(t, []asn1.ObjectIdentifier{ntlmssp}, init.Mechanisms)

	for _, n := range []int{1, 50, 127, 200, 1000} {
		var response struct {
			State     asn1.Enumerated       `asn1:"explicit,tag:0"`
			Mechanism asn1.ObjectIdentifier `asn1:"explicit,tag:1"`
			Token     []byte                `asn1:"explicit,tag:2"`
		}
		rest, err = asn1.UnmarshalWithParams(SPNEGOReply(SPNEGOIncomplete, true, make([]byte, n), nil), &response, "explicit,tag:1")
		require.NoError(t, err)
		assert.Empty(t, rest)
		assert.EqualValues(t, 1, response.State)
		assert.Equal(t, ntlmssp, response.Mechanism)
		assert.Len(t, response.Token, n)
	}

	var done struct {
		State asn1.Enumerated `asn1:"explicit,tag:0"`
	}
	_, err = asn1.UnmarshalWithParams(SPNEGOReply(SPNEGOCompleted, false, nil, nil), &done, "explicit,tag:1")
	require.NoError(t, err)
	assert.Zero(t, done.State)
}

func TestParseSPNEGO(t *testing.T) {
	kerberos := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02}
	ntlm := oidNTLMSSP[:]
	init := func(mechanisms []byte, more ...[]byte) []byte {
		fields := append([][]byte{der(derField, mechanisms)}, more...)
		return der(0x60, oidSPNEGO[:], der(derField, der(derSequence, fields...)))
	}
	token := der(derField+2, der(derOctets, []byte("token")))
	both := der(derSequence, ntlm, kerberos)
	for _, tt := range []struct {
		name string
		b    []byte
		want SPNEGO
	}{
		{"first", init(both, token), SPNEGO{Init: true, Mechanisms: both, NTLM: true, NTLMFirst: true, Token: []byte("token")}},
		{"flags", init(both, der(derField+1, []byte{3, 2, 0, 0}), token), SPNEGO{Init: true, Mechanisms: both, NTLM: true, NTLMFirst: true, Token: []byte("token")}},
		{"rather Kerberos", init(der(derSequence, kerberos, ntlm)), SPNEGO{Init: true, Mechanisms: der(derSequence, kerberos, ntlm), NTLM: true}},
		{"Kerberos alone", init(der(derSequence, kerberos)), SPNEGO{Init: true, Mechanisms: der(derSequence, kerberos)}},
		{"next", der(derField+1, der(derSequence, der(derField, der(derEnumerated, []byte{1})), token)), SPNEGO{Token: []byte("token")}},
		{"integrity code", der(derField+1, der(derSequence, token, der(derField+3, der(derOctets, []byte("mic"))))), SPNEGO{Token: []byte("token"), MIC: []byte("mic")}},
		{"long", der(derField+1, der(derSequence, der(derField+2, der(derOctets, make([]byte, 300))))), SPNEGO{Token: make([]byte, 300)}},
	} {
		got, err := ParseSPNEGO(tt.b)
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, got, tt.name)
		for n := range tt.b {
			_, err := ParseSPNEGO(tt.b[:n])
			assert.ErrorIs(t, err, ErrMalformed, "%s, %d bytes", tt.name, n)
		}
	}
	for name, b := range map[string][]byte{
		"another mechanism": der(0x60, kerberos, der(derField, der(derSequence))),
		"no field":          der(0x60, oidSPNEGO[:], der(derField+1, der(derSequence))),
		"no sequence":       der(derField+1, der(derOctets)),
		"length of nothing": {derField + 1, 0x80},
		"long length":       {derField + 1, 0x84, 0, 0, 0, 0},
	} {
		_, err := ParseSPNEGO(b)
		assert.ErrorIs(t, err, ErrMalformed, name)
	}
}

// TestSPNEGOReply: the server's token can be read like a client's, as both have one form.
func TestSPNEGOReply(t *testing.T) {
	for _, tt := range []struct{ token, mic []byte }{{nil, nil}, {[]byte("token"), nil}, {make([]byte, 500), []byte("mic")}} {
		b := SPNEGOReply(SPNEGOIncomplete, true, tt.token, tt.mic)
		got, err := ParseSPNEGO(b)
		require.NoError(t, err)
		assert.Equal(t, SPNEGO{Token: tt.token, MIC: tt.mic}, got)
		assert.True(t, bytes.Contains(b, oidNTLMSSP[:]))
	}
	assert.Equal(t, []byte{0xa1, 7, 0x30, 5, 0xa0, 3, 0x0a, 1, 0}, SPNEGOReply(SPNEGOCompleted, false, nil, nil))
}

// FuzzParseSPNEGO: no token makes the reader look outside of it.
func FuzzParseSPNEGO(f *testing.F) {
	f.Add(spnegoInit())
	f.Add(SPNEGOReply(SPNEGOIncomplete, true, []byte("token"), []byte("mic")))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSPNEGO(b)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.True(t, bytes.Contains(b, s.Token) && bytes.Contains(b, s.MIC) && bytes.Contains(b, s.Mechanisms))
		require.True(t, s.NTLM || !s.NTLMFirst)
	})
}
