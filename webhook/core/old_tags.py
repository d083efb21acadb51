"""Images that are judged by what their tag pointed to a while ago: said once, beside the verdict.

The judgement itself is the one of that digest; how old it is changes from second to second, and
would make of each review a new question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.facts import ImageFacts
from webhook.core.printable import printable
from webhook.core.rules.protocol import Image

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from webhook.core.facts import OldTag
    from webhook.core.judge import InvalidImage

    Images: TypeAlias = Mapping[str, Image | InvalidImage]

_MAX_NAME = 100
_DIGITS = 19
"""Characters of a digest that people see: `sha256:` and twelve digits."""


def set_aside(images: Images) -> tuple[Images, tuple[str, ...]]:
    """The images without their age, and a sentence about each that has one."""
    said: dict[str, str] = {}
    young: dict[str, Image | InvalidImage] = {}
    for text, image in images.items():
        facts = image.facts if isinstance(image, Image) else None
        if not isinstance(image, Image) or not isinstance(facts, ImageFacts):
            continue
        if facts.old_tag is not None:
            said[text] = _sentence(text, facts.digest, facts.old_tag)
            young[text] = replace(image, facts=replace(facts, old_tag=None))
    return ({**images, **young} if young else images), tuple(said.values())


def _sentence(text: str, digest: str, old: OldTag) -> str:
    """The age comes first: a warning has room for little."""
    return (
        f"tag of {old.seconds} s ago: {printable(text, _MAX_NAME)} is judged as "
        f"{digest[:_DIGITS]}…, because its registry is silent: {old.why.detail}"
    )
