package graphtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"

	"github.com/taskroot/taskroot/internal/fault"
	"github.com/taskroot/taskroot/internal/graphdb"
	"github.com/taskroot/taskroot/internal/localdb"
)

const (
	boltPort    = "7687/tcp"
	startLimit  = 3 * time.Minute
	knockEvery  = 300 * time.Millisecond
	heapMB      = 768
	pageCacheMB = 256
)

// Start starts a throw-away Neo4j that carries the mark of a test database:
// through testcontainers where an engine and an image are at hand, else as
// 'taskroot db up' does on Java. The caller calls stop, which leaves nothing.
func Start(ctx context.Context, log *slog.Logger, with localdb.With) (c graphdb.Config, stop func(context.Context) error, err error) {
	c, stop, err = start(ctx, log, with)
	if err != nil {
		return c, nil, err
	}
	db, err := graphdb.Open(ctx, c)
	if err == nil {
		err = errors.Join(Mark(ctx, db), db.Close(ctx))
	}
	if err != nil {
		return c, nil, errors.Join(err, stop(context.WithoutCancel(ctx)))
	}
	return c, stop, nil
}

func start(ctx context.Context, log *slog.Logger, with localdb.With) (graphdb.Config, func(context.Context) error, error) {
	switch with {
	case localdb.Java:
		return startJava(ctx, log)
	case localdb.Auto, localdb.Docker:
	default:
		return graphdb.Config{}, nil, fault.New(fault.Invalid, "a test database runs with docker or java, not %q", string(with))
	}
	image, err := localdb.FindImage(ctx)
	if err == nil {
		return startContainer(ctx, log, image)
	}
	if with == localdb.Docker {
		return graphdb.Config{}, nil, err
	}
	log.Info("no container for the test database, so Java", "why", err.Error())
	return startJava(ctx, log)
}

func startJava(ctx context.Context, log *slog.Logger) (graphdb.Config, func(context.Context) error, error) {
	dir, err := os.MkdirTemp("", "taskroot-testdb-*")
	if err != nil {
		return graphdb.Config{}, nil, err
	}
	c, _, err := localdb.Up(ctx, localdb.Options{Dir: dir, With: localdb.Java, HeapMB: heapMB, PageCacheMB: pageCacheMB, Log: log, Unlisted: true})
	if err != nil {
		return graphdb.Config{}, nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop := func(ctx context.Context) error {
		_, _, err := localdb.Down(ctx, dir)
		return errors.Join(err, os.RemoveAll(dir))
	}
	return graphdb.Config{URI: c.URI, Username: c.Username, Password: c.Password}, stop, nil
}

func startContainer(ctx context.Context, log *slog.Logger, image string) (graphdb.Config, func(context.Context) error, error) {
	password := rand.Text()
	log.Info("starting the test database in a container", "image", image)
	box, err := testcontainers.Run(ctx, image,
		testcontainers.WithExposedPorts(boltPort),
		testcontainers.WithLabels(map[string]string{"taskroot.test": "true"}),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
			h.PortBindings = network.PortMap{network.MustParsePort(boltPort): {{HostIP: loopback}}}
		}),
		testcontainers.WithEnv(map[string]string{
			"NEO4J_AUTH":                         "neo4j/" + password,
			"NEO4J_server_memory_heap_max__size": fmt.Sprintf("%dm", heapMB),
			"NEO4J_server_memory_pagecache_size": fmt.Sprintf("%dm", pageCacheMB),
			"NEO4J_dbms_usage__report_enabled":   "false",
		}))
	stop := func(ctx context.Context) error {
		return testcontainers.TerminateContainer(box, testcontainers.StopContext(ctx))
	}
	if err != nil {
		return graphdb.Config{}, nil, errors.Join(fmt.Errorf("start a container of %s: %w", image, err), stop(context.WithoutCancel(ctx)))
	}
	endpoint, err := box.PortEndpoint(ctx, boltPort, "bolt")
	c := graphdb.Config{URI: endpoint, Username: "neo4j", Password: password}
	if err == nil {
		err = await(ctx, c)
	}
	if err != nil {
		return c, nil, errors.Join(fmt.Errorf("the container of %s: %w", image, err), stop(context.WithoutCancel(ctx)))
	}
	return c, stop, nil
}

// await returns once the server lets us in.
func await(ctx context.Context, c graphdb.Config) error {
	limit, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(knockEvery)
	defer tick.Stop()
	for {
		db, err := graphdb.Open(limit, c)
		if err == nil {
			return db.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-limit.Done():
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}
