package smbcrypto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// CMAC returns the AES-CMAC of msg (RFC 4493).
func CMAC(key [16]byte, msg []byte) [16]byte { return newCMAC(key).sum(msg) }

type cmac struct {
	block  cipher.Block
	k1, k2 [16]byte // for a last block that is full, and for one that is padded
}

func newCMAC(key [16]byte) *cmac {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 16 bytes are a key
	}
	c := &cmac{block: block}
	var zero [16]byte
	block.Encrypt(c.k1[:], zero[:])
	c.k1 = double(c.k1)
	c.k2 = double(c.k1)
	return c
}

// double multiplies by x in the finite field with 2^128 elements.
func double(b [16]byte) [16]byte {
	hi, lo := binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	carry := hi >> 63
	binary.BigEndian.PutUint64(b[:], hi<<1|lo>>63)
	binary.BigEndian.PutUint64(b[8:], lo<<1^0x87*carry)
	return b
}

func (c *cmac) sum(msg []byte) (mac [16]byte) {
	for ; len(msg) > 16; msg = msg[16:] {
		subtle.XORBytes(mac[:], mac[:], msg[:16])
		c.block.Encrypt(mac[:], mac[:])
	}
	subtle.XORBytes(mac[:], mac[:], msg)
	last := &c.k1
	if len(msg) < 16 {
		mac[len(msg)] ^= 0x80
		last = &c.k2
	}
	subtle.XORBytes(mac[:], mac[:], last[:])
	c.block.Encrypt(mac[:], mac[:])
	return mac
}

// KDF derives a key of 128 bits from key, by SP 800-108 in counter mode with HMAC-SHA256
// (MS-SMB2 3.1.4.2). The caller ends label and context with the zero byte that the
// strings of SMB have.
func KDF(key [16]byte, label, context []byte) [16]byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte{0, 0, 0, 1}) // the counter
	mac.Write(label)
	mac.Write([]byte{0})
	mac.Write(context)
	mac.Write([]byte{0, 0, 0, 128}) // the length in bits
	return [16]byte(mac.Sum(nil))
}

// Algorithm is an algorithm that signs SMB2 messages. The values are those of the signing
// capabilities (MS-SMB2 2.2.3.1.7).
type Algorithm uint16

// The algorithms.
const (
	HMACSHA256 Algorithm = 0 // SMB 2.0.2 and 2.1
	AESCMAC    Algorithm = 1 // SMB 3
	AESGMAC    Algorithm = 2 // SMB 3.1.1, if both sides agree on it
)

// A Signer signs SMB2 messages with one key. It may be used by many goroutines.
type Signer struct {
	algorithm Algorithm
	key       [16]byte
	cmac      *cmac
	gmac      cipher.AEAD
}

// NewSigner returns a Signer. It panics for an algorithm that is none of the constants.
func NewSigner(algorithm Algorithm, key [16]byte) *Signer {
	s := &Signer{algorithm: algorithm, key: key}
	switch algorithm {
	case HMACSHA256:
	case AESCMAC:
		s.cmac = newCMAC(key)
	case AESGMAC:
		block, err := aes.NewCipher(key[:])
		if err != nil {
			panic(err) // 16 bytes are a key
		}
		if s.gmac, err = cipher.NewGCM(block); err != nil {
			panic(err) // AES has blocks of 16 bytes
		}
	default:
		panic("smbcrypto: no such algorithm")
	}
	return s
}

// The offsets in the header of an SMB2 message that a signature depends on.
const (
	atCommand   = 12
	atFlags     = 16
	atMessageID = 24
	atSignature = 48
	headerSize  = 64

	commandCancel = 0x0c
	flagReply     = 0x01
)

// Sign puts the signature into msg, a whole SMB2 message that begins with its
// header and whose flags are final (MS-SMB2 3.1.4.1).
func (s *Signer) Sign(msg []byte) {
	signature := msg[atSignature:headerSize]
	clear(signature)
	copy(signature, s.sum(msg))
}

// Verify reports whether the signature in msg is right. It does not change msg.
func (s *Signer) Verify(msg []byte) bool {
	signature := msg[atSignature:headerSize]
	given := [16]byte(signature)
	clear(signature)
	right := s.sum(msg)
	copy(signature, given[:])
	return subtle.ConstantTimeCompare(right, given[:]) == 1
}

// sum returns the signature of msg, whose signature field must be zero.
func (s *Signer) sum(msg []byte) []byte {
	switch s.algorithm {
	case HMACSHA256:
		mac := hmac.New(sha256.New, s.key[:])
		mac.Write(msg)
		return mac.Sum(nil)[:16]
	case AESCMAC:
		mac := s.cmac.sum(msg)
		return mac[:]
	}
	// The nonce is the message number, whether a server sends it, and whether it is a
	// CANCEL, which has the number of the request that it cancels.
	var nonce [12]byte
	copy(nonce[:8], msg[atMessageID:])
	if msg[atFlags]&flagReply != 0 {
		nonce[8] |= 1
	}
	if binary.LittleEndian.Uint16(msg[atCommand:]) == commandCancel {
		nonce[8] |= 2
	}
	return s.gmac.Seal(nil, nonce[:], nil, msg)
}
