"""ECR: a signed request gives a user and a password (API Reference, GetAuthorizationToken)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.errors import BadContentError
from webhook.registry.cloud.asking import address
from webhook.registry.cloud.aws import aws_keys
from webhook.registry.cloud.given import Given
from webhook.registry.cloud.sigv4 import signed
from webhook.registry.credentials import Basic

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.cloud_hosts import EcrHost
    from webhook.registry.cloud.asking import Asking
    from webhook.registry.cloud.place import CloudPlace

_TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
_SECONDS = 6 * 3600.0
"""It is good for twelve hours; half of them leave room for trouble."""


async def ecr_login(asking: Asking, place: CloudPlace, host: EcrHost, now: datetime) -> Given:
    """A login that opens every registry which the role may read.

    Raises:
        RegistryError: there are no keys, or AWS refuses them.
    """
    keys = await aws_keys(asking, place, host.region)
    endpoint = place.aws_endpoint_url_ecr or host.endpoint
    url = address(endpoint.rstrip("/") + "/", "AWS_ENDPOINT_URL_ECR")
    body = b"{}"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": _TARGET}
    proof = signed(url, body, headers, keys=keys, region=host.region, service="ecr", now=now)
    reply = await asking.json(url, "a login to ECR", method="POST", headers=proof, body=body)
    return Given(_basic(reply), _SECONDS)


def _basic(reply: object) -> Basic:
    try:
        token = reply["authorizationData"][0]["authorizationToken"]  # type: ignore[index]
        user, colon, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (LookupError, TypeError, ValueError, binascii.Error) as error:
        raise BadContentError(Reason.BAD_CONTENT, "the reply of ECR holds no login") from error
    if not colon or not user:
        raise BadContentError(Reason.BAD_CONTENT, "the reply of ECR holds no login")
    return Basic(user, password)
