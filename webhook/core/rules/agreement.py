"""What rule `provenance` says where labels are compared with what the builder says."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from webhook.core.agreement import disagreements
from webhook.core.build import Build, Place
from webhook.core.facts import Reason, Unknown
from webhook.core.printable import printable
from webhook.core.rules.unlearned import unlearned
from webhook.core.verdict import Answer, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.core.claims import Claims
    from webhook.core.facts import PlatformImage
    from webhook.core.keys import PublicKey

MAX_KEYS = 16
_MAX_SHOWN = 300
_NOT_ASKED = Unknown(Reason.OFFLINE, "nobody looked for its provenance attestation")
_NOBODY = "so nobody can tell whether its labels are true"
_FIX = (
    "Build it with: docker buildx build --provenance=true --push …, from a clean checkout, with "
    "--label org.opencontainers.image.revision=$(git rev-parse HEAD)"
)


class Asked(StrEnum):
    """What is asked of a provenance attestation; the words of `provenance.agreement`."""

    OFF = "off"
    """Nothing: nobody looks for one."""
    IF_ATTESTED = "ifAttested"
    """Where there is one, it says what the labels say."""
    REQUIRE = "require"
    """There is one that counts, and it says what the labels say."""


def agreed(
    platforms: Iterable[PlatformImage],
    said: Sequence[Claims],
    asked: Asked,
    keys: Sequence[PublicKey],
) -> Answer | None:
    """What is wrong, of all platforms that can run: fail before unknown; None where nothing is.

    Args:
        platforms: of the image.
        said: what their labels say, in the same order.
        asked: not `OFF`.
        keys: of the policy.
    """
    found = [
        (one.platform, answer)
        for one, claims in zip(platforms, said, strict=True)
        if (answer := _of(one.build, claims, asked, keys)) is not None
    ]
    if not found:
        return None
    bad = [one for one in found if isinstance(one[1], str)]
    if not bad:
        unknown = next(one for _, one in found if isinstance(one, Unknown))
        detail = f"whether its labels are true could not be checked: {unknown.detail}"
        return unlearned(Unknown(unknown.reason, detail))
    platform, why = bad[0]
    same = len(bad) == len(said) and len({one for _, one in bad}) == 1
    where = "" if same else f"on {printable(platform, 100)}, "
    return Answer(Outcome.FAIL, f"{where}{why}", _FIX)


def _of(
    build: Build | Unknown | None, said: Claims, asked: Asked, keys: Sequence[PublicKey]
) -> str | Unknown | None:
    """What is wrong with one platform as a clause, or why it is not known."""
    if not isinstance(build, Build):
        return build or _NOT_ASKED
    if build.problem and build.voucher is None:
        return f"its provenance attestation does not count: {printable(build.problem, _MAX_SHOWN)}"
    if differences := disagreements(said, build):
        return "; ".join(differences)
    if asked is Asked.IF_ATTESTED:
        return None
    if build.voucher is None:
        return f"it has no provenance attestation, {_NOBODY}"
    own = {key.fingerprint for key in keys}
    if own and not own.intersection(build.voucher.signers):
        return f"its provenance attestation is {build.voucher}: not by a key of the policy"
    if not own and build.voucher.place is not Place.INDEX:
        return (
            f"its provenance attestation is {build.voucher}: what anybody may attach does not "
            "count without keys in the policy"
        )
    return None if build.commit else f"its provenance attestation names no commit, {_NOBODY}"
