"""Attestations of an image: where they are looked for, and which of them count."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attesting import (
    COMMIT,
    CYCLONEDX,
    DSSE,
    SLSA_02,
    SLSA_1,
    SPDX,
    attach,
    attesting,
    buildkit,
    bundle,
    cyclonedx,
    envelope,
    slsa_02,
    slsa_1,
    spdx,
    statement,
)
from tests.promote.keys import signer
from tests.registry.attested import BOTH, WEB, world
from webhook.core.build import Place, Voucher
from webhook.demo.faults import Fault
from webhook.demo.images import IN_TOTO, OCI_INDEX, encode, image, index
from webhook.errors import RegistryError
from webhook.registry.attestations import MAX_OPENED, Attested
from webhook.registry.attested import MAX_ATTESTATION
from webhook.registry.statements import Format, Kind

OTHER = image(entrypoint=["/other"])
SBOM = frozenset({Kind.SBOM})
PROVENANCE = frozenset({Kind.PROVENANCE})
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def voucher(found: Attested, kind: Kind) -> Voucher:
    return found.by_kind[kind].voucher


async def test_what_buildkit_puts_into_the_index_is_found_there() -> None:
    built = buildkit(WEB, (SPDX, spdx()), (SLSA_02, slsa_02()))
    async with world() as asked:
        asked.registry.add("prod/web", built)
        found = await asked.ask(built)
        lines = asked.registry.lines()

    assert {kind: one.statement.form for kind, one in found.by_kind.items()} == {
        Kind.SBOM: Format.SPDX,
        Kind.PROVENANCE: Format.SLSA_02,
    }
    assert voucher(found, Kind.SBOM) == Voucher(Place.INDEX)
    assert found.problems == ()
    assert len(lines) == 3  # Its manifest and both statements.


async def test_only_what_is_wanted_is_read() -> None:
    built = buildkit(WEB, (SLSA_02, slsa_02()), (SPDX, spdx()))
    async with world() as asked:
        asked.registry.add("prod/web", built)
        await asked.ask(built, SBOM)

        assert len(asked.registry.lines()) == 2


@pytest.mark.parametrize("about", ["statement", "annotation"])
async def test_what_is_about_another_image_is_not_counted(about: str) -> None:
    other = OTHER.digest
    built = (
        buildkit(WEB, (SPDX, spdx()), about=other)
        if about == "statement"
        else buildkit(WEB, (SPDX, spdx()), note=other)
    )
    async with world() as asked:
        asked.registry.add("prod/web", built)
        found = await asked.ask(built)

    assert found.by_kind == {}
    said = ("the statement is about another image",) if about == "statement" else ()
    assert found.problems == said


@pytest.mark.parametrize(
    ("body", "kind", "form", "signed"),
    [
        (encode(spdx()), "application/spdx+json", Format.SPDX, False),
        (encode(cyclonedx()), "application/vnd.cyclonedx+json", Format.CYCLONEDX, False),
        (statement((CYCLONEDX, cyclonedx()), WEB.digest), IN_TOTO, Format.CYCLONEDX, False),
        (envelope((SPDX, spdx()), WEB.digest), DSSE, Format.SPDX, True),
        (bundle((SPDX, spdx()), WEB.digest), BUNDLE, Format.SPDX, True),
    ],
)
@pytest.mark.parametrize("api", [True, False])
async def test_referrers_are_opened_whatever_they_hold(
    body: bytes, kind: str, form: Format, *, signed: bool, api: bool
) -> None:
    async with world(api=api) as asked:
        digest = attach(asked.registry, "prod/web", WEB, body, kind)
        if not api:
            held = asked.registry.manifest("prod/web", digest)
            assert held is not None
            entry = {"mediaType": held.media_type, "digest": digest, "size": len(held.body)}
            listed = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
            tag = WEB.digest.replace(":", "-")
            asked.registry.put_manifest("prod/web", encode(listed), OCI_INDEX, tag=tag)
        found = await asked.ask(WEB, SBOM)
        count = len(asked.registry.lines())

    assert found.by_kind[Kind.SBOM].statement.form is form
    assert voucher(found, Kind.SBOM) == Voucher(Place.REFERRER, signed)
    assert count == (3 if api else 4)


@pytest.mark.parametrize(
    ("tag", "body", "kind", "signed"),
    [
        (".att", envelope((SPDX, spdx()), WEB.digest), DSSE, True),
        (".sbom", encode(spdx()), "text/spdx+json", False),
    ],
)
async def test_cosigns_tags_are_looked_at_last(
    tag: str, body: bytes, kind: str, *, signed: bool
) -> None:
    async with world() as asked:
        attach(asked.registry, "prod/web", WEB, body, kind, tag=tag)
        found = await asked.ask(WEB, SBOM)

    assert voucher(found, Kind.SBOM) == Voucher(Place.TAG, signed)


async def test_what_a_given_key_signed_comes_before_what_anybody_attached(tmp_path: Path) -> None:
    ours = signer(tmp_path, "ECDSA P-256")
    other = signer(tmp_path, "Ed25519")
    forged = (SLSA_1, slsa_1("f" * 40))
    async with world() as asked:
        attach(asked.registry, "prod/web", WEB, statement(forged, WEB.digest), IN_TOTO)
        attach(asked.registry, "prod/web", WEB, envelope(forged, WEB.digest, other), DSSE)
        signed = envelope((SLSA_1, slsa_1()), WEB.digest, ours)
        attach(asked.registry, "prod/web", WEB, signed, DSSE, tag=".att")
        found = await asked.ask(WEB, PROVENANCE, (ours.public,))
        first = await asked.ask(WEB, PROVENANCE)

    assert voucher(found, Kind.PROVENANCE) == Voucher(
        Place.TAG, signed=True, signers=(ours.public.fingerprint,)
    )
    assert COMMIT in str(found.by_kind[Kind.PROVENANCE].statement.predicate)
    assert voucher(first, Kind.PROVENANCE).signers == ()


async def test_an_envelope_of_another_image_is_nobodys_however_well_signed(tmp_path: Path) -> None:
    ours = signer(tmp_path, "Ed25519")
    async with world() as asked:
        body = envelope((SLSA_1, slsa_1()), OTHER.digest, ours)
        attach(asked.registry, "prod/web", WEB, body, DSSE, tag=".att")
        found = await asked.ask(WEB, BOTH, (ours.public,))

    assert found.by_kind == {}
    assert found.problems == ("the statement is about another image",)


async def test_provenance_of_the_index_counts_and_packages_of_it_do_not() -> None:
    both = index([WEB, OTHER])
    async with world() as asked:
        asked.registry.add("prod/web", both)
        said = statement((SLSA_1, slsa_1()), both.digest)
        attach(asked.registry, "prod/web", both, said, IN_TOTO)
        attach(asked.registry, "prod/web", both, encode(spdx()), "application/spdx+json")
        found = await asked.ask(both)

    assert set(found.by_kind) == {Kind.PROVENANCE}


async def test_a_referrer_of_something_else_is_not_counted() -> None:
    async with world() as asked:
        digest = attach(
            asked.registry,
            "prod/web",
            WEB,
            encode(spdx()),
            "application/spdx+json",
            of=OTHER.digest,
        )
        held = asked.registry.manifest("prod/web", digest)
        assert held is not None
        entry = {"mediaType": held.media_type, "digest": digest, "size": len(held.body)}
        listed = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
        path = f"/v2/prod/web/referrers/{WEB.digest}"
        asked.registry.fault(path, Fault(body=listed))
        found = await asked.ask(WEB)

    assert found.by_kind == {}
    assert found.problems == ("what is listed as attached to it is attached to something else",)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "cannot be trusted: it is not JSON"),
        (b"[" * 100 + b"]" * 100, "nested deeper than 64 levels"),
        (b'{"_type":1,"_type":2}', "one key twice"),
        (b"[" + b"1," * 300_000 + b"1]", "more than 250000 values"),
        (b"[]", "no JSON object"),
    ],
)
async def test_hostile_documents_are_told_and_never_believed(body: bytes, words: str) -> None:
    async with world() as asked:
        attach(asked.registry, "prod/web", WEB, body, IN_TOTO)
        found = await asked.ask(WEB)

    assert found.by_kind == {}
    assert words in found.problems[0]


async def test_what_is_too_large_is_not_fetched() -> None:
    made = attesting([(b"x", IN_TOTO, {})], more={"artifactType": IN_TOTO})
    body = made.manifest.replace(b'"size":1}', b'"size":%d}' % (MAX_ATTESTATION + 1))
    subject = b'"subject":{"digest":"%s"},"config"' % WEB.digest.encode()
    async with world() as asked:
        asked.registry.put_manifest(
            "prod/web", body.replace(b'"config"', subject, 1), made.media_type
        )
        found = await asked.ask(WEB)
        blobs = [line for line in asked.registry.lines() if "/blobs/" in line]

    assert "an attestation claims 25165825 bytes" in found.problems[0]
    assert blobs == []


async def test_a_flood_is_not_waded_through() -> None:
    async with world() as asked:
        for number in range(MAX_OPENED + 5):
            body = encode({"number": number})
            attach(asked.registry, "prod/web", WEB, body, "application/vnd.example+json")
        found = await asked.ask(WEB)
        opened = [line for line in asked.registry.lines() if "/manifests/sha256:" in line]

    assert len(opened) == MAX_OPENED
    assert found.problems == (f"more than {MAX_OPENED} things are attached to it",)


async def test_what_was_deleted_is_not_there_and_what_was_not_told_is_an_error() -> None:
    built = buildkit(WEB, (SPDX, spdx()))
    attested = built.children[1]
    async with world() as asked:
        asked.registry.add("prod/web", built)
        asked.registry.remove("prod/web", attested.digest)
        assert (await asked.ask(built)).by_kind == {}
        asked.registry.add("prod/web", built)
        path = asked.registry.path("prod/web", attested.digest)
        asked.registry.fault(path, Fault(status=403), times=5)
        with pytest.raises(RegistryError):
            await asked.ask(built)
