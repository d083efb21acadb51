from webhook.admission.limits import Limits
from webhook.cli.serving import limits_of
from webhook.settings import Settings

LIMITS = limits_of(Settings())


def test_every_limit_has_a_setting_of_its_name() -> None:
    for name in Limits.__struct_fields__:
        assert getattr(LIMITS, name) == getattr(Settings(), name)


def test_an_api_server_closes_idle_connections_before_we_do() -> None:
    assert LIMITS.keep_alive_seconds >= 120


def test_a_slow_peer_is_gone_within_ten_seconds() -> None:
    assert LIMITS.request_seconds < 10
    assert LIMITS.handshake_seconds < 10


def test_the_end_comes_before_kubernetes_kills() -> None:
    assert LIMITS.drain_seconds + LIMITS.linger_seconds + LIMITS.finish_seconds < 30


def test_the_largest_body_finds_room() -> None:
    assert LIMITS.buffered_bytes >= LIMITS.body_bytes == 32 * 1024 * 1024
