package identify

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText is the length of the longest text that is read, in bytes. A report of
// msinfo32 has about 2 MB in UTF-16.
const maxText = 4 << 20

// maxPageText is how much of a text in a code page is read, in bytes. It is read
// once for each page; an output of systeminfo has some 20,000.
const maxPageText = 256 << 10

// decode returns the texts that bytes can be: one in UTF-8 and in UTF-16, which
// PowerShell writes, and else one for each code page that consoles and files of
// Windows have. What is none of the words that are looked for stays unread in
// each.
func decode(text string) []string {
	switch {
	case strings.HasPrefix(text, "\xff\xfe"):
		return []string{fromUTF16(text[2:], binary.LittleEndian)}
	case strings.HasPrefix(text, "\xfe\xff"):
		return []string{fromUTF16(text[2:], binary.BigEndian)}
	}
	switch even, odd := zeros(text); { // without a byte order mark
	case odd > 0 && even == 0:
		return []string{fromUTF16(text, binary.LittleEndian)}
	case even > 0 && odd == 0:
		return []string{fromUTF16(text, binary.BigEndian)}
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if utf8.ValidString(text) {
		return []string{text}
	}
	text = text[:min(len(text), maxPageText)]
	texts := make([]string, 0, 7)
	texts = append(texts, strings.ToValidUTF8(text, "\ufffd")) // a stray byte in UTF-8
	for _, page := range [...]func(byte) rune{windows1252, codePage850, windows1251, codePage866} {
		var b strings.Builder
		b.Grow(len(text))
		for i := 0; i < len(text); i++ {
			if text[i] < utf8.RuneSelf {
				b.WriteByte(text[i])
			} else {
				b.WriteRune(page(text[i]))
			}
		}
		texts = append(texts, b.String())
	}
	return append(texts, doubleByte(text, codePage936), doubleByte(text, codePage950))
}

// zeros returns how many of the first bytes at even and at odd places are 0.
func zeros(text string) (even, odd int) {
	for i := range min(len(text)&^1, 64) {
		switch {
		case text[i] != 0:
		case i%2 == 0:
			even++
		default:
			odd++
		}
	}
	return even, odd
}

func fromUTF16(text string, order binary.ByteOrder) string {
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16([]byte(text[2*i : 2*i+2]))
	}
	return string(utf16.Decode(units))
}

func windows1252(c byte) rune {
	switch c {
	case 0x91, 0x92:
		return '’'
	case 0x96, 0x97:
		return '–'
	case 0x99:
		return '™'
	}
	if c < 0xA0 {
		return utf8.RuneError
	}
	return rune(c)
}

// codePage850 is that of consoles in Western Europe. Where 437 of the United
// States has letters, it has the same.
func codePage850(c byte) rune {
	const page = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0"
	return runeAt(page, int(c-0x80))
}

func windows1251(c byte) rune {
	switch {
	case c >= 0xC0:
		return 'А' + rune(c-0xC0)
	case c == 0xA8:
		return 'Ё'
	case c == 0xB8:
		return 'ё'
	case c == 0xAE:
		return '®'
	case c == 0x99:
		return '™'
	case c == 0x96:
		return '–'
	case c == 0xA0:
		return '\u00a0'
	}
	return utf8.RuneError
}

// codePage866 is that of consoles in Russia.
func codePage866(c byte) rune {
	switch {
	case c < 0xB0:
		return 'А' + rune(c-0x80)
	case c >= 0xE0 && c < 0xF0:
		return 'р' + rune(c-0xE0)
	case c == 0xF0:
		return 'Ё'
	case c == 0xF1:
		return 'ё'
	case c == 0xFF:
		return '\u00a0'
	}
	return utf8.RuneError
}

// runeAt returns the rune at a place of a short text.
func runeAt(text string, n int) rune {
	for _, c := range text {
		if n == 0 {
			return c
		}
		n--
	}
	return utf8.RuneError
}

// doubleByte decodes the characters of a page of two bytes each that names of
// editions have.
func doubleByte(text string, page func(uint16) rune) string {
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] < utf8.RuneSelf:
			b.WriteByte(text[i])
		case i+1 < len(text):
			b.WriteRune(page(uint16(text[i])<<8 | uint16(text[i+1])))
			i++
		}
	}
	return b.String()
}

// codePage936 has the characters of editions in simplified Chinese.
func codePage936(c uint16) rune {
	switch c {
	case 0xD7A8:
		return '专'
	case 0xD2B5:
		return '业'
	case 0xD6D0:
		return '中'
	case 0xC6F3:
		return '企'
	case 0xD7F7:
		return '作'
	case 0xB5A5:
		return '单'
	case 0xBCD2:
		return '家'
	case 0xB9A4:
		return '工'
	case 0xCDA5:
		return '庭'
	case 0xBDCC:
		return '教'
	case 0xCEC4:
		return '文'
	case 0xC6EC:
		return '旗'
	case 0xC6D5:
		return '普'
	case 0xB0E6:
		return '版'
	case 0xD5BE:
		return '站'
	case 0xBCB6:
		return '级'
	case 0xD3FD:
		return '育'
	case 0xBDA2:
		return '舰'
	case 0xD1D4:
		return '言'
	case 0xD3EF:
		return '语'
	case 0xCDA8:
		return '通'
	case 0xB8DF:
		return '高'
	}
	return utf8.RuneError
}

// codePage950 has the characters of editions in traditional Chinese.
func codePage950(c uint16) rune {
	switch c {
	case 0xA5F8:
		return '企'
	case 0xAE61:
		return '家'
	case 0xB14D:
		return '專'
	case 0xB1D0:
		return '教'
	case 0xBA58:
		return '旗'
	case 0xB77E:
		return '業'
	case 0xAAA9:
		return '版'
	case 0xA5CE:
		return '用'
	case 0xA87C:
		return '育'
	case 0xC4A5:
		return '艦'
	case 0xB669:
		return '進'
	case 0xB6A5:
		return '階'
	}
	return utf8.RuneError
}
