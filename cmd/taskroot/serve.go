package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskroot/taskroot/api"
	"github.com/taskroot/taskroot/internal/app"
	"github.com/taskroot/taskroot/internal/config"
)

const serveHelp = `Serve the REST API until interrupted, and run the batch hunts on their schedule
(hunt.schedule in the configuration turns that off). It listens on this machine only unless
told otherwise, and refuses another address without an API key. The OpenAPI
document is at /v1/openapi.json, metrics at /metrics.`

func newServeCommand(a *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "serve the REST API",
		Long:    serveHelp,
		Example: "  taskroot serve\n  taskroot serve --listen 127.0.0.1:0 --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), a) },
	}
	cmd.Flags().String("listen", "", "`ADDRESS` to listen on, 127.0.0.1:8844 by default")
	bindFlag(cmd, "listen", "api.listen")
	return cmd
}

func serve(ctx context.Context, a *app.App) error {
	store, err := a.Open(ctx, app.Writing)
	if err != nil {
		return err
	}
	defer store.Close()
	server, err := api.New(api.Deps{Finds: api.NewFinds(store.Queries, store.DB.Reader()), Database: store.DB, Log: a.Log()}, apiConfig(store.Config.API))
	if err != nil {
		return err
	}
	url, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	if a.JSON {
		if err := a.WriteJSON(map[string]string{"url": url}); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.Err, "serving on %s until interrupted; try %s/v1/find\n", url, url)
	if !store.Config.Hunt.Schedule {
		return server.Run(ctx)
	}
	hunter, err := newHunter(a, store)
	if err != nil {
		return err
	}
	return both(ctx, server.Run, hunter.Schedule)
}

// both runs two things until ctx ends or one of them fails, which ends the other.
func both(ctx context.Context, a, b func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- b(ctx)
	}()
	err := a(ctx)
	cancel()
	return errors.Join(err, <-done)
}

func apiConfig(c config.API) api.Config {
	return api.Config{
		Listen: c.Listen, Keys: c.Keys, Hosts: c.Hosts, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout,
		IdleTimeout: c.IdleTimeout, ShutdownTimeout: c.ShutdownTimeout,
	}
}
