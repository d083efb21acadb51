import msgspec
import pytest

from tests.builders import config, facts
from webhook.cluster.packed import pack, unpack
from webhook.core.recorded import spec_of


@pytest.mark.parametrize("record", [b"", b"[]", b"\x00" * 10, bytes(range(256)) * 400])
def test_what_is_unpacked_is_what_was_packed(record: bytes) -> None:
    assert unpack(pack(record)) == record


def test_a_usual_record_takes_a_third_of_its_size() -> None:
    spec = spec_of(facts(config()), image="registry.example.com/prod/web", registries=["prod"])
    record = msgspec.json.encode(spec["platforms"])

    assert len(pack(record)) < len(record) / 3


def test_records_do_not_change_each_other() -> None:
    first = pack(b"a" * 100)
    pack(b"b" * 100)

    assert pack(b"a" * 100) == first


def test_what_would_unpack_to_megabytes_is_cut() -> None:
    assert len(unpack(pack(b"a" * 10_000_000))) == 256 * 1024
