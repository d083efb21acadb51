import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.facts import ImageConfig
from webhook.errors import BadContentError
from webhook.registry.documents import read_config

WORD = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def doc(**fields: Any) -> bytes:
    return json.dumps({"os": "linux", "architecture": "amd64"} | fields).encode()


def test_a_config_is_read_with_its_labels_in_order() -> None:
    body = doc(
        variant="v8",
        created="2026-11-20T08:00:00Z",
        config={
            "Entrypoint": ["/sbin/tini", "--"],
            "Cmd": ["/app"],
            "StopSignal": "SIGQUIT",
            "User": "1000",
            "Labels": {"b": "2", "a": "1"},
            "Env": ["A=b"],
        },
        rootfs={"type": "layers", "diff_ids": []},
        history=[{"created_by": "x"}],
    )

    assert read_config(body) == ImageConfig(
        os="linux",
        architecture="amd64",
        variant="v8",
        entrypoint=("/sbin/tini", "--"),
        cmd=("/app",),
        stop_signal="SIGQUIT",
        user="1000",
        created="2026-11-20T08:00:00Z",
        labels=(("a", "1"), ("b", "2")),
    )


@pytest.mark.parametrize(
    "config", [None, {}, {"Entrypoint": None, "Cmd": None, "Labels": None, "User": None}]
)
def test_null_and_absent_are_the_same(config: object) -> None:
    assert read_config(doc(config=config)) == ImageConfig(os="linux", architecture="amd64")


@given(
    st.lists(WORD, max_size=4),
    st.lists(WORD, max_size=4),
    st.dictionaries(WORD, WORD, max_size=4),
)
def test_whatever_words_stand_in_a_config_come_out_unchanged(
    entrypoint: list[str], cmd: list[str], labels: dict[str, str]
) -> None:
    found = read_config(doc(config={"Entrypoint": entrypoint, "Cmd": cmd, "Labels": labels}))

    assert (list(found.entrypoint), list(found.cmd)) == (entrypoint, cmd)
    assert dict(found.labels) == labels


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="no object"),
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b'{"config":{},"Config":{"User":"0"}}', id="config and Config"),
        pytest.param(b'{"config":{"User":"1000","user":"0"}}', id="User and user"),
        pytest.param(b'{"config":{"Entrypoint":["a"],"ENTRYPOINT":["b"]}}', id="ENTRYPOINT"),
        pytest.param(b'{"OS":"windows"}', id="OS"),
        pytest.param(b'{"o\xc5\xbf":"windows"}', id="os with a long s"),
        pytest.param(b'{"config":{},"config":{}}', id="config twice"),
        pytest.param(doc(config=[]), id="config is a list"),
        pytest.param(doc(os=1), id="os is a number"),
        pytest.param(doc(created=0), id="created is a number"),
        pytest.param(doc(config={"Entrypoint": "/app"}), id="entrypoint is a string"),
        pytest.param(doc(config={"Cmd": {"0": "a"}}), id="cmd is an object"),
        pytest.param(doc(config={"Cmd": ["a", None]}), id="a word is null"),
        pytest.param(doc(config={"Cmd": ["a", 1]}), id="a word is a number"),
        pytest.param(doc(config={"Labels": ["a"]}), id="labels are a list"),
        pytest.param(doc(config={"Labels": {"a": 1}}), id="a label is a number"),
        pytest.param(doc(config={"Labels": {"a": None}}), id="a label is null"),
        pytest.param(doc(config={"User": 0}), id="user is a number"),
        pytest.param(doc(config={"Labels": {"a": "\ud800"}}), id="half a surrogate in a label"),
        pytest.param(doc(config={"Labels": {"\ud800": "a"}}), id="half a surrogate in a key"),
        pytest.param(doc(config={"Cmd": ["\udfff"]}), id="half a surrogate in a word"),
        pytest.param(doc(os="\ud800"), id="half a surrogate in os"),
        pytest.param(doc(config={"Labels": dict.fromkeys(map(str, range(10_001)), "")}), id="10^4"),
        pytest.param(doc(config={"Labels": {"a": "x" * 2**20}}), id="a megabyte of label"),
        pytest.param(doc(config={"Cmd": ["x" * 2**20, "y"]}), id="a megabyte of command"),
    ],
)
def test_a_config_that_others_may_read_differently_is_bad_content(body: bytes) -> None:
    with pytest.raises(BadContentError):
        read_config(body)


def test_ten_thousand_labels_are_read() -> None:
    labels = dict.fromkeys(map(str, range(10_000)), "x")

    assert len(read_config(doc(config={"Labels": labels})).labels) == 10_000


def test_labels_that_differ_in_case_are_two_labels() -> None:
    assert len(read_config(doc(config={"Labels": {"Version": "1", "version": "2"}})).labels) == 2


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        read_config(body)
    except BadContentError:
        return
    assert body.lstrip().startswith(b"{")
