"""Deleting by digest."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from tests.registry.scripted import HOME, in_turn, response
from webhook.core.facts import Reason
from webhook.errors import RegistryError
from webhook.registry.access import Access
from webhook.registry.deletion import delete_manifest


@pytest.mark.parametrize(
    ("status", "deleted"), [(202, True), (200, True), (204, True), (404, False)]
)
async def test_a_manifest_is_deleted_or_was_gone(status: int, *, deleted: bool) -> None:
    transport = in_turn(response(status))

    assert await delete_manifest(Access(transport, HOME, "a/b"), DIGEST) is deleted
    (asked,) = transport.sent
    assert (asked.method, asked.url.path) == ("DELETE", f"/v2/a/b/manifests/{DIGEST}")


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        (405, Reason.UNAUTHORIZED, "deletes nothing (405)"),
        (400, Reason.UNAUTHORIZED, "retention rules of its own"),
        (403, Reason.UNAUTHORIZED, "the deletion of a/b@sha256:"),
        (500, Reason.UNREACHABLE, "in trouble"),
        (301, Reason.BAD_CONTENT, "the deletion of"),
    ],
)
async def test_a_refusal_is_an_error_that_says_what_to_do(
    status: int, reason: Reason, said: str
) -> None:
    with pytest.raises(RegistryError) as caught:
        await delete_manifest(Access(in_turn(response(status)), HOME, "a/b"), DIGEST)

    assert caught.value.reason is reason
    assert said in str(caught.value)
