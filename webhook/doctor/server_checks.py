"""The API server: is it new enough, does it know our kinds, do its clock and ours agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.doctor.picture import Picture, Unseen
from webhook.reports.diagnoses import Diagnosis, State

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (1, 20)
"""Of the chart, `kubeVersion`."""
_MOST_SECONDS = 30.0
_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_INSTALL = "helm upgrade cocket charts/cocket -n {} --reuse-values --set crds.install=true"


def server_version(picture: Picture) -> Iterator[Diagnosis]:
    """Whether the API server is one that we work with."""
    server = picture.server
    if isinstance(server, Unseen):
        yield Diagnosis("server", State.UNKNOWN, f"the API server's version: {server.why}")
        return
    name = printable(server.git_version, 60)
    major, minor = _NUMBER.match(server.major), _NUMBER.match(server.minor)
    if major is None or minor is None:
        message = f"the API server calls itself {name!r}, which is no version"
        yield Diagnosis("server", State.UNKNOWN, message)
    elif (int(major[0]), int(minor[0])) < OLDEST:
        message = f"Kubernetes {name} is older than {OLDEST[0]}.{OLDEST[1]}"
        yield Diagnosis("server", State.WRONG, message, "Upgrade the cluster.")
    else:
        yield Diagnosis("server", State.OK, f"Kubernetes {name}")


def clock(picture: Picture) -> Iterator[Diagnosis]:
    """Whether this machine's clock agrees with the API server's."""
    there = picture.server_time
    if isinstance(there, Unseen):
        yield Diagnosis("clock", State.UNKNOWN, f"the API server's time: {there.why}")
        return
    ahead = (picture.now - there).total_seconds()
    if abs(ahead) <= _MOST_SECONDS:
        yield Diagnosis("clock", State.OK, f"within {_MOST_SECONDS:g} s of the API server's")
        return
    word = "ahead of" if ahead > 0 else "behind"
    yield Diagnosis(
        "clock",
        State.RISK,
        f"this machine's clock is {abs(ahead):.0f} s {word} the API server's; which of both is "
        "wrong, a third must say",
        "timedatectl set-ntp true",
    )


def definitions(picture: Picture) -> Iterator[Diagnosis]:
    """Whether the cluster serves our kinds."""
    mend = _INSTALL.format(picture.namespace)
    for name, found in picture.definitions.items():
        if isinstance(found, Unseen):
            yield Diagnosis("definitions", State.UNKNOWN, f"{name}: {found.why}")
        elif found is None:
            yield Diagnosis("definitions", State.WRONG, f"{name} is not installed", mend)
        elif not found.holds("Established"):
            why = found.condition("NamesAccepted")
            message = f"{name} is not served" + (f": {printable(why.message, 300)}" if why else "")
            yield Diagnosis(
                "definitions",
                State.WRONG,
                message,
                f"kubectl describe customresourcedefinition {name}",
            )
        else:
            yield Diagnosis("definitions", State.OK, f"{name} is served")
