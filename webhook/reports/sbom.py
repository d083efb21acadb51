"""An image's packages as a software bill of materials: SPDX 2.3 and CycloneDX 1.5, both as JSON."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from webhook.reports.purl import purl_of
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.contents import Package
    from webhook.layers.answers import Looked


def spdx(name: str, digest: str, looked: Looked, now: datetime) -> str:
    """An SPDX document (spdx.github.io/spdx-spec/v2.3) that describes one platform of an image.

    Args:
        name: of the image, as it was asked for.
        digest: of the platform's manifest.
        looked: what lies inside.
        now: when it was read.
    """
    image = {
        "SPDXID": "SPDXRef-Image",
        "name": name,
        "versionInfo": digest,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "CONTAINER",
    }
    system = looked.inside.system
    packages: list[object] = [image]
    relations: list[object] = [_relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image")]
    if system.name:
        # How BuildKit's scanner and others name the system.
        packages.append(
            {
                "SPDXID": "SPDXRef-OperatingSystem",
                "name": system.id or system.name,
                "versionInfo": system.version or "unknown",
                "downloadLocation": "NOASSERTION",
                "filesAnalyzed": False,
                "primaryPackagePurpose": "OPERATING-SYSTEM",
            }
        )
        relations.append(_relation("SPDXRef-Image", "CONTAINS", "SPDXRef-OperatingSystem"))
    for package in looked.packages:
        purl = purl_of(package, looked.kind, system)
        packages.append(
            {
                "SPDXID": _id(purl),
                "name": package.name,
                "versionInfo": package.version,
                "downloadLocation": "NOASSERTION",
                "filesAnalyzed": False,
                "externalRefs": [
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": purl,
                    }
                ],
            }
        )
        relations.append(_relation("SPDXRef-Image", "CONTAINS", _id(purl)))
    return to_json(
        {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": name,
            "documentNamespace": f"https://cocket.dev/spdx/{digest.replace(':', '-')}",
            "creationInfo": {"created": _time(now), "creators": ["Tool: cocket"]},
            "comment": looked.problem,
            "packages": packages,
            "relationships": relations,
        }
    )


def cyclonedx(name: str, digest: str, looked: Looked, now: datetime) -> str:
    """A CycloneDX document (cyclonedx.org/docs/1.5/json) of one platform; arguments as `spdx`."""
    system = looked.inside.system
    components: list[object] = [
        {
            "type": "operating-system",
            "bom-ref": "operating-system",
            "name": system.id or system.name or "unknown",
            "version": system.version,
        }
    ]
    components += [_component(package, looked) for package in looked.packages]
    properties = [{"name": "cocket:problem", "value": looked.problem}] if looked.problem else []
    return to_json(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "timestamp": _time(now),
                "tools": {"components": [{"type": "application", "name": "cocket"}]},
                "component": {"type": "container", "name": name, "version": digest},
                "properties": properties,
            },
            "components": components,
        }
    )


def _component(package: Package, looked: Looked) -> dict[str, object]:
    purl = purl_of(package, looked.kind, looked.inside.system)
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
    }


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _id(purl: str) -> str:
    """SPDX allows letters, digits, dots and dashes: a hash is short, and the same every time."""
    return f"SPDXRef-Package-{hashlib.sha256(purl.encode()).hexdigest()[:16]}"


def _time(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
