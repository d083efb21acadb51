"""The edge of the HTTP face: where an exception of ours ends."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from webhook.errors import InvalidReviewError

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)


@contextmanager
def edge(*, quiet: bool = False) -> Iterator[None]:
    """What is raised inside ends here, and what follows answers for it.

    A bug of ours must not become a 500: the API server would ask its failurePolicy, and under
    Ignore the object would be in.

    Raises:
        InvalidReviewError: what came is no AdmissionReview, which is no bug.
    """
    try:
        yield
    except InvalidReviewError:
        raise
    except Exception:  # noqa: BLE001 - the only one
        if not quiet:
            _log.exception("a review could not be judged")
