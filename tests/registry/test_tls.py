import ssl

import pytest

from tests.certificates import self_signed
from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.reach import Reach
from webhook.registry.tls import Contexts
from webhook.registry.url import Origin

OWN = Origin("https", "r.example", 443)
STRANGER = Origin("https", "cdn.example", 443)
PEM = self_signed().certificate_pem


@pytest.mark.parametrize("origin", [OWN, STRANGER])
@pytest.mark.parametrize("ca_bundle", ["", PEM])
def test_a_certificate_is_wanted_and_its_name_compared(origin: Origin, ca_bundle: str) -> None:
    context = Contexts().of(Reach(origin=OWN, ca_bundle=ca_bundle), origin)

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_only_the_registry_itself_is_excused_from_a_certificate() -> None:
    contexts = Contexts()
    reach = Reach(origin=OWN, insecure_skip_verify=True)

    assert contexts.of(reach, OWN).verify_mode is ssl.CERT_NONE
    assert contexts.of(reach, STRANGER).verify_mode is ssl.CERT_REQUIRED


def test_a_bundle_may_hold_text_for_people() -> None:
    reach = Reach(origin=OWN, ca_bundle=f"# Zertifizierungsstelle für München\n{PEM}")

    assert len(Contexts().of(reach, OWN).get_ca_certs()) == 1


def test_a_bundle_replaces_the_systems_roots_for_the_registry_and_joins_them_for_others() -> None:
    contexts = Contexts()
    reach = Reach(origin=OWN, ca_bundle=PEM)

    assert len(contexts.of(reach, OWN).get_ca_certs()) == 1
    assert contexts.of(reach, STRANGER) is not contexts.of(reach, OWN)
    assert contexts.of(reach, OWN) is contexts.of(Reach(origin=OWN, ca_bundle=PEM), OWN)


@pytest.mark.parametrize("ca_bundle", ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n", "é", "\n"])
def test_a_bundle_without_certificates_is_untrusted_tls(ca_bundle: str) -> None:
    with pytest.raises(UnavailableError) as refused:
        Contexts().of(Reach(origin=OWN, ca_bundle=ca_bundle), OWN)

    assert refused.value.reason is Reason.UNTRUSTED_TLS
    assert "caBundle" in str(refused.value)
