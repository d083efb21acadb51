"""What the demo shows: images in a production and a pre-production path, and Pods that want them.

Pure: with the registry's host filled in, everything else follows, the digests too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from webhook.demo.images import Built, image, index
from webhook.demo.reviews import pod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.demo.apiserver import Answer
    from webhook.demo.content import Content

TAG = "1.0"

_TINI = ("/sbin/tini", "--")
_NODE = ("node", "server.js")
_OCI_LABELS = {
    "org.opencontainers.image.revision": "4f9d6c1e2b3a4958677a8b9c0d1e2f3a4b5c6d7e",
    "org.opencontainers.image.source": "https://github.com/acme/web",
    "org.opencontainers.image.created": "2026-11-20T08:00:00Z",
}
# A Dockerfile with `ARG build_date=Unknown`, built with `--build-arg date=…`: a typing error that
# no build complains about.
_TALK_LABELS = {
    "org.label-schema.vcs-ref": "4f9d6c1",
    "org.label-schema.vcs-url": "https://github.com/acme/web",
    "org.label-schema.build-date": "Unknown",
}

GOOD = image(entrypoint=_TINI, cmd=_NODE, labels=_OCI_LABELS)
_IMAGES: Mapping[str, Built] = {
    "prod/web": GOOD,
    "preprod/web": GOOD,
    "prod/unlabelled": image(entrypoint=_TINI, cmd=_NODE),
    "prod/unknown-date": image(entrypoint=_TINI, cmd=_NODE, labels=_TALK_LABELS),
    "prod/shell-form": image(entrypoint=("/bin/sh", "-c", "node server.js"), labels=_OCI_LABELS),
    "prod/no-init": image(entrypoint=_NODE, labels=_OCI_LABELS),
    "prod/script": image(entrypoint=("/entrypoint.sh",), cmd=_NODE, labels=_OCI_LABELS),
    "prod/two-platforms": index(
        [GOOD, image(entrypoint=_NODE, labels=_OCI_LABELS, architecture="arm64")],
        attestations=True,
    ),
}

_POLICY = """\
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {{name: prod}}
spec:
  host: {host}/prod
  environment: production
  promotesFrom: preprod
  allowPrivateAddresses: true   # this demo's registry stands on loopback
  tls: {{plainHTTP: true}}        # and has no certificate
---
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {{name: preprod}}
spec:
  host: {host}/preprod
  environment: pre-production
  allowPrivateAddresses: true
  tls: {{plainHTTP: true}}
---
apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {{name: production}}
spec:
  mode: enforce
  onUnknown: deny
  rules:
    digest: {{}}
    registry: {{environments: [production]}}
    provenance:
      require: [revision, source, created]
      schemas: [oci, label-schema]
      sources: ["https://github.com/acme/"]
    init: {{}}
"""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One Pod, and the answer that it must get."""

    shows: str
    """What the sample is an example of, for the table."""
    pod: dict[str, Any]
    decision: str = "allowed"
    """`allowed`, `warned` (and created) or `denied`."""
    rule: str = ""
    """The one rule that has something to say; empty where all is well."""
    says: str = ""
    """A few words that the message or the warning must hold."""

    @property
    def name(self) -> str:
        """Of the Pod."""
        return str(self.pod["metadata"]["name"])

    def surprise(self, answer: Answer) -> str:
        """What is not as it should be in an answer; empty where all is."""
        if answer.decision != self.decision:
            return f"{answer.decision}, but it must be {self.decision}"
        rules = answer.annotations.get("rules", "")
        if rules != self.rule:
            return f"rules {rules or 'none'}, but it must be {self.rule or 'none'}"
        if self.says not in "\n".join((answer.message, *answer.warnings)):
            return f"the answer does not say {self.says!r}"
        return ""


def fill(content: Content) -> None:
    """Push every sample image, under its digest and under the tag `1.0`."""
    for repository, built in _IMAGES.items():
        content.add(repository, built, TAG)


def policy(host: str) -> str:
    """The Registry and policy documents for a registry at `host`, as YAML."""
    return _POLICY.format(host=host)


def samples(host: str) -> tuple[Sample, ...]:
    """The Pods, with images in the registry at `host`."""

    def pinned(repository: str) -> str:
        return f"{host}/{repository}@{_IMAGES[repository].digest}"

    return (
        Sample(shows="a good image, under tini", pod=pod("web", pinned("prod/web"))),
        Sample(
            shows="named by a tag",
            pod=pod("web-by-tag", f"{host}/prod/web:{TAG}"),
            decision="denied",
            rule="digest",
            says=GOOD.digest,
        ),
        Sample(
            shows="from the pre-production registry",
            pod=pod("web-preprod", pinned("preprod/web")),
            decision="denied",
            rule="registry",
            says=f"{host}/prod",
        ),
        Sample(
            shows="without labels",
            pod=pod("web-unlabelled", pinned("prod/unlabelled")),
            decision="denied",
            rule="provenance",
            says="org.opencontainers.image.revision",
        ),
        Sample(
            shows='built on "Unknown"',
            pod=pod("web-unknown-date", pinned("prod/unknown-date")),
            decision="denied",
            rule="provenance",
            says="org.label-schema.build-date",
        ),
        Sample(
            shows="shell form",
            pod=pod("web-shell-form", pinned("prod/shell-form")),
            decision="denied",
            rule="init",
            says="node server.js",
        ),
        Sample(
            shows="exec form, no init",
            pod=pod("web-no-init", pinned("prod/no-init")),
            decision="denied",
            rule="init",
            says="node server.js",
        ),
        Sample(
            shows="the same, cured in the Pod",
            pod=pod("web-shared", pinned("prod/no-init"), share_process_namespace=True),
        ),
        Sample(
            shows="two platforms, one of them bad",
            pod=pod("web-two-platforms", pinned("prod/two-platforms")),
            decision="denied",
            rule="init",
            says="linux/arm64",
        ),
        Sample(
            shows="started by a script",
            pod=pod("web-script", pinned("prod/script")),
            decision="warned",
            rule="init",
            says="/entrypoint.sh",
        ),
    )
