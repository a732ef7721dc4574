package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/taskroot/taskroot/internal/fault"
)

// keyHash is the SHA-256 of an API key. The keys themselves are not kept.
type keyHash [sha256.Size]byte

// minKey is the least length of an API key that is given as itself: shorter
// ones can be guessed over the network.
const minKey = 16

func hashKeys(keys []string) ([]keyHash, error) {
	var out []keyHash
	for i, key := range keys {
		sum, hashed := strings.CutPrefix(key, "sha256:")
		if !hashed {
			if len(key) < minKey {
				return nil, fault.New(fault.Invalid, "api key %d is shorter than %d characters", i+1, minKey).
					WithHint("make one with: openssl rand -hex 24")
			}
			out = append(out, sha256.Sum256([]byte(key)))
			continue
		}
		raw, err := hex.DecodeString(sum)
		if err != nil || len(raw) != sha256.Size {
			return nil, fault.New(fault.Invalid, "api key %d: want sha256: and 64 hexadecimal digits", i+1)
		}
		out = append(out, keyHash(raw))
	}
	return out, nil
}

// authorise lets a request pass that bears a configured key, and every request
// where none is configured.
func (s *Server) authorise(c *gin.Context) {
	if len(s.keys) == 0 {
		return
	}
	key := c.GetHeader("X-API-Key")
	if scheme, token, ok := strings.Cut(c.GetHeader("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		key = strings.TrimSpace(token)
	}
	if key != "" && s.knows(key) {
		return
	}
	c.Header("WWW-Authenticate", `Bearer realm="taskroot"`)
	refuse(c, http.StatusUnauthorized, "unauthorised", "an API key is needed",
		"send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'")
}

// knows compares with every key, in a time that tells nothing of them.
func (s *Server) knows(key string) bool {
	sum := sha256.Sum256([]byte(key))
	found := 0
	for i := range s.keys {
		found |= subtle.ConstantTimeCompare(sum[:], s.keys[i][:])
	}
	return found == 1
}
