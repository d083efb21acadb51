# syntax=docker/dockerfile:1
#
# The image of both processes, `cocket serve` and `cocket operate`.
#
#   docker build --build-arg PYTHON_IMAGE=docker.io/library/python:3.13-slim-bookworm@sha256:… \
#     --build-arg REVISION="$(git rev-parse HEAD)" --build-arg SOURCE=https://… \
#     --build-arg CREATED="$(date -u +%Y-%m-%dT%H:%M:%SZ)" --build-arg VERSION=0.1.0 .
#
# The base has no default: any slim image of Python 3.11 or newer on Debian will do, by the digest
# that you have seen. Its registry's page, or `cocket image`, tells the digest of a tag.
ARG PYTHON_IMAGE

FROM ${PYTHON_IMAGE} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && python -m venv --without-pip /opt/cocket
WORKDIR /src
COPY requirements.lock ./
# Wheels only, each with its hash: building from source would run code that no hash covers.
RUN python -m pip --python /opt/cocket/bin/python install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY webhook ./webhook
RUN python -m pip --python /opt/cocket/bin/python install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation --no-index . \
    && /opt/cocket/bin/cocket --version

FROM ${PYTHON_IMAGE}
# No defaults: an image that was built without these says nothing, and our own rule refuses it.
ARG REVISION
ARG SOURCE
ARG CREATED
ARG VERSION
LABEL org.opencontainers.image.title="cocket" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /usr/bin/tini /usr/bin/tini
COPY --from=build /opt/cocket /opt/cocket
# Nobody in particular, as a number: the kubelet cannot tell from a name that it is not root.
USER 65532:65532
WORKDIR /
ENV PATH=/opt/cocket/bin:$PATH HOME=/tmp
EXPOSE 8443 8080
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/cocket/bin/cocket"]
CMD ["--help"]
