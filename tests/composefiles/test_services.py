"""Services of Compose files."""

from __future__ import annotations

import pytest

from tests.builders import refusal
from webhook.composefiles.services import Service, is_compose, services_of
from webhook.core.workload import Role
from webhook.manifests import read_bytes


def services(text: str) -> list[Service]:
    return [
        one
        for document in read_bytes(f"services:\n{text}".encode(), "compose.yaml")
        for one in services_of(document)
    ]


def service(text: str) -> Service:
    (found,) = services(f"  web: {text}\n")
    return found


def test_a_service_is_a_workload_with_its_line() -> None:
    db, web = services("  db:\n    image: a\n  web:\n    image: b\n    pid: host\n")

    assert (db.workload.kind, db.workload.name, db.line) == ("Compose service", "db", 2)
    assert (web.workload.images[0].pointer, web.line) == ("/services/web/image", 4)
    assert (db.workload.host_pid, web.workload.host_pid) == (False, True)
    assert db.workload.template


@pytest.mark.parametrize(
    ("text", "command", "args"),
    [
        ("{image: a}", (), ()),
        ("{image: a, command: [x, z]}", (), ("x", "z")),
        ("{image: a, entrypoint: [x], command: y z}", ("x",), ("y", "z")),
        ("{image: a, entrypoint: \"x 'y z'\"}", ("x", "y z"), ()),
        ("{image: a, command: 'x ${V:-1} $$(y)'}", (), ("x", "1", "$$(y)")),
        ("{image: a, entrypoint: '${V} x'}", ("$(V)", "x"), ()),
        ("{image: a, command: null}", (), ()),
    ],
)
def test_a_text_is_split_and_runs_in_no_shell(
    text: str, command: tuple[str, ...], args: tuple[str, ...]
) -> None:
    use = service(text).workload.images[0]

    assert (use.command, use.args) == (command, args)


def test_what_is_built_here_is_told_apart() -> None:
    assert not service("{image: a}").built
    assert service("{image: a, build: .}").built
    built = service("{build: {context: .}}")
    assert built.built
    assert built.workload.images[0].image == ""


def test_variables_without_a_value_are_told() -> None:
    assert service("{image: 'a:${T:-1}'}").workload.images[0].image == "a:1"
    assert service("{image: 'a:${T}'}").missing == {"a:${T}": ("T",)}


def test_images_that_are_mounted_count() -> None:
    text = "{image: a, volumes: [x:/y, {type: image, source: b, target: /z}]}"
    uses = service(text).workload.images

    assert [(one.role, one.image) for one in uses] == [
        (Role.CONTAINER, "a"),
        (Role.VOLUME, "b"),
    ]
    assert uses[1].pointer == "/services/web/volumes/1/source"


def test_a_service_without_image_and_build_names_nothing() -> None:
    assert services("  web: {extends: other}\n") == []
    assert services("") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  web: [x]\n", "compose.yaml:2: services.web: must be a mapping"),
        ("  web:\n    image: 1\n", "compose.yaml:3: services.web.image: must be the name"),
        ("  web: {image: a, command: 1}\n", "services.web.command: must be a text or a list"),
        ("  web: {image: a, command: [1]}\n", "services.web.command: must be a text or a list"),
        ('  web: {image: a, command: "\'"}\n', "services.web.command: is no command"),
        ("  web: {image: a, init: sometimes}\n", "services.web.init: must be true or false"),
        ("  - a\n", "services: must be a mapping"),
        ("  w: {image: a, volumes: [{type: image}]}\n", "services.w.volumes.0.source: must be"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, said: str) -> None:
    assert said in refusal(lambda: services(text))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"services": {}}, True),
        ({"services": {}, "apiVersion": "v1"}, False),
        ({"kind": "Pod"}, False),
        ([], False),
    ],
)
def test_a_document_is_a_compose_file_by_what_it_holds(data: object, *, expected: bool) -> None:
    assert is_compose(data) is expected
