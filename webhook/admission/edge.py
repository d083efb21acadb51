"""The edge of the HTTP face: where an exception of ours ends."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from webhook.errors import InvalidReviewError

if TYPE_CHECKING:
    from types import TracebackType

_log = logging.getLogger(__name__)


class edge:  # noqa: N801 - reads as what it is: with edge():
    """What is raised inside ends here, and what follows answers for it.

    A bug of ours must not become a 500: the API server would ask its failurePolicy, and under
    Ignore the object would be in. InvalidReviewError goes on: what came is no AdmissionReview,
    which is no bug. A class, as a generator takes a microsecond more of every review.
    """

    __slots__ = ("_quiet",)

    def __init__(self, *, quiet: bool = False) -> None:
        """Begin; `quiet` where it is met again, and said then."""
        self._quiet = quiet

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Swallow what is a bug; a task that is cancelled is none."""
        if not isinstance(error, Exception) or isinstance(error, InvalidReviewError):
            return False
        if not self._quiet:
            _log.error("a review could not be judged", exc_info=error)
        return True
