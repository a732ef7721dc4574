package evtx

import (
	"encoding/binary"
	"math"
	"strconv"

	"golang.org/x/text/encoding/charmap"
)

// The value types of BinXML ([MS-EVEN6] 2.2.12, BinXmlVarInt types). An array
// has bit 0x80 set.
const (
	typeNull     = 0x00
	typeString   = 0x01
	typeANSI     = 0x02
	typeInt8     = 0x03
	typeUInt8    = 0x04
	typeInt16    = 0x05
	typeUInt16   = 0x06
	typeInt32    = 0x07
	typeUInt32   = 0x08
	typeInt64    = 0x09
	typeUInt64   = 0x0a
	typeReal32   = 0x0b
	typeReal64   = 0x0c
	typeBool     = 0x0d
	typeBinary   = 0x0e
	typeGUID     = 0x0f
	typeSizeT    = 0x10
	typeFileTime = 0x11
	typeSysTime  = 0x12
	typeSID      = 0x13
	typeHex32    = 0x14
	typeHex64    = 0x15
	typeBinXML   = 0x21
	typeArray    = 0x80
)

// slot is a value as it lies in the chunk.
type slot struct {
	data []byte
	off  uint32 // of data in the chunk
	typ  byte
}

// sizes of the values that have one.
var sizes = [...]int8{typeInt8: 1, typeUInt8: 1, typeInt16: 2, typeUInt16: 2, typeInt32: 4, typeUInt32: 4,
	typeInt64: 8, typeUInt64: 8, typeReal32: 4, typeReal64: 8, typeBool: 4, typeGUID: 16,
	typeFileTime: 8, typeSysTime: 16, typeHex32: 4, typeHex64: 8}

// fixedSize is the size of a value of that type; 0 where it varies.
func fixedSize(typ byte) int {
	if int(typ) < len(sizes) {
		return int(sizes[typ])
	}
	return 0
}

// empty says that a value stands for nothing.
func (s slot) empty() bool {
	if s.typ == typeString {
		return len(s.data) < 2 || s.data[0] == 0 && s.data[1] == 0
	}
	return s.typ == typeNull || len(s.data) == 0
}

// bare says that JSON writes the value without quotes.
func (s slot) bare() bool { return s.typ >= typeInt8 && s.typ <= typeUInt64 || s.typ == typeBool }

// appendValue appends a value as text. quoted says that the text goes into a
// JSON string and is to be escaped. It fails where the value is shorter than
// its type, or of no known type.
func appendValue(dst []byte, s slot, quoted bool) ([]byte, error) {
	if len(s.data) == 0 || s.typ == typeNull {
		return dst, nil
	}
	if len(s.data) < fixedSize(s.typ) {
		return dst, corruptf("value of type 0x%02x has %d bytes", s.typ, len(s.data))
	}
	switch s.typ {
	case typeString:
		if quoted {
			return appendJSONUTF16(dst, s.data), nil
		}
		return appendUTF16(dst, s.data), nil
	case typeANSI:
		return appendANSI(dst, s.data, quoted), nil
	case typeBinary:
		return appendHex(dst, s.data), nil
	case typeSID:
		return appendSID(dst, s.data), nil
	case typeReal32:
		return appendFloat(dst, float64(math.Float32frombits(binary.LittleEndian.Uint32(s.data))), 32), nil
	case typeReal64:
		return appendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(s.data)), 64), nil
	case typeGUID:
		return appendGUID(dst, s.data), nil
	case typeFileTime:
		return appendFileTime(dst, binary.LittleEndian.Uint64(s.data)), nil
	case typeSysTime:
		return appendSysTime(dst, s.data), nil
	}
	if s.typ&typeArray != 0 {
		return appendArray(dst, s, quoted)
	}
	return appendInteger(dst, s)
}

// appendInteger appends a value of one of the integer types.
func appendInteger(dst []byte, s slot) ([]byte, error) {
	le := binary.LittleEndian
	switch s.typ {
	case typeInt8:
		return strconv.AppendInt(dst, int64(int8(s.data[0])), 10), nil
	case typeUInt8:
		return strconv.AppendUint(dst, uint64(s.data[0]), 10), nil
	case typeInt16:
		return strconv.AppendInt(dst, int64(int16(le.Uint16(s.data))), 10), nil
	case typeUInt16:
		return strconv.AppendUint(dst, uint64(le.Uint16(s.data)), 10), nil
	case typeInt32:
		return strconv.AppendInt(dst, int64(int32(le.Uint32(s.data))), 10), nil
	case typeUInt32:
		return strconv.AppendUint(dst, uint64(le.Uint32(s.data)), 10), nil
	case typeInt64:
		return strconv.AppendInt(dst, int64(le.Uint64(s.data)), 10), nil
	case typeUInt64:
		return strconv.AppendUint(dst, le.Uint64(s.data), 10), nil
	case typeHex32:
		return strconv.AppendUint(append(dst, "0x"...), uint64(le.Uint32(s.data)), 16), nil
	case typeHex64:
		return strconv.AppendUint(append(dst, "0x"...), le.Uint64(s.data), 16), nil
	case typeBool:
		// Some providers write other numbers into a boolean; they are kept.
		switch v := int32(le.Uint32(s.data)); v {
		case 0:
			return append(dst, "false"...), nil
		case 1:
			return append(dst, "true"...), nil
		default:
			return strconv.AppendInt(dst, int64(v), 10), nil
		}
	case typeSizeT:
		switch len(s.data) {
		case 4:
			return strconv.AppendUint(append(dst, "0x"...), uint64(le.Uint32(s.data)), 16), nil
		case 8:
			return strconv.AppendUint(append(dst, "0x"...), le.Uint64(s.data), 16), nil
		}
	}
	return dst, corruptf("value of type 0x%02x and %d bytes", s.typ, len(s.data))
}

// appendFloat writes the shortest text that reads back as the same number,
// always with a fraction or an exponent.
func appendFloat(dst []byte, v float64, bits int) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'g', -1, bits)
	for _, c := range dst[start:] {
		if c == '.' || c == 'e' || c == 'N' || c == 'I' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

func appendANSI(dst, b []byte, quoted bool) []byte {
	for _, c := range b {
		switch {
		case c == 0:
			return dst
		case quoted && c < 0x80:
			dst = appendJSONByte(dst, c)
		default:
			dst = append(dst, string(charmap.Windows1252.DecodeByte(c))...)
		}
	}
	return dst
}

const hexUpper = "0123456789ABCDEF"

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexUpper[c>>4], hexUpper[c&15])
	}
	return dst
}

// appendGUID writes a GUID in upper case without braces; its first three parts
// are little-endian.
func appendGUID(dst, b []byte) []byte {
	for i, at := range [16]byte{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexUpper[b[at]>>4], hexUpper[b[at]&15])
	}
	return dst
}

// appendSID writes S-revision-authority-subauthorities. A SID that is cut
// short has the subauthorities that are there.
func appendSID(dst, b []byte) []byte {
	if len(b) < 8 {
		return append(dst, "S-?"...)
	}
	dst = strconv.AppendUint(append(dst, "S-"...), uint64(b[0]), 10)
	authority := binary.BigEndian.Uint64(b) & (1<<48 - 1)
	dst = strconv.AppendUint(append(dst, '-'), authority, 10)
	for i, sub := 0, b[8:]; i < int(b[1]) && len(sub) >= 4; i, sub = i+1, sub[4:] {
		dst = strconv.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(sub)), 10)
	}
	return dst
}
