package smbwire

import (
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

	for _, n := range []int{0, 50, 127, 200, 1000} {
		var response struct {
			State     asn1.Enumerated       `asn1:"explicit,tag:0"`
			Mechanism asn1.ObjectIdentifier `asn1:"explicit,tag:1"`
			Token     []byte                `asn1:"explicit,tag:2"`
		}
		rest, err = asn1.UnmarshalWithParams(SPNEGOChallenge(make([]byte, n)), &response, "explicit,tag:1")
		require.NoError(t, err)
		assert.Empty(t, rest)
		assert.EqualValues(t, 1, response.State)
		assert.Equal(t, ntlmssp, response.Mechanism)
		assert.Len(t, response.Token, n)
	}

	var done struct {
		State asn1.Enumerated `asn1:"explicit,tag:0"`
	}
	_, err = asn1.UnmarshalWithParams(SPNEGODone(), &done, "explicit,tag:1")
	require.NoError(t, err)
	assert.Zero(t, done.State)
}
