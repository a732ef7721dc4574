// Package evtx decodes Windows event logs (EVTX) without foreign code.
//
// A log is a header of 4 KiB and chunks of 64 KiB. A chunk stands by itself: a
// header of 512 bytes with checksums, then records, each with its size at both
// ends. A record is BinXML, a tokenised form of XML. Nearly always it is an
// instance of a template: the template has the markup with numbered holes and
// is written out where the chunk first needs it, the record has typed values
// for the holes. A value may be BinXML again, which is how the part all events
// share wraps the part of one provider. Names are written out at first use and
// referred to by offset. All of this is described in [MS-EVEN6], sections
// 2.2.12 to 2.2.17, and in libevtx's "Windows XML Event Log (EVTX) format".
//
// # How it works
//
// [Decode] reads a chunk at a time. A template is parsed into elements once,
// and compared rather than parsed again in later chunks. It knows where in its
// System element the channel and the event id are, so that a record nobody
// wants costs little. [DumpJSON] writes all records in the shape of the
// program evtx_dump.
//
// Work is bounded: by nodes and text for a record, by nodes for a chunk, and by
// depth. Nothing is allocated by a size that the log claims.
//
// # What it believes
//
// Logs are copied while in use, from shadow copies and from disks that fail,
// so nothing is believed that can be seen otherwise. The file's header is not
// looked at, but for the flag that there are no checksums. Chunks of zeros are
// space not used yet. The chunk's tables of names and templates are not used.
// A record is whole if its size is right, its number belongs to the chunk, and
// the id in its instance is that of the template it points at; without the last
// two, pages of another chunk would be read as nonsense. What is not whole is
// counted as damage, as is a chunk whose checksum is wrong even though its
// records can be read. Records behind the end that a chunk's header states are
// read if their numbers go on; older ones, left from the chunk's last use, are
// not read.
//
// # Values
//
// Values are text as Windows writes it, but for GUIDs, which are in upper case
// without braces. Times are UTC with seven digits. Hexadecimal and size values
// are 0x and lower case without leading zeros. A boolean that is neither 0 nor 1
// is its number. Text ends at its first NUL, lone surrogates are U+FFFD, ANSI
// text is read as Windows-1252. An element that holds an array stands for one
// element per value. Attributes outside System are left out of events, and kept
// in JSON. In JSON, neighbours of one name among named Data are a list, and a
// name that comes back is numbered _1, _2.
//
// # Differences from the reference
//
// The tests compare every record with the PyPI package evtx (the crate evtx).
// Records of sound logs are the same, but that the package cuts times to six
// digits and repeats keys for arrays. In damaged logs we go on behind records of
// size zero and missing pages, where it leaves the chunk; and records that a
// missing page cuts are damage to us, where it gives what is left of them.
package evtx
