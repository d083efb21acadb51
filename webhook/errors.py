"""Every error that Cocket raises: what came is bad, and we could not get it.

    CocketError
    ├── InputError                  somebody wrote something wrong; the message is for them
    │   ├── InvalidImageError         an image reference outside the grammar
    │   ├── InvalidObjectError        a Kubernetes object that cannot be read
    │   ├── InvalidPolicyError        a policy or registry document that cannot be used
    │   ├── InvalidReviewError        no AdmissionReview at all
    │   └── InvalidFactsError         a facts line that cannot be read
    ├── RegistryError               a registry did not give us what we asked for; `.reason` says why
    │   ├── BadContentError           it answered, and what it served is bad
    │   └── UnavailableError          we could not get it
    │       ├── RefusedError            it refuses who we are; `.who` and `.status`
    │       └── BlockedError            we do not dial where its name leads
    └── ClusterError                the API server did not do what we asked; `.status` and `.reason`

There is no «verification failed»: a failed check is a `Finding`, and a check that could not be made
is an `Unknown`. `engine.py` turns a RegistryError into `Unknown`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webhook.core.facts import Reason


class CocketError(Exception):
    """Whatever Cocket raises on purpose."""


class InputError(CocketError):
    """Somebody wrote something wrong; `str()` is written for them."""


class InvalidImageError(InputError):
    """An image reference outside the grammar of distribution/reference."""


class InvalidObjectError(InputError):
    """A Kubernetes object whose images cannot be read."""


class InvalidPolicyError(InputError):
    """A Registry or policy document that cannot be used; names the document and the field."""


class InvalidReviewError(InputError):
    """Bytes that are no AdmissionReview, so that there is no `uid` to answer to."""


class InvalidFactsError(InputError):
    """A line of a facts file that cannot be read."""


class RegistryError(CocketError):
    """A registry did not give us what we asked for.

    `reason` is one of the closed list of unknown reasons; `str()` never holds a secret, a query
    string or a response body.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep the `reason` beside the `detail`, a clause for people."""
        super().__init__(detail)
        self.reason = reason


class BadContentError(RegistryError):
    """The registry answered, and what it served is bad."""


class UnavailableError(RegistryError):
    """We could not get it: refused, missing, unreachable, too slow."""


class BlockedError(UnavailableError):
    """Our own guard forbids to dial where the name of a registry leads."""


class RefusedError(UnavailableError):
    """A registry or its token service refuses who we are."""

    def __init__(self, reason: Reason, detail: str, *, who: str, status: int) -> None:
        """Keep who refused, `host[:port]`, and with which HTTP status."""
        super().__init__(reason, detail)
        self.who = who
        self.status = status


class ClusterError(CocketError):
    """The API server of a cluster was not reached, or did not do what we asked."""

    def __init__(self, detail: str, *, status: int = 0, reason: str = "") -> None:
        """Keep what the API server said besides the `detail`, a sentence for people.

        Args:
            detail: holds no credential.
            status: HTTP status; 0 where it was not reached.
            reason: the API's own token: NotFound, Conflict, Forbidden, Expired …
        """
        super().__init__(detail)
        self.status = status
        self.reason = reason
