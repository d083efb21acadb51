"""A stand-in for the `docker` command: builds from labels and commands, and really pushes.

There is no engine on a test machine. What matters of one here: `build` writes ENTRYPOINT, CMD and
LABELs with its build arguments into a config; `push` uploads, and keeps the digest of what it sent;
`inspect` tells it. An image is kept as an OCI image layout (image-spec image-layout.md).
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlencode

from webhook.demo.images import image, sha256
from webhook.dockerfiles.instructions import read_dockerfile
from webhook.dockerfiles.stages import read_build
from webhook.dockerfiles.words import Value

STATE = Path(os.environ.get("STANDIN", "."))
TYPE = "application/vnd.oci.image.manifest.v1+json"


def layout(name: str) -> Path:
    return STATE / quote(name, safe="")


def build(arguments: list[str]) -> None:
    given: dict[str, str] = {}
    tag = ""
    words = iter(arguments)
    for word in words:
        if word == "--build-arg":
            key, _, value = next(words).partition("=")
            given[key] = value
        elif word == "--tag":
            tag = next(words)
    made = read_build(read_dockerfile(Path("Dockerfile").read_text(), "Dockerfile"), "Dockerfile")
    for base in made.bases:
        if "@sha256:" not in filled(base.image, given):
            sys.exit(f"no base without a digest: {base.written}")
    says = made.final.says
    labels = {name: filled(value, given) for name, value in says.labels.items()}
    built = image(entrypoint=says.entrypoint or (), cmd=says.cmd or (), labels=labels)
    folder = layout(tag)
    (folder / "blobs" / "sha256").mkdir(parents=True)
    for blob in (*built.blobs, built.manifest):
        (folder / "blobs" / "sha256" / sha256(blob).partition(":")[2]).write_bytes(blob)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    entry = {"mediaType": TYPE, "digest": built.digest, "size": len(built.manifest)}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def filled(value: Value, given: dict[str, str]) -> str:
    text = value.text
    for name in value.missing:
        text = text.replace(f"${{{name}}}", given.get(name, ""))
    return text


def push(name: str) -> None:
    folder = layout(name)
    (entry,) = json.loads((folder / "index.json").read_text())["manifests"]
    blobs = {path.name: path.read_bytes() for path in (folder / "blobs" / "sha256").iterdir()}
    manifest = blobs.pop(entry["digest"].partition(":")[2])
    host, _, rest = name.partition("/")
    repository, _, tag = rest.rpartition(":")
    url = f"http://{host}/v2/{repository}"
    for digest, blob in blobs.items():
        place = send("POST", f"{url}/blobs/uploads/", b"")["Location"]
        mark = "&" if "?" in place else "?"
        send("PUT", f"{place}{mark}{urlencode({'digest': f'sha256:{digest}'})}", blob)
    send("PUT", f"{url}/manifests/{tag}", manifest, TYPE)
    (folder / "repo-digest").write_text(f"{host}/{repository}@{entry['digest']}")


def send(
    method: str, url: str, body: bytes, kind: str = "application/octet-stream"
) -> dict[str, str]:
    request = urllib.request.Request(  # noqa: S310 - loopback
        url, data=body, method=method, headers={"Content-Type": kind}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return dict(answer.headers)


def main(arguments: list[str]) -> None:
    with (STATE / "docker.log").open("a") as log:
        log.write(json.dumps(arguments) + "\n")
    match arguments:
        case ["version", "--format", "{{.Server.Version}}"]:
            sys.stdout.write(os.environ["DOCKER_VERSION"] + "\n")
        case ["build", *rest]:
            build(rest)
        case ["push", name]:
            push(name)
        case ["inspect", "--format", "{{index .RepoDigests 0}}", name]:
            sys.stdout.write((layout(name) / "repo-digest").read_text() + "\n")
        case _:
            sys.exit(f"docker: not known here: {arguments}")


if __name__ == "__main__":
    main(sys.argv[1:])
