"""The certificates: do API servers trust what replicas show, and until when."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509

from webhook.doctor.picture import Picture, Unseen
from webhook.operator.stored import read_bundle, read_stored
from webhook.reports.diagnoses import Diagnosis, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from webhook.operator.configuration import Live
    from webhook.operator.stored import Leaf

_CHECK = "certificate"
_SOON = timedelta(days=3)


def certificates(picture: Picture) -> Iterator[Diagnosis]:
    """Whether API servers can trust what replicas show."""
    yield from _bundle(picture)
    yield from _serving(picture)


def _bundle(picture: Picture) -> Iterator[Diagnosis]:
    """What API servers trust."""
    live = picture.configuration
    if isinstance(live, Unseen):
        yield Diagnosis(_CHECK, State.UNKNOWN, f"what API servers trust: {live.why}")
        return
    if live is None or live.ours is None:
        return  # said elsewhere
    found = read_bundle(live.bundle)
    ends = [x509.load_pem_x509_certificate(one).not_valid_after_utc for one in found]
    valid = [end for end in ends if end > picture.time]
    mend = f"kubectl -n {picture.namespace} logs deployment/cocket-operator --tail=50"
    if not valid:
        message = "caBundle holds no certificate that is valid: API servers trust no replica"
        yield Diagnosis(_CHECK, State.WRONG, message, mend)
    else:
        yield Diagnosis(_CHECK, State.OK, f"API servers trust a CA until {_day(max(valid))}")


def _serving(picture: Picture) -> Iterator[Diagnosis]:
    """What replicas show."""
    place = f"Secret {picture.namespace}/{picture.secret_name}"
    renew = f"kubectl -n {picture.namespace} delete secret {picture.secret_name}"
    secret = picture.secret
    if isinstance(secret, Unseen):
        yield Diagnosis(_CHECK, State.UNKNOWN, f"{place}: {secret.why}")
        return
    if secret is None:
        message = f"{place} does not exist: replicas have no certificate"
        fix = f"kubectl -n {picture.namespace} logs deployment/cocket-operator --tail=50"
        yield Diagnosis(_CHECK, State.WRONG, message, fix)
        return
    leaf = read_stored(_decoded(secret.data or {})).serving
    if leaf is None:
        message = f"{place} holds no certificate that fits its key and its CA"
        yield Diagnosis(_CHECK, State.WRONG, message, renew)
        return
    problem = _problem(leaf, picture.time)
    if problem:
        yield Diagnosis(_CHECK, State.WRONG, f"{place}: {problem}", renew)
    else:
        yield Diagnosis(_CHECK, State.OK, f"{place} is valid until {_day(leaf.ends)}")
    live = picture.configuration
    if not isinstance(live, Unseen) and live is not None and live.ours is not None:
        yield from _fits(leaf, live, picture, place)


def _fits(leaf: Leaf, live: Live, picture: Picture, place: str) -> Iterator[Diagnosis]:
    mend = f"kubectl -n {picture.namespace} rollout restart deployment/cocket-operator"
    if leaf.ca not in read_bundle(live.bundle):
        message = f"{place} is signed by a CA that is not in caBundle: API servers trust no replica"
        yield Diagnosis(_CHECK, State.WRONG, message, mend)
    service = ((live.ours or {}).get("clientConfig") or {}).get("service") or {}
    name = f"{service.get('name')}.{service.get('namespace')}.svc"
    if service and name not in leaf.names:
        message = f"{place} is not for {name}, the name that API servers ask for"
        yield Diagnosis(_CHECK, State.WRONG, message, mend)


def _problem(leaf: Leaf, now: datetime) -> str:
    if leaf.ends <= now:
        return f"the certificate has expired on {_day(leaf.ends)}"
    if leaf.begins > now:
        return f"the certificate is not valid before {_day(leaf.begins)}"
    if leaf.ends - now < _SOON:
        return f"the certificate expires on {_day(leaf.ends)}, and nobody has renewed it"
    return ""


def _decoded(data: dict[str, str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, text in data.items():
        try:
            found[name] = base64.b64decode(text)
        except binascii.Error:
            continue
    return found


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
