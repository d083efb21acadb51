"""What labels and the builder say of one image."""

from __future__ import annotations

import pytest

from tests.builders import LABELS, REVISION, config
from webhook.core.agreement import Agreement, agreement, disagreements
from webhook.core.build import Build, Place, Voucher
from webhook.core.claims import Claims, claims

OCI = "org.opencontainers.image"
INDEX = Voucher(Place.INDEX)
OTHER = "c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2"


def labelled(**change: str) -> Claims:
    return claims(config(labels=LABELS | {f"{OCI}.{key}": value for key, value in change.items()}))


def built(commit: str = REVISION, source: str = "", *, dirty: bool = False) -> Build:
    return Build(voucher=INDEX, commit=commit, source=source, dirty=dirty)


@pytest.mark.parametrize(
    ("said", "build", "clauses"),
    [
        (labelled(), built(), ()),
        (labelled(revision=REVISION[:7]), built(), ()),
        (labelled(), built(REVISION[:7]), ()),
        (labelled(revision=REVISION.upper()), built(), ()),
        (
            labelled(),
            built(OTHER),
            ("the label says commit 4f9d6c1e2b3a…, the build says c3d4e5f6a7b8…",),
        ),
        (
            labelled(revision="4f9d6c1"),
            built(OTHER),
            ("the label says commit 4f9d6c1, the build says c3d4e5f6a7b8…",),
        ),
        (
            labelled(),
            built(REVISION[:-1] + "0"),
            (f"the label says commit {REVISION}, the build says {REVISION[:-1]}0",),
        ),
        (
            labelled(),
            built(dirty=True),
            (
                (
                    "the label says commit 4f9d6c1e2b3a…, the build says that it had changes which "
                    "are in no commit"
                ),
            ),
        ),
        (labelled(), built(source="https://github.com/acme/web"), ()),
        (
            labelled(source="git@github.com:acme/web.git"),
            built(source="git://github.com/acme/web"),
            (),
        ),
        (
            labelled(),
            built(source="https://github.com/evil/web"),
            (
                (
                    "the label says source https://github.com/acme/web, the build says "
                    "https://github.com/evil/web"
                ),
            ),
        ),
        (
            labelled(),
            built(source="nonsense"),
            ("the label says source https://github.com/acme/web, the build says nonsense",),
        ),
        (labelled(revision=""), built(OTHER), ()),
        (labelled(source=""), built(source="https://github.com/evil/web"), ()),
        (labelled(), Build(), ()),
    ],
)
def test_what_they_say_differently(said: Claims, build: Build, clauses: tuple[str, ...]) -> None:
    assert disagreements(said, build) == clauses


@pytest.mark.parametrize(
    ("said", "build", "found"),
    [
        (labelled(), built(), Agreement.AGREES),
        (labelled(), built(OTHER), Agreement.DISAGREES),
        (labelled(), built(""), Agreement.UNTOLD),
        (labelled(revision=""), built(), Agreement.UNTOLD),
        (labelled(), Build(), Agreement.UNTOLD),
    ],
)
def test_how_they_stand_to_each_other(said: Claims, build: Build, found: Agreement) -> None:
    assert agreement(said, build) is found
