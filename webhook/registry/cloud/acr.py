"""ACR: a Kubernetes token becomes an Entra token becomes a refresh token of the registry.

Sources: Azure/acr, docs/AAD-OAuth.md; Azure/azure-workload-identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.cloud.asking import address, file_text, text
from webhook.registry.cloud.given import Given
from webhook.registry.credentials import IdentityToken

if TYPE_CHECKING:
    from webhook.registry.cloud.asking import Asking
    from webhook.registry.cloud.place import CloudPlace

_AUTHORITY = "https://login.microsoftonline.com/"
_SCOPE = "https://containerregistry.azure.net/.default"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECONDS = 3600.0
"""It is good for three hours."""


async def acr_login(asking: Asking, place: CloudPlace, registry: str) -> Given:
    """A refresh token for one registry.

    Args:
        asking: sends the questions.
        place: where we run.
        registry: its host.

    Raises:
        RegistryError: there is no workload identity, or somebody refuses it.
    """
    tenant, client = place.azure_tenant_id, place.azure_client_id
    if not (tenant and client and place.azure_federated_token_file):
        raise UnavailableError(
            Reason.UNAUTHORIZED,
            "there is no Azure workload identity: AZURE_CLIENT_ID, AZURE_TENANT_ID and "
            "AZURE_FEDERATED_TOKEN_FILE are not all set (label the Pod with "
            "azure.workload.identity/use)",
        )
    proof = await file_text(place.azure_federated_token_file, "the federated token")
    authority = (place.azure_authority_host or _AUTHORITY).rstrip("/")
    entra = await asking.json(
        address(f"{authority}/{tenant}/oauth2/v2.0/token", "AZURE_AUTHORITY_HOST"),
        "a token of Microsoft Entra",
        method="POST",
        form={
            "grant_type": "client_credentials",
            "client_id": client,
            "scope": _SCOPE,
            "client_assertion_type": _ASSERTION,
            "client_assertion": proof,
        },
    )
    exchanged = await asking.json(
        address(f"https://{registry}/oauth2/exchange", "the registry"),
        "a refresh token of ACR",
        method="POST",
        form={
            "grant_type": "access_token",
            "service": registry,
            "tenant": tenant,
            "access_token": text(entra, "access_token", "the reply of Microsoft Entra"),
        },
    )
    return Given(IdentityToken(text(exchanged, "refresh_token", "the reply of ACR")), _SECONDS)
