"""Who stands behind an attestation."""

from __future__ import annotations

import pytest

from webhook.core.build import Place, Voucher

KEY = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("voucher", "credible", "words"),
    [
        (Voucher(Place.INDEX), True, "in its index, not signed"),
        (Voucher(Place.REFERRER), False, "attached to it, not signed"),
        (Voucher(Place.REFERRER, signed=True), False, "attached to it, signed, not verified"),
        (
            Voucher(Place.TAG, signed=True, signers=(KEY,)),
            True,
            "under a tag of its digest, signed by sha256:abababababab…",
        ),
    ],
)
def test_only_what_nobody_can_attach_is_credible(
    voucher: Voucher, words: str, *, credible: bool
) -> None:
    assert voucher.credible is credible
    assert str(voucher) == words
