// Package e2e holds the tests of the whole program: real telemetry and a
// made-up company's go in, and what comes out is compared with what an
// independent walk of the same data, or the generator's own truth, says.
package e2e
