package api

import (
	"crypto/rand"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

const requestIDHeader = "X-Request-Id"

// saneID is what a caller may send as a request id: it ends up in logs.
var saneID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

const requestIDKey = "requestID"

// identify gives each request its id: the caller's where it is sane, else ours.
func identify(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !saneID.MatchString(id) {
		id = rand.Text()
	}
	c.Set(requestIDKey, id)
	c.Header(requestIDHeader, id)
}

func requestID(c *gin.Context) string { return c.GetString(requestIDKey) }

// route is the pattern that matched, so that neither logs nor metrics hold
// what a caller wrote.
func route(c *gin.Context) string {
	if p := c.FullPath(); p != "" {
		return p
	}
	return "unmatched"
}

// method is the request's method, or OTHER where the caller made one up.
func method(c *gin.Context) string {
	known := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}
	if slices.Contains(known, c.Request.Method) {
		return c.Request.Method
	}
	return "OTHER"
}

// observe logs and counts each request, one line and one sample.
func (s *Server) observe(c *gin.Context) {
	start := time.Now()
	c.Next()
	took := time.Since(start)
	status := c.Writer.Status()
	s.metrics.request(method(c), route(c), status, took)
	s.deps.Log.Info("request", "request", requestID(c), "method", method(c), "route", route(c),
		"status", status, "bytes", max(0, c.Writer.Size()), "seconds", took.Seconds(), "from", c.RemoteIP())
}

// recoverPanic turns a defect into a problem; the stack goes to the log only.
func (s *Server) recoverPanic(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		s.deps.Log.Error("panic", "request", requestID(c), "route", route(c), "panic", v, "stack", string(debug.Stack()))
		if !c.Writer.Written() {
			refuse(c, http.StatusInternalServerError, "internal", "internal error", "the log tells more under the request id")
		}
	}()
	c.Next()
}

// protect sets the headers that keep a browser from misusing an answer.
func protect(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cross-Origin-Resource-Policy", "same-origin")
}

// checkHost refuses, on loopback, a request for a name that is not this
// machine's: a web page whose name was bound to 127.0.0.1 must not read here.
func (s *Server) checkHost(c *gin.Context) {
	if !s.loopback {
		return
	}
	host := c.Request.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(strings.TrimSuffix(host, "."), "[]"))
	if isLoopback(host) || slices.ContainsFunc(s.config.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return
	}
	refuse(c, http.StatusMisdirectedRequest, "host", "this server does not answer under that host name",
		"call it by 127.0.0.1 or localhost, or add the name to api.hosts")
}
