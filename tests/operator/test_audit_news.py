"""What is news for an audit, and what is only another status."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from webhook.core.image import ImageRef
from webhook.operator.audit_news import AuditNews
from webhook.operator.named_images import Pinned

WEB: Pinned = (ImageRef.parse(f"registry.example.com/web@{DIGEST}"),)
KEY = ("shop", "web")


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def news(told: list[str]) -> AuditNews:
    return AuditNews(told.append)


def test_a_new_object_is_news_and_its_next_status_is_none(news: AuditNews, told: list[str]) -> None:
    news.hear("Pod", KEY, WEB)
    news.hear("Pod", KEY, WEB)

    assert told == ["shop"]


def test_an_object_with_nothing_but_tags_is_news_too(news: AuditNews, told: list[str]) -> None:
    news.hear("Pod", KEY, ())
    news.hear("Pod", KEY, ())

    assert told == ["shop"]


def test_another_image_and_the_end_are_news(news: AuditNews, told: list[str]) -> None:
    news.hear("Pod", KEY, WEB)
    news.hear("Pod", KEY, ())
    news.hear("Pod", KEY, None)
    news.hear("Pod", KEY, WEB)

    assert told == ["shop"] * 4


def test_two_kinds_may_have_one_name(news: AuditNews, told: list[str]) -> None:
    news.hear("Pod", KEY, WEB)
    news.hear("Deployment", KEY, WEB)

    assert told == ["shop", "shop"]
