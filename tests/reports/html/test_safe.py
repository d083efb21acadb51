"""Text stays text."""

from __future__ import annotations

import base64
import hashlib
import json

from hypothesis import given

from tests.reports.findings import HOSTILE
from webhook.reports.html.safe import data_block, policy_of

SURROGATES = dict.fromkeys(range(55296, 57344), "�")


@given(HOSTILE)
def test_no_character_of_a_data_block_is_markup(text: str) -> None:
    block = str(data_block({"text": text}))

    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block)["text"] == text.translate(SURROGATES)


def test_a_data_block_is_the_same_data() -> None:
    data = {"text": "</script><!-- <script> & \u2028 \x9b", "list": [1, {"a": None}]}

    assert json.loads(data_block(data)) == data


def test_the_policy_names_one_script_and_one_style_and_nothing_else() -> None:
    hashed = base64.b64encode(hashlib.sha256(b"run()").digest()).decode()

    policy = policy_of("run()", "a{}")

    directives = dict(one.split(" ", 1) for one in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == f"'sha256-{hashed}'"
    assert directives["style-src"].startswith("'sha256-")
    assert not [word for word in ("unsafe", "http", "*", ";;") if word in policy]
