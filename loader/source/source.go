// Package source reads telemetry of any carrier: it walks folders, opens
// containers, tells formats by their content and hands every record to a sink.
package source
