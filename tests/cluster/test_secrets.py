import msgspec
import pytest

from webhook.cluster.secrets import Secret, docker_configs, tls_pair


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"data": {"tls.crt": "Q0VSVA==", "other": "eA=="}}', b"CERT"),
        ('{"data": {"other": "eA=="}}', b""),
        ('{"data": {}}', b""),
        ('{"data": null}', b""),
        ("{}", b""),
    ],
)
def test_one_key_is_read_out_of_base64(text: str, value: bytes) -> None:
    secret = msgspec.json.decode(f'{{"metadata": {{}}, {text[1:]}'.replace(", }", "}"), type=Secret)

    assert secret.value("tls.crt") == value


async def test_the_mirrors_ask_for_no_other_secrets() -> None:
    logins = docker_configs(None, "cocket")  # type: ignore[arg-type]  # never asked
    pair = tls_pair(None, "cocket", "tls", changed=print)  # type: ignore[arg-type]  # likewise

    assert logins.kind.plural == pair.kind.plural == "secrets"
    assert not logins.held
    assert not pair.held
