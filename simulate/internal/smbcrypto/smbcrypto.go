// Package smbcrypto has the cryptography of SMB that the standard library lacks: MD4,
// AES-CMAC, the key derivation of SMB 3, and the signatures of SMB2 messages.
//
// MD4 is broken, and so is NTLM, which needs it. They give no protection: this package is
// for tests.
package smbcrypto

import (
	"encoding/binary"
	"math/bits"
)

// MD4 returns the MD4 digest of msg (RFC 1320).
func MD4(msg []byte) [16]byte {
	state := [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
	rest := msg
	for ; len(rest) >= 64; rest = rest[64:] {
		md4Block(&state, rest)
	}
	// A one bit, zeros, and the length in bits end the last block.
	tail := make([]byte, 0, 128)
	tail = append(tail, rest...)
	tail = append(tail, 0x80)
	for len(tail)%64 != 56 {
		tail = append(tail, 0)
	}
	tail = binary.LittleEndian.AppendUint64(tail, uint64(len(msg))*8)
	for ; len(tail) > 0; tail = tail[64:] {
		md4Block(&state, tail)
	}
	var sum [16]byte
	for i, s := range state {
		binary.LittleEndian.PutUint32(sum[4*i:], s)
	}
	return sum
}

// md4Rounds has, for each of the three rounds, the order in which the words of the block
// are taken, the shifts, which repeat, and the constant that is added.
var md4Rounds = [3]struct {
	order  [16]byte
	shifts [4]int
	add    uint32
}{
	{[16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, [4]int{3, 7, 11, 19}, 0},
	{[16]byte{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}, [4]int{3, 5, 9, 13}, 0x5a827999},
	{[16]byte{0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}, [4]int{3, 9, 11, 15}, 0x6ed9eba1},
}

func md4Block(state *[4]uint32, block []byte) {
	var x [16]uint32
	for i := range x {
		x[i] = binary.LittleEndian.Uint32(block[4*i:])
	}
	a, b, c, d := state[0], state[1], state[2], state[3]
	for round, r := range md4Rounds {
		for i, word := range r.order {
			var f uint32
			switch round {
			case 0:
				f = b&c | ^b&d
			case 1:
				f = b&c | b&d | c&d
			case 2:
				f = b ^ c ^ d
			}
			a, b, c, d = d, bits.RotateLeft32(a+f+x[word]+r.add, r.shifts[i%4]), b, c
		}
	}
	state[0] += a
	state[1] += b
	state[2] += c
	state[3] += d
}
