package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/taskroot/taskroot/internal/fault"
)

type health struct {
	Status string `json:"status"`
}

// live says that the process answers; it asks nobody.
func (s *Server) live(c *gin.Context) error {
	write(c, http.StatusOK, contentJSON, health{"ok"})
	return nil
}

// ready says that the database answers too.
func (s *Server) ready(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), s.config.ReadyTimeout)
	defer cancel()
	if err := s.deps.Database.Ping(ctx); err != nil {
		return fault.Wrap(fault.Unavailable, err, "the database does not answer")
	}
	write(c, http.StatusOK, contentJSON, health{"ok"})
	return nil
}

func (s *Server) serveMetrics(c *gin.Context) error {
	s.metrics.handler().ServeHTTP(c.Writer, c.Request)
	return nil
}
