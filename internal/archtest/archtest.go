// Package archtest holds the house rules as tests: who may import whom, where
// Cypher lives, what each package must say of itself. Each message names the cure.
package archtest
