package localdb

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
)

// lingering is how long a port may stay taken after its holder was killed: the
// system tears a large process down thread by thread.
const lingering = 5 * time.Second

// choosePorts settles on the two ports of a server that is to be started.
// Where last was killed only just now, its ports are waited for.
func choosePorts(ctx context.Context, o Options, last server) (server, error) {
	patience := time.Duration(0)
	if last.exists() {
		patience = lingering
	}
	bolt, err := claim(ctx, o.BoltPort, "--bolt-port", patience)
	if err != nil {
		return server{}, err
	}
	defer bolt.Close()
	http, err := claim(ctx, o.HTTPPort, "--http-port", patience)
	if err != nil {
		return server{}, err
	}
	defer http.Close()
	return server{BoltPort: portOn(bolt), HTTPPort: portOn(http)}, nil
}

// claim listens on a loopback port for a moment, to see that it is free or to
// learn one that is.
func claim(ctx context.Context, port int, flag string, patience time.Duration) (net.Listener, error) {
	l, err := listen(ctx, port, patience)
	if err == nil {
		return l, nil
	}
	if owner := portOwner(port); owner != "" {
		return nil, fault.Wrap(fault.Conflict, err, "port %d is taken by %s", port, owner).
			WithHint("choose another with %s N, or %s 0 for any that is free", flag, flag)
	}
	return nil, fault.Wrap(fault.Conflict, err, "port %d cannot be used", port).
		WithHint("choose another with %s N, or %s 0 for any that is free", flag, flag)
}

// listen tries until patience has run out.
func listen(ctx context.Context, port int, patience time.Duration) (net.Listener, error) {
	var config net.ListenConfig
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		l, err := config.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return l, nil
		}
		select {
		case <-tick.C:
		case <-end.C:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func portOn(l net.Listener) int {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

// portOf is the port in an address, or otherwise where there is none.
func portOf(address string, otherwise int) int {
	u, err := url.Parse(address)
	if err != nil {
		return otherwise
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return otherwise
	}
	return port
}
