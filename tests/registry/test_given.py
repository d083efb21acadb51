import json
import sys
from pathlib import Path

import pytest

from webhook.core.build import Build, Place, Voucher
from webhook.core.image import ImageRef
from webhook.errors import InvalidFactsError
from webhook.registry.given import GivenFacts, facts_of, read_facts

DIGEST = "sha256:" + "ab" * 32
REVISION = "org.opencontainers.image.revision"
CONFIG = {"os": "linux", "architecture": "amd64", "config": {"Entrypoint": ["/app"]}}


def line(image: str = f"r.example/a@{DIGEST}", config: object = CONFIG, **more: object) -> bytes:
    return json.dumps({"image": image, "config": config, **more}).encode() + b"\n"


def known(facts: GivenFacts, name: str) -> bool:
    return facts.of(ImageRef.parse(name)) is not None


def test_a_digest_serves_the_name_with_and_without_a_tag() -> None:
    given = facts_of([line()], "f")
    found = given.of(ImageRef.parse(f"r.example/a:1.0@{DIGEST}"))

    assert found is not None
    assert (found.digest, found.source, found.complete) == (DIGEST, "facts file", True)
    assert [one.platform for one in found.platforms] == ["linux/amd64"]
    assert known(given, f"r.example/a@{DIGEST}")
    assert known(given, f"R.Example:443/a@{DIGEST}")
    assert not known(given, "r.example/a")
    assert not known(given, f"r.example/b@{DIGEST}")
    assert not known(given, f"s.example/a@{DIGEST}")
    assert not known(given, "r.example/a@sha256:" + "00" * 32)


def test_a_tag_serves_only_itself() -> None:
    given = facts_of([line("nginx:1.25")], "f")
    found = given.of(ImageRef.parse("docker.io/library/nginx:1.25"))

    assert found is not None
    assert found.digest == ""
    assert not known(given, "nginx")
    assert not known(given, f"nginx:1.25@{DIGEST}")
    assert known(facts_of([line("nginx")], "f"), "nginx:latest")


def test_lines_about_one_image_are_its_platforms() -> None:
    arm = CONFIG | {"architecture": "arm64"}
    given = facts_of([line(), line(config=arm), line(), b"\n", b"  \n"], "f")
    found = given.of(ImageRef.parse(f"r.example/a@{DIGEST}"))

    assert found is not None
    assert [one.platform for one in found.platforms] == ["linux/amd64", "linux/arm64"]


def test_a_line_may_tell_annotations_and_the_build() -> None:
    said = {
        "commit": "1234567",
        "dirty": False,
        "source": None,
        "builder": None,
        "attestation": {"place": "index", "signed": False, "signers": []},
        "problem": None,
    }
    given = facts_of([line(annotations={REVISION: "7654321", "team": "a"}, build=said)], "f")
    nothing = facts_of([line(annotations=None, build=dict.fromkeys(said))], "f")
    (told,), (bare,) = (
        found.platforms
        for one in (given, nothing)
        if (found := one.of(ImageRef.parse(f"r.example/a@{DIGEST}"))) is not None
    )

    assert told.annotations == ((REVISION, "7654321"),)
    assert told.build == Build(voucher=Voucher(Place.INDEX), commit="1234567")
    assert (bare.annotations, bare.build) == ((), Build())


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(line(config=None), id="no config"),
        pytest.param(line(config=[]), id="config is a list"),
        pytest.param(b'{"image":1,"config":{}}', id="image is a number"),
        pytest.param(line("no image!"), id="no image name"),
        pytest.param(line(platform="x"), id="a field nobody knows"),
        pytest.param(line(config={"config": {"Entrypoint": "/app"}}), id="entrypoint is a string"),
        pytest.param(line(config={"config": {}, "Config": {}}), id="config and Config"),
        pytest.param(b'{"image":"a","image":"b","config":{}}', id="image twice"),
        pytest.param(line(config=CONFIG | {"created": "x"}), id="another config, same platform"),
        pytest.param(line(annotations={REVISION: "1"}), id="other annotations, same platform"),
        pytest.param(line(build={}), id="another build, same platform"),
        pytest.param(line(annotations={REVISION: 1}), id="an annotation is a number"),
        pytest.param(line(annotations=[REVISION]), id="annotations are a list"),
        pytest.param(line(build="1234567"), id="build is a text"),
        pytest.param(line(build={"commit": "main"}), id="commit is no commit"),
    ],
)
def test_a_bad_line_is_named(bad: bytes) -> None:
    with pytest.raises(InvalidFactsError, match=r"^facts\.jsonl:2: "):
        facts_of([line(), bad], "facts.jsonl")


def test_files_are_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "facts.jsonl"
    path.write_bytes(line())
    other = tmp_path / "more.jsonl"
    other.write_bytes(line("nginx:1"))

    assert len(read_facts([path, other])) == 2
    assert len(read_facts([])) == 0
    with pytest.raises(InvalidFactsError, match=r"none\.jsonl: cannot be read"):
        read_facts([tmp_path / "none.jsonl"])
    other.write_bytes(b"x" * (8 * 2**20 + 2))
    with pytest.raises(InvalidFactsError, match=r"more\.jsonl:1: the line is longer"):
        read_facts([other])


def test_equal_parts_of_many_images_are_kept_once() -> None:
    given = facts_of(
        [
            line(f"r.example/a@sha256:{number:064x}", CONFIG | {"created": str(number % 2)})
            for number in range(100)
        ],
        "f",
    )
    found = [given.of(ImageRef.parse(f"r.example/a@sha256:{n:064x}")) for n in range(100)]
    configs = {id(one.platforms[0].config) for one in found if one}
    words = {id(one.platforms[0].config.entrypoint) for one in found if one}

    assert (len(configs), len(words)) == (2, 1)


def test_ten_thousand_lines_are_lean() -> None:
    labels = {
        "org.opencontainers.image.revision": "",
        "org.opencontainers.image.source": "https://x",
    }
    lines = (
        line(
            f"r.example/team{number % 50}/a@sha256:{number:064x}",
            CONFIG
            | {"config": {"Labels": labels | {"org.opencontainers.image.revision": str(number)}}},
        )
        for number in range(10_000)
    )
    given = facts_of(lines, "f")

    assert len(given) == 10_000
    assert sys.getsizeof(given._facts) < 2**20  # noqa: SLF001 - the table itself stays small
