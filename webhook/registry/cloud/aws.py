"""AWS: whose keys we have. Environment, web identity (IRSA), Pod Identity, the instance's role.

The order is that of the AWS SDKs (SDKs and Tools Reference Guide, «Standardized credential
providers»), as far as a container has them.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree.ElementTree import ParseError, XMLParser

from webhook.core.facts import Reason
from webhook.errors import BadContentError, UnavailableError
from webhook.registry.cloud.asking import METADATA, address, file_text, text
from webhook.registry.cloud.sigv4 import AwsKeys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.registry.cloud.asking import Asking
    from webhook.registry.cloud.place import CloudPlace

_IMDS = "http://169.254.169.254"
_IMDS_SECONDS = ("x-aws-ec2-metadata-token-ttl-seconds", "300")
_ROLE = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}", re.ASCII)
_SESSION = "cocket"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


async def aws_keys(asking: Asking, place: CloudPlace, region: str) -> AwsKeys:
    """The first keys that there are.

    Raises:
        RegistryError: there are none, or whoever gives them did not.
    """
    if place.aws_access_key_id and place.aws_secret_access_key:
        return AwsKeys(
            place.aws_access_key_id, place.aws_secret_access_key, place.aws_session_token
        )
    if place.aws_web_identity_token_file and place.aws_role_arn:
        return await _web_identity(asking, place, region)
    if place.aws_container_credentials_full_uri:
        return await _pod_identity(asking, place)
    if place.aws_ec2_metadata_disabled.lower() == "true":
        raise UnavailableError(
            Reason.UNAUTHORIZED,
            "there are no AWS credentials: no keys, no role for this ServiceAccount, and the "
            "instance's role is switched off (AWS_EC2_METADATA_DISABLED)",
        )
    return await _instance(asking, place.aws_ec2_metadata_service_endpoint or _IMDS)


async def _web_identity(asking: Asking, place: CloudPlace, region: str) -> AwsKeys:
    """STS AssumeRoleWithWebIdentity, which is not signed: the token proves who we are."""
    token = await file_text(place.aws_web_identity_token_file, "the web identity token")
    suffix = ".cn" if region.startswith("cn-") else ""
    host = place.aws_endpoint_url_sts or f"https://sts.{region}.amazonaws.com{suffix}"
    url = address(host.rstrip("/") + "/", "AWS_ENDPOINT_URL_STS")
    answer = await asking.send(
        url,
        "AWS credentials for a web identity",
        method="POST",
        form={
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": place.aws_role_arn,
            "RoleSessionName": place.aws_role_session_name or _SESSION,
            "WebIdentityToken": token,
        },
    )
    return _keys(_leaves(answer.body), "AccessKeyId", "SessionToken")


async def _pod_identity(asking: Asking, place: CloudPlace) -> AwsKeys:
    url = address(place.aws_container_credentials_full_uri, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    host = url.origin.host
    if url.origin.scheme == "http" and host not in METADATA | _LOOPBACK:
        raise BadContentError(
            Reason.BAD_CONTENT,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI leads over plain HTTP to a host that is not the "
            "agent of this node",
        )
    headers: tuple[tuple[str, str], ...] = ()
    if place.aws_container_authorization_token_file:
        token = await file_text(
            place.aws_container_authorization_token_file, "the Pod identity token"
        )
        headers = (("authorization", token),)
    reply = await asking.json(url, "AWS credentials of the Pod", headers=headers)
    return _keys(reply, "AccessKeyId", "Token")


async def _instance(asking: Asking, service: str) -> AwsKeys:
    """IMDSv2: a token first, so that nobody is tricked into asking (EC2 User Guide)."""
    what = "AWS credentials of the instance"
    service = service.rstrip("/")
    put = address(f"{service}/latest/api/token", "the metadata service")
    token = (await asking.send(put, what, method="PUT", headers=(_IMDS_SECONDS,))).body.decode()
    headers = (("x-aws-ec2-metadata-token", token.strip()),)
    roles = f"{service}/latest/meta-data/iam/security-credentials/"
    role = (await asking.send(address(roles, "the roles"), what, headers=headers)).body.decode()
    if not _ROLE.fullmatch(role.strip()):
        raise UnavailableError(Reason.UNAUTHORIZED, "the instance has no role, so no credentials")
    url = address(roles + quote(role.strip(), safe=""), "the role")
    return _keys(await asking.json(url, what, headers=headers), "AccessKeyId", "Token")


def _keys(reply: Mapping[str, object], key: str, token: str) -> AwsKeys:
    what = "the reply with AWS credentials"
    until = text(reply, "Expiration", what)
    try:
        ends = datetime.fromisoformat(until).timestamp()
    except ValueError as error:
        raise BadContentError(Reason.BAD_CONTENT, f"{what} ends at no time") from error
    return AwsKeys(
        text(reply, key, what), text(reply, "SecretAccessKey", what), text(reply, token, what), ends
    )


class _Leaves:
    """The last text of each element by its bare name; entities and document types are refused."""

    def __init__(self) -> None:
        self.found: dict[str, object] = {}
        self._text = ""

    def start(self, _tag: str, _attributes: Mapping[str, str]) -> None:
        self._text = ""

    def data(self, piece: str) -> None:
        self._text += piece

    def end(self, tag: str) -> None:
        self.found[tag.rpartition("}")[2]] = self._text.strip()
        self._text = ""

    def close(self) -> None:
        """The parser calls it."""


def _leaves(body: bytes) -> Mapping[str, object]:
    if b"<!" in body:
        raise BadContentError(Reason.BAD_CONTENT, "the reply of STS declares a document type")
    leaves = _Leaves()
    try:
        parser = XMLParser(target=leaves)  # noqa: S314 - without «<!» there are no entities
        parser.feed(body)
        parser.close()
    except ParseError as error:
        raise BadContentError(Reason.BAD_CONTENT, "the reply of STS is no XML") from error
    return leaves.found
