"""Which files are Dockerfiles, by their names."""

from __future__ import annotations

import re

_NAME = re.compile(r"(?:.+[._-])?(?:dockerfile|containerfile)(?:[._-].+)?", re.IGNORECASE)
# `Dockerfile.dockerignore` says what is left out of the context of one; the others are about one.
_OTHERS = (".dockerignore", ".md", ".txt", ".yaml", ".yml", ".json", ".py", ".sh", ".orig", ".bak")


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name, without its folder, is taken for a Dockerfile.

    >>> [one for one in ("Dockerfile", "web.Dockerfile", "Dockerfile.md") if is_dockerfile(one)]
    ['Dockerfile', 'web.Dockerfile']
    """
    return _NAME.fullmatch(name) is not None and not name.lower().endswith(_OTHERS)
