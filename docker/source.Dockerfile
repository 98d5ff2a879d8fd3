# A source with wal2json, for CAPTURE_PLUGIN=wal2json; the default pgoutput needs only the official image.
FROM postgres:18.4-bookworm
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends postgresql-18-wal2json \
  && rm -rf /var/lib/apt/lists/*
USER 999
