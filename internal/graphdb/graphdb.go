// Package graphdb is the only package that knows the Neo4j driver: sessions,
// retries, timeouts, and rows.
//
// A statement comes with its name, which travels as transaction metadata, so
// that the database's own list of running transactions speaks our words. Every
// transaction has a timeout. Parameter values are never logged.
package graphdb

import (
	"context"
	"errors"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"

	"github.com/taskroot/taskroot/internal/fault"
)

// Config says where the database is. The zero Timeout means 2 minutes.
type Config struct {
	URI      string
	Username string
	Password string
	Database string
	Timeout  time.Duration // longest a single transaction may run
}

// Statement is a query text with the name it goes by.
type Statement struct {
	Name string
	Text string
}

// Row is one result row.
type Row struct {
	Keys   []string
	Values []any
}

// Get is the value of a column; nil where the column is null or missing.
func (r Row) Get(key string) any {
	for i, k := range r.Keys {
		if k == key {
			return r.Values[i]
		}
	}
	return nil
}

// Runner runs statements: a database (each in a transaction of its own) or an
// open transaction.
type Runner interface {
	// Run executes s and calls each, which may be nil, for every row.
	Run(ctx context.Context, s Statement, params map[string]any, each func(Row) error) error
}

// DB is a connection pool. It is safe for concurrent use.
type DB struct {
	driver  neo4j.DriverWithContext
	name    string
	timeout time.Duration
}

// Open makes a pool and checks that the database answers and lets us in.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Timeout <= 0 {
		c.Timeout = 2 * time.Minute
	}
	driver, err := neo4j.NewDriverWithContext(c.URI, neo4j.BasicAuth(c.Username, c.Password, ""), func(o *config.Config) {
		o.MaxTransactionRetryTime = 30 * time.Second
		o.SocketConnectTimeout = 10 * time.Second
		o.ConnectionAcquisitionTimeout = 20 * time.Second
		o.UserAgent = "taskroot"
	})
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the database address is not usable").
			WithHint("set neo4j.uri to something like bolt://127.0.0.1:7687")
	}
	db := &DB{driver: driver, name: c.Database, timeout: c.Timeout}
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(err, driver.Close(ctx))
	}
	return db, nil
}

// Ping checks that the database answers.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return classify(db.driver.VerifyConnectivity(ctx), "connect to the database")
}

// Server is how the server calls itself, such as Neo4j/5.26.0.
func (db *DB) Server(ctx context.Context) (string, error) {
	info, err := db.driver.GetServerInfo(ctx)
	if err != nil {
		return "", classify(err, "ask the server for its version")
	}
	return info.Agent(), nil
}

// Close gives the connections back.
func (db *DB) Close(ctx context.Context) error { return db.driver.Close(ctx) }

// Reader is a Runner whose statements run in read transactions.
func (db *DB) Reader() Runner { return runner{db, neo4j.AccessModeRead} }

// Writer is a Runner whose statements run in write transactions, one each,
// tried again on transient errors.
func (db *DB) Writer() Runner { return runner{db, neo4j.AccessModeWrite} }

// WithTimeout is the same pool with another limit for a transaction.
func (db *DB) WithTimeout(d time.Duration) *DB {
	c := *db
	c.timeout = d
	return &c
}

// InTx runs work in one write transaction: an error rolls it back, nil commits.
// It is tried again on transient errors, so work must not keep state between
// attempts.
func (db *DB) InTx(ctx context.Context, name string, work func(Runner) error) error {
	return db.tx(ctx, neo4j.AccessModeWrite, name, work)
}

// InReadTx runs work in one read transaction: all it reads is of one moment's
// commits as Neo4j gives them (read committed).
func (db *DB) InReadTx(ctx context.Context, name string, work func(Runner) error) error {
	return db.tx(ctx, neo4j.AccessModeRead, name, work)
}

// ErrRollback, returned by work, rolls the transaction back and is not an error.
var ErrRollback = errors.New("roll back")

func (db *DB) tx(ctx context.Context, mode neo4j.AccessMode, name string, work func(Runner) error) error {
	s := db.session(ctx, mode)
	defer s.Close(context.WithoutCancel(ctx))
	manage := s.ExecuteWrite
	if mode == neo4j.AccessModeRead {
		manage = s.ExecuteRead
	}
	_, err := manage(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		return nil, work(txRunner{tx})
	}, db.configure(name)...)
	if errors.Is(err, ErrRollback) {
		return nil
	}
	return classify(err, name)
}

