"""Where we run, as a cloud tells a process: addresses, names and files, none of them read here."""

from __future__ import annotations

import msgspec


class CloudPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The variables that the clouds' own libraries read, under their names in lower case."""

    aws_access_key_id: str = ""
    aws_secret_access_key: str = ""
    aws_session_token: str = ""
    aws_role_arn: str = ""
    """Together with the next: IRSA, or any other web identity."""
    aws_web_identity_token_file: str = ""
    aws_role_session_name: str = ""
    aws_container_credentials_full_uri: str = ""
    """Together with the next: EKS Pod Identity."""
    aws_container_authorization_token_file: str = ""
    aws_ec2_metadata_service_endpoint: str = ""
    """Absent: the usual address."""
    aws_ec2_metadata_disabled: str = ""
    """`true`: the instance's own role is not ours to use."""
    aws_endpoint_url_ecr: str = ""
    """Another API than the region's own, such as an interface of one's own network."""
    aws_endpoint_url_sts: str = ""
    azure_client_id: str = ""
    """Together with the next two: Azure workload identity."""
    azure_tenant_id: str = ""
    azure_federated_token_file: str = ""
    azure_authority_host: str = ""
    """Absent: the public cloud's."""
    google_application_credentials: str = ""
    """File with the key of a service account; absent: the metadata server is asked."""
    gce_metadata_host: str = ""
    """Absent: the usual address."""

    def __repr__(self) -> str:
        """Without what is secret: the names that are set, and nothing of their values."""
        names = [name for name in self.__struct_fields__ if getattr(self, name)]
        return f"CloudPlace({', '.join(names)})"
