# A Neo4j image from the artifacts that pom.xml pins, for places where no
# registry has neo4j:5.26. It is configured like the official image; see
# neo4j-entrypoint.sh. Built by build-neo4j-image.sh, which makes the base.
ARG BASE=taskroot/java17:bookworm
FROM ${BASE}
COPY lib /var/lib/neo4j/lib
COPY neo4j-entrypoint.sh /usr/local/bin/neo4j-entrypoint.sh
RUN chmod 0755 /usr/local/bin/neo4j-entrypoint.sh \
 && mkdir -p /data /logs /var/lib/neo4j/import \
 && chmod 0777 /data /logs \
 && chown -R 7474:7474 /data /logs /var/lib/neo4j/import
USER 7474:7474
WORKDIR /var/lib/neo4j
VOLUME ["/data", "/logs"]
EXPOSE 7474 7687
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=12 \
  CMD bash -c 'exec 3<>/dev/tcp/127.0.0.1/7474 && printf "GET / HTTP/1.0\r\n\r\n" >&3 && grep -q neo4j_version <&3'
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/neo4j-entrypoint.sh"]
