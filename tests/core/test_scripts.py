"""Names of scripts."""

from __future__ import annotations

import pytest

from webhook.core.scripts import is_script


@pytest.mark.parametrize(
    "word",
    [
        *("/start.sh", "docker-php-entrypoint", "/entrypoint", "entrypoint-dev.sh", "/start.py"),
        *("./push.pl", "jenkins-agent", "/usr/local/bin/dind", "/etc/confluent/docker/run"),
        "execlineb",
    ],
)
def test_a_name_says_that_it_is_a_script(word: str) -> None:
    assert is_script(word)


@pytest.mark.parametrize(
    "word", ["/app", "run", "sh", "/opt/run", "node", "", "/x.sh/app", "app.js"]
)
def test_other_names_do_not(word: str) -> None:
    assert not is_script(word)
