"""What `cocket check` is given, read into workloads: files, folders and standard input.

A file is a Dockerfile by its name; a YAML document with `services` and no `apiVersion` is a Compose
file; everything else is a manifest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webhook.composefiles.services import Service, is_compose, services_of
from webhook.core.objects import workload_of
from webhook.core.policy import NAMESPACE_NAME
from webhook.core.request import admission_request, is_review, workload_of_request
from webhook.dockerfiles.instructions import read_dockerfile
from webhook.dockerfiles.judged import KIND, lines_of_build, workload_of_build
from webhook.dockerfiles.names import is_dockerfile
from webhook.dockerfiles.stages import Build, read_build
from webhook.errors import InputError
from webhook.manifests import find_files, read_bytes, read_file
from webhook.manifests.files import MAX_BYTES, content_of, decoded, shown
from webhook.reports.checked import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import BinaryIO

    from webhook.core.document import Document
    from webhook.core.workload import Workload

STDIN = "-"
"""Standard input, as an argument and as the name of a file in reports."""

_REVIEWED = "/request/object"
"""Where the object stands in a saved AdmissionReview."""


class Subject(msgspec.Struct, frozen=True):
    """An object that names images, and where it was read."""

    workload: Workload
    place: Place
    lines: Mapping[str, int]
    """Line of the pointer of every use."""
    part: Build | Service | None = None
    """What it is, where it is no Kubernetes object."""


class Inputs(msgspec.Struct):
    """Everything that was read. What could not be read is an error of its own, not the end."""

    subjects: list[Subject] = []
    without_images: int = 0
    namespaces: dict[str, dict[str, str]] = {}
    """Labels of the Namespace objects among the documents, with the name that all have."""
    errors: list[InputError] = []


def read_inputs(paths: Iterable[str], stdin: Callable[[], BinaryIO]) -> Inputs:
    """Read every document of every file, folder, and `-`; the errors of all are collected."""
    inputs = Inputs()
    for path in paths:
        try:
            if path == STDIN:
                _read(read_bytes(stdin().read(MAX_BYTES + 1), STDIN), inputs)
                continue
            files = find_files(Path(path), is_dockerfile)
        except InputError as error:
            inputs.errors.append(error)
            continue
        for file in files:
            try:
                if is_dockerfile(file.name):
                    _take_dockerfile(file, inputs)
                else:
                    _read(read_file(file), inputs)
            except InputError as error:
                inputs.errors.append(error)
    return inputs


def _read(documents: Iterable[Document], inputs: Inputs) -> None:
    for document in documents:
        read_into(inputs, document)


def read_into(inputs: Inputs, document: Document) -> None:
    """Add one document to what was read before."""
    data = document.data
    if is_compose(data):
        _take_services(document, inputs)
        return
    if (
        isinstance(data, dict)
        and data.get("apiVersion") == "v1"
        and data.get("kind") == "Namespace"
    ):
        _take_namespace(data, inputs.namespaces)
    try:
        review = is_review(data)
        workload = workload_of_request(admission_request(data)) if review else workload_of(data)
    except InputError as error:
        inputs.errors.append(InputError(f"{document.where}: {error}"))
        return
    if workload is None or not workload.images:
        inputs.without_images += 1
        return
    prefix = _REVIEWED if review else ""
    place = Place(workload.kind, workload.namespace, workload.name, document.file, document.line)
    lines = {
        use.pointer: line
        for use in workload.images
        if (line := document.lines.get(prefix + use.pointer)) is not None
    }
    inputs.subjects.append(Subject(workload, place, lines))


def _take_dockerfile(path: Path, inputs: Inputs) -> None:
    file = shown(path)
    build = read_build(read_dockerfile(decoded(content_of(path), file), file), file)
    workload = workload_of_build(build, path.name)
    place = Place(KIND, "", workload.name, file, build.final.line)
    inputs.subjects.append(Subject(workload, place, lines_of_build(build), build))


def _take_services(document: Document, inputs: Inputs) -> None:
    found = False
    try:
        for service in services_of(document):
            workload = service.workload
            place = Place(workload.kind, "", workload.name, document.file, service.line)
            lines = {
                use.pointer: line
                for use in workload.images
                if (line := document.lines.get(use.pointer)) is not None
            }
            inputs.subjects.append(Subject(workload, place, lines, service))
            found = True
    except InputError as error:
        inputs.errors.append(error)
        return
    inputs.without_images += not found


def _take_namespace(data: Mapping[str, object], namespaces: dict[str, dict[str, str]]) -> None:
    """Add the labels of a Namespace object; what is no label cannot select anything."""
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(name := metadata.get("name"), str):
        return
    labels = metadata.get("labels")
    pairs = labels.items() if isinstance(labels, dict) else ()
    found = {key: value for key, value in pairs if isinstance(value, str)}
    namespaces[name] = {**found, NAMESPACE_NAME: name}