func (db *DB) session(ctx context.Context, mode neo4j.AccessMode) neo4j.SessionWithContext {
	return db.driver.NewSession(ctx, neo4j.SessionConfig{AccessMode: mode, DatabaseName: db.name})
}

func (db *DB) configure(name string) []func(*neo4j.TransactionConfig) {
	return []func(*neo4j.TransactionConfig){
		neo4j.WithTxTimeout(db.timeout),
		neo4j.WithTxMetadata(map[string]any{"app": "taskroot", "query": name}),
	}
}

type runner struct {
	db   *DB
	mode neo4j.AccessMode
}

// Run implements [Runner]. Rows are handed over once the transaction is done,
// so that an attempt that is tried again leaves no rows behind.
func (r runner) Run(ctx context.Context, s Statement, params map[string]any, each func(Row) error) error {
	var rows []Row
	err := r.db.tx(ctx, r.mode, s.Name, func(tx Runner) error {
		rows = rows[:0]
		return tx.Run(ctx, s, params, func(row Row) error { rows = append(rows, row); return nil })
	})
	if err != nil || each == nil {
		return err
	}
	for _, row := range rows {
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}

type txRunner struct{ tx neo4j.ManagedTransaction }

// Run implements [Runner]. Driver errors pass unchanged, so that the driver
// recognises what it may try again.
func (t txRunner) Run(ctx context.Context, s Statement, params map[string]any, each func(Row) error) error {
	_, err := t.run(ctx, s, params, each)
	return err
}

func (t txRunner) run(ctx context.Context, s Statement, params map[string]any, each func(Row) error) (neo4j.ResultWithContext, error) {
	result, err := t.tx.Run(ctx, s.Text, params)
	if err != nil {
		return nil, err
	}
	for result.Next(ctx) {
		if each == nil {
			continue
		}
		record := result.Record()
		if err := each(Row{Keys: record.Keys, Values: record.Values}); err != nil {
			return nil, err
		}
	}
	return result, result.Err()
}

// Counts are what a statement created.
type Counts struct{ Nodes, Relationships int }

// RunCounted is Run in an open transaction, with what the statement created.
func RunCounted(ctx context.Context, tx Runner, s Statement, params map[string]any, each func(Row) error) (Counts, error) {
	t, ok := tx.(txRunner)
	if !ok {
		return Counts{}, fault.New(fault.Internal, "%s: counting needs an open transaction", s.Name)
	}
	result, err := t.run(ctx, s, params, each)
	if err != nil {
		return Counts{}, err
	}
	summary, err := result.Consume(ctx)
	if err != nil {
		return Counts{}, err
	}
	c := summary.Counters()
	return Counts{Nodes: c.NodesCreated(), Relationships: c.RelationshipsCreated()}, nil
}

// classify gives a driver's error its kind.
func classify(err error, doing string) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	var server *neo4j.Neo4jError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Timeout, err, "%s took too long", doing)
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &server):
		return classifyServer(server, doing)
	case neo4j.IsConnectivityError(err):
		return fault.Wrap(fault.Unavailable, err, "the database does not answer").
			WithHint("is it up? 'taskroot db status' tells, 'taskroot db up' starts it")
	}
	return err
}

func classifyServer(err *neo4j.Neo4jError, doing string) error {
	switch err.Code {
	case "Neo.ClientError.Transaction.TransactionTimedOut", "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration":
		return fault.Wrap(fault.Timeout, err, "%s took too long", doing)
	case "Neo.ClientError.Security.Unauthorized", "Neo.ClientError.Security.CredentialsExpired":
		return fault.Wrap(fault.Unavailable, err, "the database refused the user name or password").
			WithHint("set TASKROOT_NEO4J_PASSWORD, or use the database that 'taskroot db up' made")
	case "Neo.TransientError.General.DatabaseUnavailable", "Neo.ClientError.Database.DatabaseNotFound":
		return fault.Wrap(fault.Unavailable, err, "the database is not available")
	}
	return fault.Wrap(fault.Internal, err, "%s was refused by the database", doing)
}
