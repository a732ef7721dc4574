package docker_test

import (
	"encoding/xml"
	"testing"

	"github.com/taskroot/taskroot/docker"
)

func TestPOM(t *testing.T) {
	var pom struct {
		Neo4j string `xml:"properties>neo4j.version"`
	}
	if err := xml.Unmarshal(docker.POM, &pom); err != nil {
		t.Fatal(err)
	}
	if pom.Neo4j != docker.Neo4jVersion {
		t.Errorf("pom.xml pins %q, Neo4jVersion says %q", pom.Neo4j, docker.Neo4jVersion)
	}
}
