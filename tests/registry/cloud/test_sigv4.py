"""Our signatures beside those of AWS' own library."""

from __future__ import annotations

import pytest

from tests.moto_server import botocore_headers
from tests.registry.cloud.services import NOW
from webhook.registry.cloud.sigv4 import AwsKeys, signed
from webhook.registry.url import parse_url

pytestmark = pytest.mark.tool("moto_server")

HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
}


@pytest.mark.parametrize("token", ["", "a session token/with+signs=="])
@pytest.mark.parametrize(
    ("url", "body", "region", "service"),
    [
        ("https://api.ecr.eu-central-1.amazonaws.com/", b"{}", "eu-central-1", "ecr"),
        ("http://127.0.0.1:8080/", b'{"registryIds": ["1"]}', "us-gov-west-1", "ecr"),
        ("https://sts.cn-north-1.amazonaws.com.cn/", b"", "cn-north-1", "sts"),
    ],
)
def test_they_are_the_same(url: str, body: bytes, region: str, service: str, token: str) -> None:
    keys = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)

    ours = signed(
        parse_url(url, "it"), body, HEADERS, keys=keys, region=region, service=service, now=NOW
    )
    theirs = botocore_headers(
        url=url,
        body=body.decode(),
        headers=HEADERS,
        key=keys.access_key,
        secret=keys.secret_key,
        token=token,
        region=region,
        service=service,
        now=NOW.isoformat(),
    )

    assert dict(ours) == theirs
    assert ours
