"""SLSA provenance as builders write it, v0.2 and v1: which commit was built, from where, by whom.

slsa.dev/spec/v0.2/provenance and slsa.dev/spec/v1.1/provenance; what BuildKit adds is in its
docs/attestations/slsa-definitions.md. What a builder fetched itself comes before what it was told:
BuildKit does not verify `vcs`, which the client sends along with a local folder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.core.build import Build
from webhook.core.printable import printable
from webhook.core.source_url import SourceUrl, parse_source
from webhook.registry.statements import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webhook.core.build import Voucher
    from webhook.registry.statements import Statement

_MAX_MATERIALS = 2000
_MAX_TEXT = 512
_COMMIT = re.compile(r"([0-9a-f]{7,64})(-dirty)?", re.ASCII)
_BUILDKIT_METADATA = "https://mobyproject.org/buildkit@v1#metadata"


def read_build(statement: Statement, voucher: Voucher) -> Build:
    """What a provenance statement says; what it does not say is empty, and nothing is guessed."""
    predicate = statement.predicate
    if statement.form is Format.SLSA_02:
        invocation = _object(predicate, "invocation")
        configs = [_object(invocation, "configSource")]
        materials = predicate.get("materials")
        metadata = _object(_object(predicate, "metadata"), _BUILDKIT_METADATA)
        builder = _object(predicate, "builder")
        named = None
    else:
        definition = _object(predicate, "buildDefinition")
        external = _object(definition, "externalParameters")
        configs = [_object(external, "configSource"), _object(external, "source")]
        materials = definition.get("resolvedDependencies")
        details = _object(predicate, "runDetails")
        metadata = _object(_object(details, "metadata"), "buildkit_metadata")
        builder = _object(details, "builder")
        # GitHub's own buildType, «workflow/v1», names the repository here.
        named = _place(_text(_object(external, "workflow"), "repository"))
    commit, source = _fetched(configs, materials, named)
    vcs = _object(metadata, "vcs")
    dirty = False
    if not commit:
        told = _COMMIT.fullmatch(_text(vcs, "revision").lower())
        commit, dirty = (told[1], told[2] is not None) if told else ("", False)
        source = source or _place(_text(vcs, "source"))
    return Build(
        voucher=voucher,
        commit=commit,
        dirty=dirty,
        source=_shown(source),
        builder=printable(_text(builder, "id"), _MAX_TEXT),
    )


def _fetched(
    configs: list[Mapping[str, object]], materials: object, named: SourceUrl | None
) -> tuple[str, SourceUrl | None]:
    """What the builder fetched with git: where it began, else the one repository it names."""
    for config in configs:
        commit, place = _git(config)
        if commit:
            return commit, place
    gits = [found for found in map(_git, _dependencies(materials)) if found[0]]
    begun = named or next((place for config in configs if (place := _git(config)[1])), None)
    if begun is not None:
        gits = [one for one in gits if one[1] is not None and one[1].same_place(begun)]
    different = dict.fromkeys((commit, str(place)) for commit, place in gits)
    # Several repositories, and nothing says which of them is the source.
    return gits[0] if len(different) == 1 else ("", begun)


def _dependencies(materials: object) -> Iterator[Mapping[str, object]]:
    for one in materials[:_MAX_MATERIALS] if isinstance(materials, list) else ():
        if isinstance(one, dict):
            yield one


def _git(resource: Mapping[str, object]) -> tuple[str, SourceUrl | None]:
    """The commit of something fetched, and from where; an archive's digest is no commit."""
    digest = _object(resource, "digest")
    commit = _COMMIT.fullmatch((_text(digest, "gitCommit") or _text(digest, "sha1")).lower())
    return (commit[1] if commit else ""), _place(_text(resource, "uri"))


def _place(uri: str) -> SourceUrl | None:
    """The repository of a URI: `git+https://HOST/PATH@REF` (SPDX), or BuildKit's `PATH#REF`."""
    scheme, separator, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    if not separator:
        return parse_source(uri) if uri.startswith("git@") else None
    return parse_source(f"{scheme}://{host}{slash}{path.partition('@')[0]}")


def _shown(source: SourceUrl | None) -> str:
    text = "" if source is None else str(source)
    return text if len(text) <= _MAX_TEXT else ""


def _object(found: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, object], key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""
