"""What annotations of manifests and indexes say of an image's origin, beside its labels.

Labels are part of the config, which runtimes read and `docker inspect` shows. Annotations lie
around it: those of a manifest are covered by its digest, those of an index and of an entry in it
by the digest of the index. Whoever names a digest names them with it: they are worth as much as
labels, a claim of whoever built the image. The keys are the same (image-spec annotations.md,
«Pre-Defined Annotation Keys» and «Back-compatibility with Label Schema»). Rules judge by labels
alone.

>>> nearest({"org.opencontainers.image.version": " "}, {"org.opencontainers.image.version": "1"})
(('org.opencontainers.image.version', '1'),)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.claims import READ_LABELS, Claims, base_of, claims
from webhook.core.facts import ImageConfig
from webhook.core.labels import LABEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webhook.core.facts import PlatformImage

MAX_VALUE = 1024
"""Characters of an annotation's value that is read; no answer is longer, a stranger's may be."""
_NONE = claims(ImageConfig())


def nearest(*places: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The annotations that count here, sorted; of several of one name that of the nearest place.

    Args:
        places: of the manifest, of the index's entry for it, of the index; empty values, and those
            too long to be an answer, say nothing, so that the next place is heard.
    """
    found: dict[str, str] = {}
    for place in reversed(places):
        for name in READ_LABELS.intersection(place):
            value = place[name]
            if value.strip() and len(value) <= MAX_VALUE:
                found[name] = value
    return tuple(sorted(found.items()))


def annotated(one: PlatformImage) -> Claims:
    """The answers of one platform's annotations, read as labels are; without those of its base."""
    if not one.annotations:
        return _NONE
    left_out = set(_inherited(one))
    own = tuple([pair for pair in one.annotations if pair[0] not in left_out])
    return claims(ImageConfig(labels=own))


def _inherited(one: PlatformImage) -> Iterator[str]:
    """Annotations that the base has, too, and copies of labels that come from the base."""
    labels, said = dict(one.config.labels), dict(one.annotations)
    for schema, names in LABEL_NAMES.items():
        for question, name in names.items():
            if name not in said:
                continue
            copied = name in labels and labels[name] == said[name]
            if (one.base is not None and name in one.base.annotations) or (
                copied and base_of(question, schema, labels, one.base) is not None
            ):
                yield name
