import ssl
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from tests.admission.serving import ISSUED, serving
from tests.builders import NOW
from webhook.admission.selfsigned import LOCAL_NAMES, self_signed
from webhook.admission.tls import try_pair


async def test_a_client_that_trusts_the_ca_may_ask_by_name_and_by_both_addresses() -> None:
    async with serving() as server:
        port = server.server.port
        context = ssl.create_default_context(cadata=ISSUED.ca.decode())
        for host in ("localhost", "127.0.0.1"):
            async with server.client.get(f"https://{host}:{port}/livez", ssl=context) as answer:
                assert answer.status == 200


def test_names_that_are_given_are_in_the_certificate() -> None:
    made = self_signed((*LOCAL_NAMES, "cocket.example.com", "10.0.0.7"), NOW)

    leaf = x509.load_pem_x509_certificate(made.pair.chain)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "cocket.example.com"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "::1",
        "10.0.0.7",
    ]


def test_it_is_good_for_a_year_and_for_late_clocks() -> None:
    made = self_signed(LOCAL_NAMES, NOW)

    assert try_pair(made.pair, NOW - timedelta(minutes=50)).expires == NOW + timedelta(days=365)


def test_the_fingerprint_is_that_of_the_ca() -> None:
    der = ssl.PEM_cert_to_DER_cert(ISSUED.ca.decode())
    ca = x509.load_der_x509_certificate(der)

    assert ISSUED.fingerprint.replace(":", "").lower() == ca.fingerprint(SHA256()).hex()


def test_two_certificates_share_nothing() -> None:
    other = self_signed(LOCAL_NAMES, NOW)

    assert other.ca != ISSUED.ca
    assert other.pair.key != ISSUED.pair.key
