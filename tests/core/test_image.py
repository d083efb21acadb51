"""References read as distribution/reference reads them, whatever a stranger writes."""

from __future__ import annotations

import json
import string
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.image import ImageRef, is_digest, normal_host
from webhook.errors import InvalidImageError

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "image-references.json").read_text()
)
SHA256 = "sha256:" + "0a" * 32
SHA384 = "sha384:" + "0a" * 48
SHA512 = "sha512:" + "0a" * 64


def _id(vector: dict[str, Any]) -> str:
    return f"{VECTORS.index(vector)} {ascii(vector['input'])[:40]}"


def test_the_vectors_are_there() -> None:
    assert len(VECTORS) >= 171


@pytest.mark.parametrize(
    "vector", [pytest.param(v, id=_id(v)) for v in VECTORS if "error" not in v]
)
def test_a_valid_reference_is_read_as_distribution_reads_it(vector: dict[str, Any]) -> None:
    ref = ImageRef.parse(vector["input"])

    assert {
        "input": vector["input"],
        "domain": ref.registry,
        "path": ref.repository,
        "tag": ref.tag,
        "digest": ref.digest,
        "string": str(ref),
    } == vector


@pytest.mark.parametrize("vector", [pytest.param(v, id=_id(v)) for v in VECTORS if "error" in v])
def test_an_invalid_reference_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidImageError):
        ImageRef.parse(vector["input"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing"),
        ("a" * 4097, "4097 characters is too long"),
        ("nginx\n", "characters that no image reference may have"),
        ("ｎginx", "characters that no image reference may have"),
        ("ng\u0456nx", "characters that no image reference may have"),
        ("nginx\x00", "characters that no image reference may have"),
        ("nginx latest", "characters that no image reference may have"),
        ("0a" * 32, "is an image ID"),
        ("docker.io./x", "is no host"),
        ("a." * 130 + "example/x", "is no host"),
        ("my_registry.io/x", "is no host"),
        ("Reg//x", "is no repository name"),
        ("reg/../x", "is no repository name"),
        ("../../etc", "is no host"),
        ("${IMG}", "is no repository name"),
        ("quay.io/Acme/web", "must be in lower case"),
        ("nginx:-1", "is no tag"),
        ("nginx:" + "x" * 129, "is no tag"),
        ("nginx@md5:" + "0a" * 16, "is no digest algorithm"),
        ("nginx@SHA256:" + "0a" * 32, "is no digest algorithm"),
        ("nginx@", "is no digest algorithm"),
        ("nginx@sha256:" + "0A" * 32, "lower-case"),
        ("nginx@sha256:" + "0a" * 31, "has 64 digits, not 62"),
        ("registry.prod.example.com@attacker.io/x", "is no digest algorithm"),
        ("a/" * 127 + "aa", "more than 255 characters"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(InvalidImageError, match=words):
        ImageRef.parse(text)


@pytest.mark.parametrize(
    ("text", "registry", "repository"),
    [
        ("registry.prod.example.com.attacker.io/x", "registry.prod.example.com.attacker.io", "x"),
        ("attacker.io/x.trusted.io/org/evil", "attacker.io", "x.trusted.io/org/evil"),
        ("A/b", "A", "b"),
        ("a.b", "docker.io", "library/a.b"),
        ("reg:443/app", "reg:443", "app"),
        ("2130706433:443/x", "2130706433:443", "x"),
        ("127.1/x", "127.1", "x"),
    ],
)
def test_no_trick_moves_an_image_to_another_registry(
    text: str, registry: str, repository: str
) -> None:
    ref = ImageRef.parse(text)

    assert (ref.registry, ref.repository) == (registry, repository)


@pytest.mark.parametrize(
    "text",
    [
        "nginx",
        "library/nginx",
        "docker.io/nginx",
        "index.docker.io/nginx",
        "docker.io/library/nginx",
    ],
)
def test_docker_hubs_short_names_are_one_image(text: str) -> None:
    assert ImageRef.parse(text) == ImageRef("docker.io", "library/nginx")


@pytest.mark.parametrize(
    ("registry", "host"),
    [
        ("docker.io", "docker.io"),
        ("Docker.IO", "docker.io"),
        ("docker.io:443", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("INDEX.docker.io:443", "docker.io"),
        ("registry.hub.docker.com", "docker.io"),
        ("Registry.Example.com:443", "registry.example.com"),
        ("registry.example.com:5000", "registry.example.com:5000"),
        ("docker.io.attacker.io", "docker.io.attacker.io"),
    ],
)
def test_hosts_are_compared_in_normal_form(registry: str, host: str) -> None:
    assert host == normal_host(registry)
    assert host == ImageRef(registry, "x").host


@pytest.mark.parametrize(
    ("digest", "accepted"),
    [
        (SHA256, True),
        (SHA512, True),
        (SHA384, False),
        (SHA256[:-1], False),
        (SHA256 + "0", False),
        (SHA256.replace("a", "A"), False),
        (SHA256 + "\n", False),
        ("sha256:" + "٣" * 64, False),
        ("sha256", False),
        ("", False),
    ],
)
def test_a_digest_has_one_spelling(digest: str, *, accepted: bool) -> None:
    assert accepted is is_digest(digest)


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        (f"nginx@{SHA256}", True),
        (f"nginx:1.25@{SHA512}", True),
        (f"nginx@{SHA384}", False),
        ("nginx:1.25", False),
        ("nginx", False),
        ("nginx:sha256", False),
    ],
)
def test_only_a_digest_that_runtimes_accept_pins(text: str, *, pinned: bool) -> None:
    assert pinned is ImageRef.parse(text).pinned


def test_a_pinned_name_keeps_its_tag() -> None:
    assert str(ImageRef.parse("nginx:1.25").with_digest(SHA256)) == (
        f"docker.io/library/nginx:1.25@{SHA256}"
    )


_label = st.text("aZ09-", min_size=1, max_size=4).map("x{}X".format)
_host = st.builds("{}.{}{}".format, _label, _label, st.sampled_from(["", ":5000", ":443", ":0"]))
_separator = st.sampled_from([".", "_", "__", "-", "---"])
_word = st.text("az09", min_size=1, max_size=4)
_component = _word | st.builds("{}{}{}".format, _word, _separator, _word)
_path = st.lists(_component, min_size=1, max_size=4).map("/".join)
_tag = st.builds(":{}{}".format, st.sampled_from("aZ0_"), st.text("aZ0_.-", max_size=20))
_digest = st.sampled_from([SHA256, SHA384, SHA512]).map("@{}".format)
_nothing = st.just("")
# Without a host, a first segment with a dot would be taken for one.
_name = st.one_of(
    _component,
    _path.map("acme/{}".format),
    st.builds("{}/{}".format, _host, _path),
)
_reference = st.builds(
    "{}{}{}".format,
    _name,
    _nothing | _tag,
    _nothing | _digest,
)


def _parsed(text: str) -> ImageRef | None:
    try:
        return ImageRef.parse(text)
    except InvalidImageError:
        return None


@given(_reference)
def test_whatever_the_grammar_makes_is_read_and_written_back(text: str) -> None:
    ref = ImageRef.parse(text)

    assert ref == ImageRef.parse(str(ref))


@given(
    st.text(max_size=80) | st.text(string.ascii_letters + string.digits + "@:/._-[]", max_size=80)
)
def test_whatever_is_read_is_written_back_and_nothing_else_is_raised(text: str) -> None:
    ref = _parsed(text)

    assert ref is None or ImageRef.parse(str(ref)) == ref


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a-",
        "a.",
        "a__",
        "a_",
        "-",
        ".",
        "a/",
        "/",
        "a:",
        "A.",
        "A-",
        "@",
        "[",
        ":",
        "a.b/",
        "1",
    ],
)
@pytest.mark.parametrize("end", ["", "!", "/", ":", "@sha256:", "\n"])
def test_no_text_takes_long_to_read(piece: str, end: str) -> None:
    text = (piece * 4096)[: 4096 - len(end)] + end
    begun = time.perf_counter()

    _parsed(text)

    assert time.perf_counter() - begun < 0.2
