from __future__ import annotations

import kopf

from webhook.operator.handlers import PREFIX, settings


def test_kopf_leaves_no_trace_of_its_own() -> None:
    chosen = settings()

    assert chosen.posting.enabled is False
    assert chosen.scanning.disabled is True
    assert chosen.persistence.finalizer.startswith(f"{PREFIX}/")
    for storage in (chosen.persistence.progress_storage, chosen.persistence.diffbase_storage):
        assert isinstance(
            storage, kopf.AnnotationsProgressStorage | kopf.AnnotationsDiffBaseStorage
        )
        assert storage.prefix == PREFIX


def test_kopf_never_kills_the_process() -> None:
    assert settings().process.ultimate_exiting_timeout is None
