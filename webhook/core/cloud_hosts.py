"""Which registries belong to which cloud: whole host names, never parts of them."""

from __future__ import annotations

import re

import msgspec

# `fullmatch` throughout: `x.azurecr.io.evil.example` belongs to somebody else.
_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?P<fips>-fips)?\.(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d)\."
    r"(?P<suffix>amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn)",
    re.ASCII,
)
_ACR = re.compile(
    r"[a-z0-9][a-z0-9-]{3,61}(?:\.[a-z0-9-]{1,40})?\.azurecr\.(?:io|cn|us|de)", re.ASCII
)
_GAR = re.compile(r"(?:[a-z0-9-]{1,60}\.)?gcr\.io|[a-z0-9-]{1,60}-docker\.pkg\.dev", re.ASCII)


class EcrHost(msgspec.Struct, frozen=True):
    """What a private ECR's name says (amazon-ecr-credential-helper, `api/client.go`)."""

    account: str
    region: str
    fips: bool
    suffix: str

    @property
    def endpoint(self) -> str:
        """Where its API answers (AWS General Reference, «Amazon ECR endpoints»)."""
        service = "ecr-fips" if self.fips else "api.ecr"
        if self.suffix.endswith(".cn"):
            return f"https://{service}.{self.region}.amazonaws.com.cn"
        if self.suffix == "amazonaws.eu":
            return f"https://{service}.{self.region}.amazonaws.eu"
        return f"https://{service}.{self.region}.amazonaws.com"


def ecr_host(host: str) -> EcrHost | None:
    """Account and region of a private ECR; None where the host is none."""
    match = _ECR.fullmatch(host)
    if match is None:
        return None
    return EcrHost(match["account"], match["region"], bool(match["fips"]), match["suffix"])


def is_acr(host: str) -> bool:
    """Whether a host is an Azure Container Registry."""
    return _ACR.fullmatch(host) is not None


def is_gar(host: str) -> bool:
    """Whether a host is a Google Artifact Registry, or `gcr.io`, which it serves."""
    return _GAR.fullmatch(host) is not None


PATTERNS = {
    "ecr": "ACCOUNT.dkr.ecr.REGION.amazonaws.com",
    "acr": "NAME.azurecr.io",
    "gar": "REGION-docker.pkg.dev or gcr.io",
}
"""What the hosts of each provider look like, for messages."""


def belongs(provider: str, host: str) -> bool:
    """Whether a host is one that the logins of a provider (`ecr`, `acr`, `gar`) may go to."""
    match provider:
        case "ecr":
            return ecr_host(host) is not None
        case "acr":
            return is_acr(host)
        case _:
            return is_gar(host)
