package localdb

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// hashRounds is how often Neo4j 5 hashes a password in this format.
const hashRounds = 1024

// newPassword is 26 characters holding at least 128 random bits, of an alphabet
// that needs no quoting anywhere.
func newPassword() string { return rand.Text() }

// authLine is a line of data/dbms/auth.ini, from which Neo4j 5 takes its first
// user when it makes its system database:
//
//	name:SHA-256,<hash>,<salt>,<rounds>:
//
// hash and salt in hexadecimal; the first round hashes salt and password, each
// further one the digest before it. Measured against what neo4j-admin writes.
func authLine(name, password string) (string, error) {
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	return fmt.Sprintf("%s:SHA-256,%s,%s,%d:\n", name, hashPassword(password, salt), hex.EncodeToString(salt), hashRounds), nil
}

func hashPassword(password string, salt []byte) string {
	digest := sha256.Sum256(append(append([]byte{}, salt...), password...))
	for range hashRounds - 1 {
		digest = sha256.Sum256(digest[:])
	}
	return hex.EncodeToString(digest[:])
}
