package ntlm

import (
	"bytes"
	"crypto/des"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"

	"github.com/winlimits/winlimits/simulate/internal/smbcrypto"
)

// Verify reports whether the answer was made with the password that has the hash, and
// returns the keys if it was. It accepts NTLMv1 only if version1 is set.
func (a *Answer) Verify(hash [16]byte, version1 bool) (keys Keys, ok bool) {
	var base [16]byte
	switch {
	case len(a.nt) > 24:
		base, ok = a.verify2(hash)
	case len(a.nt) == 24 && version1:
		base, ok = a.verify1(hash)
	}
	if !ok {
		return Keys{}, false
	}
	keys = Keys{Session: base, flags: a.flags}
	if a.flags&flagKeyExchange != 0 {
		if len(a.sessionKey) != len(keys.Session) {
			return Keys{}, false
		}
		cipher, err := rc4.NewCipher(base[:])
		if err != nil {
			panic(err) // never: 16 bytes are a key
		}
		cipher.XORKeyStream(keys.Session[:], a.sessionKey)
	}
	if !a.integral(keys.Session) {
		return Keys{}, false
	}
	return keys, true
}

// verify2 checks an NTLMv2 response: a proof of 16 bytes, and the data that it is made
// from (MS-NLMP 3.3.2).
func (a *Answer) verify2(hash [16]byte) (base [16]byte, ok bool) {
	key := hmacMD5(hash[:], utf16le(fold(a.User)+a.Domain))
	proof := hmacMD5(key[:], a.exchange.nonce[:], a.nt[16:])
	return hmacMD5(key[:], proof[:]), hmac.Equal(proof[:], a.nt[:16])
}

// verify1 checks an NTLMv1 response: a plain one, or one that has a challenge of the
// client in the place of the LM response (MS-NLMP 3.3.1).
func (a *Answer) verify1(hash [16]byte) (base [16]byte, ok bool) {
	nonce := a.exchange.nonce
	base = smbcrypto.MD4(hash[:])
	if a.flags&flagExtended != 0 {
		if len(a.lm) < 8 {
			return base, false
		}
		base = hmacMD5(base[:], nonce[:], a.lm[:8])
		return base, hmac.Equal(Response1(hash, nonce, [8]byte(a.lm)), a.nt)
	}
	return base, hmac.Equal(desL(hash, nonce), a.nt)
}

// desL encrypts nonce with each third of the hash (MS-NLMP 6).
func desL(hash [16]byte, nonce [8]byte) []byte {
	var keys [21]byte
	copy(keys[:], hash[:])
	out := make([]byte, 24)
	for i := range 3 {
		block, err := des.NewCipher(spread([7]byte(keys[7*i:])))
		if err != nil {
			panic(err) // never: 8 bytes are a key
		}
		block.Encrypt(out[8*i:], nonce[:])
	}
	return out
}

// spread makes a DES key of 7 bytes: 7 bits go into each of 8 bytes, beside a parity bit
// that DES ignores.
func spread(b [7]byte) []byte {
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	key := make([]byte, 8)
	for i := range key {
		key[7-i] = byte(v>>(7*i)) << 1
	}
	return key
}

func hmacMD5(key []byte, parts ...[]byte) [16]byte {
	mac := hmac.New(md5.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return [16]byte(mac.Sum(nil))
}

// Keys are the keys that client and server share after an authentication.
type Keys struct {
	// Session is the session key, which signs and encrypts what follows.
	Session [16]byte

	flags uint32
}

// HasMIC reports whether client and server have agreed on integrity codes of the kind that
// this package knows, that of extended session security.
func (k Keys) HasMIC() bool { return k.flags&flagExtended != 0 && k.flags&flagSign != 0 }

// CheckMIC reports whether mic is the client's integrity code for msg, its first signed
// message.
func (k Keys) CheckMIC(msg, mic []byte) bool {
	return hmac.Equal(k.mic("client-to-server", msg), mic)
}

// MIC returns the server's integrity code for msg, its first signed message (MS-NLMP
// 3.4.4.2).
func (k Keys) MIC(msg []byte) []byte { return k.mic("server-to-client", msg) }

func (k Keys) mic(direction string, msg []byte) []byte {
	key := func(part []byte, purpose string) []byte {
		sum := md5.Sum(append(bytes.Clone(part), "session key to "+direction+" "+purpose+" key magic constant\x00"...))
		return sum[:]
	}
	sum := hmacMD5(key(k.Session[:], "signing"), make([]byte, 4), msg)
	if k.flags&flagKeyExchange != 0 {
		part := k.Session[:5]
		switch {
		case k.flags&flag128 != 0:
			part = k.Session[:]
		case k.flags&flag56 != 0:
			part = k.Session[:7]
		}
		cipher, err := rc4.NewCipher(key(part, "sealing"))
		if err != nil {
			panic(err) // never: 16 bytes are a key
		}
		cipher.XORKeyStream(sum[:8], sum[:8])
	}
	b := binary.LittleEndian.AppendUint32(nil, 1) // version
	b = append(b, sum[:8]...)
	return append(b, 0, 0, 0, 0) // sequence number
}

// Response1 returns the NTLMv1 response of a client that adds a challenge of its own.
func Response1(hash [16]byte, server, client [8]byte) []byte {
	sum := md5.Sum(append(server[:], client[:]...))
	return desL(hash, [8]byte(sum[:]))
}
