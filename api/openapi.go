package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.yaml.in/yaml/v3"
)

// openapiYAML is the description of the API, written by hand and held to the
// routes and to the finds' parameters by tests.
//
//go:embed openapi.yaml
var openapiYAML []byte

func openapiJSON() ([]byte, error) {
	var document map[string]any
	if err := yaml.Unmarshal(openapiYAML, &document); err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	out, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("write openapi.json: %w", err)
	}
	return append(out, '\n'), nil
}

func (s *Server) serveOpenAPI(c *gin.Context) error {
	c.Data(http.StatusOK, contentJSON, s.openapi)
	return nil
}
