// Package archtest holds the house rules as tests: who may import whom, where
// Cypher lives, which names the graph has, what each package must say of
// itself. Each message names the cure.
//
// A rule is a function from a file tree to its violations, so that a test can
// prove on a made-up tree that it finds what it is there for. The trees are
// read file by file and not through "go list": the test cache sees only what
// the test itself opens.
package archtest
