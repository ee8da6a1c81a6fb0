package smbcrypto_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbcrypto"
)

func key(t testing.TB, s string) [16]byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return [16]byte(b)
}

// TestCMAC: the test vectors of RFC 4493, section 4.
func TestCMAC(t *testing.T) {
	k := key(t, "2b7e151628aed2a6abf7158809cf4f3c")
	msg, err := hex.DecodeString("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	require.NoError(t, err)
	for n, want := range map[int]string{
		0:  "bb1d6929e95937287fa37d129b756746",
		16: "070a16b46b4d4144f79bdd9dd04a287c",
		40: "dfa66747de9ae63030ca32611497c827",
		64: "51f0bebf7e3b9d92fc49741779363cfe",
	} {
		mac := smbcrypto.CMAC(k, msg[:n])
		assert.Equal(t, want, hex.EncodeToString(mac[:]), "%d bytes", n)
	}
}

// TestKDF: the signing keys that Microsoft's engineers computed as examples for
// SMB 3.0 and SMB 3.1.1 ("SMB 2 and SMB 3 security in Windows 10: the anatomy
// of signing and cryptographic keys").
func TestKDF(t *testing.T) {
	got := smbcrypto.KDF(key(t, "7cd451825d0450d235424e44ba6e78cc"), []byte("SMB2AESCMAC\x00"), []byte("SmbSign\x00"))
	assert.Equal(t, key(t, "0b7e9c5cac36c0f6ea9ab275298cedce"), got)

	hash, err := hex.DecodeString("0dd13628cc3ed218ef9df9772d436d0887ab9814bfae63a80aa845f36909db79" +
		"28622dddad522d9751640a459762c5a9d6bb084cbb3ce6bdadef5d5bce3c6c01")
	require.NoError(t, err)
	got = smbcrypto.KDF(key(t, "270e1ba896585eeb7af3472d3b4c75a7"), []byte("SMBSigningKey\x00"), hash)
	assert.Equal(t, key(t, "73fe7a9a77bef0bde49c650d8ccb5f76"), got)
}

func message(flags, command byte, id byte) []byte {
	msg := make([]byte, 80)
	copy(msg, "\xfeSMB\x40")
	msg[12], msg[16], msg[24] = command, flags, id
	copy(msg[64:], "a body")
	return msg
}

func TestSigner(t *testing.T) {
	for _, algorithm := range []smbcrypto.Algorithm{smbcrypto.HMACSHA256, smbcrypto.AESCMAC, smbcrypto.AESGMAC} {
		s := smbcrypto.NewSigner(algorithm, [16]byte{1, 2, 3})
		msg := message(8, 3, 5)
		assert.False(t, s.Verify(msg))
		s.Sign(msg)
		assert.True(t, s.Verify(msg))
		again := bytes.Clone(msg)
		s.Sign(again)
		assert.Equal(t, msg, again, "an old signature makes no difference")
		for i := range msg {
			other := bytes.Clone(msg)
			other[i] ^= 1
			changed := bytes.Clone(other)
			assert.False(t, s.Verify(other), "byte %d", i)
			assert.Equal(t, changed, other)
		}
		assert.False(t, smbcrypto.NewSigner(algorithm, [16]byte{1, 2, 4}).Verify(msg), "another key")
	}
	assert.Panics(t, func() { smbcrypto.NewSigner(3, [16]byte{}) })
}

// TestGMACNonce: request, reply and cancel of one message number have nonces of
// their own, so that no two messages have the same.
func TestGMACNonce(t *testing.T) {
	s := smbcrypto.NewSigner(smbcrypto.AESGMAC, [16]byte{})
	seen := make(map[string]string)
	for name, msg := range map[string][]byte{
		"request": message(8, 3, 5), "reply": message(9, 3, 5), "cancel": message(8, 12, 5), "next": message(8, 3, 6),
	} {
		s.Sign(msg)
		signature := string(msg[48:64])
		assert.NotContains(t, seen, signature, name)
		seen[signature] = name
	}
}
