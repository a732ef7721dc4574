package evtx

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// packASCII packs four UTF-16 units below 0x80 into four bytes.
func packASCII(x uint64) uint32 {
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

const (
	nonASCII = 0xff80ff80ff80ff80 // bits that no ASCII unit has
	ones     = 0x0101010101010101
	highs    = 0x8080808080808080
)

// special has a high bit set somewhere if one of eight ASCII bytes is a control
// character, a quotation mark or a backslash.
func special(x uint64) uint64 {
	quote, slash := x^(ones*'"'), x^(ones*'\\')
	return ((x - ones*0x20) | (quote - ones) | (slash - ones)) & highs
}

// appendUTF16 appends little-endian UTF-16 as UTF-8, up to the first NUL, as
// Windows shows it. Lone surrogates become U+FFFD.
func appendUTF16(dst, b []byte) []byte {
	for len(b) >= 2 {
		for len(b) >= 8 {
			x := binary.LittleEndian.Uint64(b)
			if x&nonASCII != 0 {
				break
			}
			p := packASCII(x)
			if (p-0x01010101)&0x80808080 != 0 {
				break
			}
			dst = binary.LittleEndian.AppendUint32(dst, p)
			b = b[8:]
		}
		if len(b) < 2 {
			break
		}
		r, n := decodeUnit(b)
		if r == 0 {
			break
		}
		dst = utf8.AppendRune(dst, r)
		b = b[n:]
	}
	return dst
}

// appendJSONUTF16 is appendUTF16 for the inside of a JSON string. Most text
// is plain, so it goes by sixteen bytes in, eight bytes out.
func appendJSONUTF16(dst, b []byte) []byte {
	for len(b) >= 16 {
		lo, hi := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		if (lo|hi)&nonASCII != 0 {
			var end bool
			if dst, b, end = appendJSONUnits(dst, b, 8); end {
				return dst
			}
			continue
		}
		x := uint64(packASCII(lo)) | uint64(packASCII(hi))<<32
		s := special(x)
		if s == 0 {
			dst = binary.LittleEndian.AppendUint64(dst, x)
			b = b[16:]
			continue
		}
		// Write all eight, then take back from the special one on.
		n := bits.TrailingZeros64(s) / 8
		dst = binary.LittleEndian.AppendUint64(dst, x)
		c := byte(x >> (8 * n))
		if dst = dst[:len(dst)-8+n]; c == 0 {
			return dst
		}
		dst = appendJSONByte(dst, c)
		b = b[2*n+2:]
	}
	if len(b) >= 8 {
		lo := binary.LittleEndian.Uint64(b)
		if x := packASCII(lo); lo&nonASCII == 0 && special(uint64(x)|plain) == 0 {
			dst = binary.LittleEndian.AppendUint32(dst, x)
			b = b[8:]
		}
	}
	dst, _, _ = appendJSONUnits(dst, b, 8)
	return dst
}

// plain fills the upper half of eight bytes with text that is not special.
const plain = 0x2020202000000000

// appendJSONUnits appends up to n characters one by one; end says that there
// was a NUL.
func appendJSONUnits(dst, b []byte, n int) (out, rest []byte, end bool) {
	for ; n > 0 && len(b) >= 2; n-- {
		r, size := decodeUnit(b)
		switch {
		case r == 0:
			return dst, nil, true
		case r < utf8.RuneSelf:
			dst = appendJSONByte(dst, byte(r))
		default:
			dst = utf8.AppendRune(dst, r)
		}
		b = b[size:]
	}
	return dst, b, false
}

// decodeUnit is the first character of UTF-16 text and its length in bytes.
func decodeUnit(b []byte) (rune, int) {
	r := rune(binary.LittleEndian.Uint16(b))
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	if len(b) >= 4 {
		if full := utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b[2:]))); full != utf8.RuneError {
			return full, 4
		}
	}
	return utf8.RuneError, 2
}

// appendJSONString appends UTF-8 text for the inside of a JSON string.
func appendJSONString(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = appendJSONByte(dst, s[i])
	}
	return dst
}

const hexLower = "0123456789abcdef"

func appendJSONByte(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c >= 0x20:
		return append(dst, c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexLower[c>>4], hexLower[c&15])
}
