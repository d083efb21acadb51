import click
import pytest

from webhook.cli.cluster_options import HostPort, Namespace, NamespacedName, ReplicaName


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (NamespacedName(), "cocket/cocket-tls", ("cocket", "cocket-tls")),
        (NamespacedName(), "cocket/a.b", ("cocket", "a.b")),
        (HostPort(), "10.0.0.1:8443", "10.0.0.1:8443"),
        (HostPort(), "[fd00::1]:8443", "[fd00::1]:8443"),
        (HostPort(), "fd00::1:8443", "[fd00::1]:8443"),
        (HostPort(), "web-1.pods.local:1", "web-1.pods.local:1"),
        (Namespace(), "kube-system", "kube-system"),
        (ReplicaName(), "cocket-webhook-5d9f-abc", "cocket-webhook-5d9f-abc"),
    ],
)
def test_what_is_well_written_is_read(
    kind: click.ParamType[object], text: str, value: object
) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (NamespacedName(), "cocket"),
        (NamespacedName(), "/name"),
        (NamespacedName(), "ns/"),
        (NamespacedName(), "ns/a/b"),
        (NamespacedName(), "ns/../b"),
        (HostPort(), "host"),
        (HostPort(), "host:0"),
        (HostPort(), "host:65536"),
        (HostPort(), "[host]:1"),
        (HostPort(), ":1"),
        (HostPort(), "ho st:1"),
        (HostPort(), "host:1\n"),
        (Namespace(), "a.b"),
        (Namespace(), ""),
        (ReplicaName(), "A"),
        (ReplicaName(), "a" * 201),
    ],
)
def test_what_is_not_is_refused(kind: click.ParamType[object], text: str) -> None:
    with pytest.raises(click.BadParameter):
        kind.convert(text, None, None)
