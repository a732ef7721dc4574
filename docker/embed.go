// Package docker holds what is needed to run Neo4j that is not Go: the image,
// the compose file, and the pinned list of the server's own artifacts, which
// is embedded so that the binary can fetch a server without this repository.
package docker

import _ "embed"

// Neo4jVersion is the server version that pom.xml pins; a test holds the two
// together.
const Neo4jVersion = "5.26.30"

// POM is pom.xml: the artifacts of the Neo4j server.
//
//go:embed pom.xml
var POM []byte
