package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/taskroot/taskroot/internal/fault"
)

// problem is an RFC 9457 problem document.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Hint      string `json:"hint,omitempty"`
	Instance  string `json:"instance"`
	RequestID string `json:"requestId"`
}

// statuses maps error kinds to HTTP, and is the only place that does.
var statuses = map[fault.Kind]struct {
	status      int
	name, title string
}{
	fault.Internal:    {http.StatusInternalServerError, "internal", "Something went wrong here"},
	fault.Invalid:     {http.StatusBadRequest, "invalid", "The request is not valid"},
	fault.NotFound:    {http.StatusNotFound, "not-found", "Not found"},
	fault.Conflict:    {http.StatusConflict, "conflict", "Not possible now"},
	fault.Timeout:     {http.StatusGatewayTimeout, "timeout", "The query took too long"},
	fault.Unavailable: {http.StatusServiceUnavailable, "unavailable", "The database is away"},
}

// retryAfter is how many seconds a client should wait for what is away.
const retryAfter = "5"

// statusClosed is logged where the client left before the answer.
const statusClosed = 499

// kindOf is the error's kind; an unclassified deadline is a timeout.
func kindOf(err error) fault.Kind {
	kind := fault.KindOf(err)
	if kind == fault.Internal && errors.Is(err, context.DeadlineExceeded) {
		return fault.Timeout
	}
	return kind
}

// fail answers with the problem that err is.
func (s *Server) fail(c *gin.Context, err error) {
	if errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil {
		c.AbortWithStatus(statusClosed)
		return
	}
	k := statuses[kindOf(err)]
	p := problem{Type: "urn:taskroot:problem:" + k.name, Title: k.title, Status: k.status}
	p.Detail, p.Hint = fault.Public(err)
	if kindOf(err) == fault.Timeout && fault.KindOf(err) != fault.Timeout {
		p.Detail = "the query took too long"
	}
	if k.status >= http.StatusInternalServerError {
		s.deps.Log.Error("request failed", "request", requestID(c), "route", route(c), "error", err)
	}
	if k.status == http.StatusServiceUnavailable {
		c.Header("Retry-After", retryAfter)
	}
	writeProblem(c, p)
}

// refuse answers with a problem that is of HTTP rather than of a find.
func refuse(c *gin.Context, status int, name, detail, hint string) {
	writeProblem(c, problem{
		Type: "urn:taskroot:problem:" + name, Title: http.StatusText(status), Status: status, Detail: detail, Hint: hint,
	})
}

func writeProblem(c *gin.Context, p problem) {
	p.Instance, p.RequestID = c.Request.URL.Path, requestID(c)
	c.Abort()
	write(c, p.Status, "application/problem+json", p)
}

// write encodes v whole before the status is sent, so that an answer that
// cannot be encoded is not half an answer.
func write(c *gin.Context, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"status":500,"title":"the answer could not be written"}`)
		contentType = "application/problem+json"
	}
	c.Data(status, contentType, append(body, '\n'))
}
