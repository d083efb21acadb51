"""The labels of every namespace."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from webhook.cluster.kinds import NAMESPACES
from webhook.cluster.metadata import Labelled
from webhook.cluster.mirror import HasMetadata, Mirror
from webhook.core.policy import NAMESPACE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.cluster.api import Api


class Namespace(HasMetadata):
    """A namespace, as far as policies look at it."""

    metadata: Labelled

    def labels(self) -> Mapping[str, str]:
        """Its labels, and the one with its name: API servers before 1.21 do not set that.

        Namespaces are labelled alike, so each text is held once.
        """
        given = self.metadata.labels or {}
        own = {intern(key): intern(value) for key, value in given.items()}
        own[NAMESPACE_NAME] = self.metadata.name
        return own


def namespace_labels(api: Api) -> Mirror[Mapping[str, str]]:
    """The labels of all namespaces, by name."""
    return Mirror(api, NAMESPACES, Namespace, Namespace.labels)
