import pytest

from webhook.core.facts import Reason
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.errors import UnavailableError
from webhook.registry.reach import reach_of
from webhook.registry.url import Origin


def test_a_registry_owns_its_host_and_port_and_those_of_its_token_service() -> None:
    registry = Registry(name="r", host="r.example:5000", token_realm="t.example")
    reach = reach_of(ImageRef.parse("r.example:5000/a"), registry)

    assert reach.owns(Origin("https", "r.example", 5000))
    assert reach.owns(Origin("https", "t.example", 443))
    assert not reach.owns(Origin("https", "r.example", 443))
    assert not reach.owns(Origin("https", "t.example", 5000))
    assert not reach.trusts(Origin("http", "r.example", 5000))


@pytest.mark.parametrize("name", ["2130706433:443/a", "127.1/a", "0x7f.1/a"])
def test_a_number_in_the_place_of_a_host_is_never_contacted(name: str) -> None:
    ref = ImageRef.parse(name)

    with pytest.raises(UnavailableError) as refused:
        reach_of(ref, Registry(name="r", host=ref.host))
    assert refused.value.reason is Reason.UNREACHABLE
