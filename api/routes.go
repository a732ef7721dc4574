package api

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

const contentJSON = "application/json; charset=utf-8"

// handler answers, or returns the error that becomes the answer.
type handler func(*gin.Context) error

// endpoint is one line of the table of routes.
type endpoint struct {
	path string
	do   handler
}

// open are the routes that anyone who reaches the port may ask: they tell
// nothing of the graph.
func (s *Server) open() []endpoint {
	return []endpoint{
		{"/livez", s.live},
		{"/readyz", s.ready},
		{"/metrics", s.serveMetrics},
	}
}

// guarded are the routes that need an API key where one is configured. All are
// GET: nothing is changed over HTTP.
func (s *Server) guarded() []endpoint {
	return []endpoint{
		{"/v1/openapi.json", s.serveOpenAPI},
		{"/v1/find", s.listFinds},
		{"/v1/find/tasks-reaching-rare-domains", s.find("tasks-reaching-rare-domains")},
		{"/v1/find/task-tree", s.find("task-tree")},
		{"/v1/find/process-ancestry", s.find("process-ancestry")},
		{"/v1/find/domain-contacts", s.find("domain-contacts")},
		{"/v1/find/tasks", s.find("tasks")},
		{"/v1/find/task-origins", s.find("task-origins")},
		{"/v1/find/hosts-observed", s.find("hosts-observed")},
		{"/v1/find/coverage", s.find("coverage")},
		{"/v1/coverage", s.find("coverage")},
	}
}

// build makes the engine from the table.
func (s *Server) build() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.ContextWithFallback = true
	if err := e.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	e.Use(identify, s.observe, s.recoverPanic, protect, s.checkHost)
	e.NoRoute(func(c *gin.Context) {
		refuse(c, http.StatusNotFound, "not-found", "there is nothing at this address", "GET /v1/openapi.json lists what there is")
	})
	e.NoMethod(func(c *gin.Context) {
		refuse(c, http.StatusMethodNotAllowed, "method", "this address does not take that method", "the Allow header says which")
	})
	for _, r := range s.open() {
		e.GET(r.path, s.answer(r.do))
	}
	guarded := e.Group("/", s.authorise)
	for _, r := range s.guarded() {
		guarded.GET(r.path, s.answer(r.do))
	}
	return e, nil
}

func (s *Server) answer(do handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := do(c); err != nil {
			s.fail(c, err)
		}
	}
}
