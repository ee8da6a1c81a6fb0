package fileserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

func TestSigningText(t *testing.T) {
	for signing, want := range map[fileserver.Signing]string{
		fileserver.SigningOffered: "offered", fileserver.SigningRequired: "required", fileserver.SigningOff: "off",
	} {
		assert.Equal(t, want, signing.String())
		text, err := signing.MarshalText()
		require.NoError(t, err)
		var again fileserver.Signing
		require.NoError(t, again.UnmarshalText(text))
		assert.Equal(t, signing, again)
	}
	var s fileserver.Signing
	assert.ErrorContains(t, s.UnmarshalText([]byte("always")), `"always"; want one of ["offered" "required" "off"]`)
	assert.Equal(t, "Signing(9)", fileserver.Signing(9).String())
	_, err := fileserver.Signing(9).MarshalText()
	assert.Error(t, err)
}
