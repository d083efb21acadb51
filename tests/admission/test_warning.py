import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.findings import finding
from webhook.admission.warning import CURES, MAX_WARNING, shortened, warning_text
from webhook.core.facts import Reason
from webhook.core.rules import RULES
from webhook.core.verdict import Mode, Outcome
from webhook.core.workload import Role

_DIGEST = f"sha256:{'1b3081585f21' * 6}"[:71]
_INIT = (
    'Start it with tini or dumb-init (ENTRYPOINT ["tini","--"]), '
    "or set shareProcessNamespace: true."
)


def test_kubernetes_asks_for_no_more_than_120_characters() -> None:
    assert MAX_WARNING == 120


def test_what_is_short_enough_is_told_whole() -> None:
    one = finding(message="nginx is a tag.", fix="Use nginx@sha256:…")

    assert warning_text(one) == 'cocket: container "app": nginx is a tag. Use nginx@sha256:…'


@pytest.mark.parametrize(
    ("rule", "message", "fix", "told"),
    [
        (
            "digest",
            "registry.example.com/preprod/web:1.1 is a tag, and tags move.",
            f"It points to sha256:1b3081585f21… now: use web:1.1@{_DIGEST}",
            (
                "registry.example.com/preprod/web:1.1 is a tag, and tags move. "
                "Use its digest: `cocket pin`."
            ),
        ),
        (
            "registry",
            (
                "registry.example.com/preprod/web is not a production registry "
                "(production: registry.example.com/prod)."
            ),
            "Promote the image to registry.example.com/prod.",
            "registry.example.com/preprod/web is not a production registry. Promote the image.",
        ),
        (
            "registry",
            (
                "docker.io/library/nginx is from no configured registry "
                "(production: registry.example.com/prod)."
            ),
            "Use an image from one that is, or add a Registry for docker.io.",
            (
                "docker.io/library/nginx is from no configured registry. "
                "Use an image from one that is."
            ),
        ),
        (
            "provenance",
            (
                "label org.opencontainers.image.revision is missing (which commit is this?); label "
                "org.opencontainers.image.source is missing (where is its source code?)"
            ),
            "Build it with: docker build --label org.opencontainers.image.revision=$(git …) …",
            "label org.opencontainers.image.revision is missing. Set it: docker build --label.",
        ),
        (
            "init",
            (
                "PID 1 would be `/usr/bin/node /opt/app/server.js --trace-uncaught --inspect`, "
                "which is no init."
            ),
            _INIT,
            (
                "PID 1 would be `/usr/bin/node /opt/app/server.j…`, which is no init. "
                "Start it with tini."
            ),
        ),
        (
            "init",
            (
                'PID 1 would be `/bin/sh -c "node server.js"`, a shell form: the shell reaps '
                "orphans, but the stop signal does not reach the program "
                "(its last command is not `exec`)."
            ),
            (
                "Start the program without a shell, with tini or dumb-init "
                '(ENTRYPOINT ["tini","--"]), or put `exec` in front of the last command.'
            ),
            "PID 1 would be `/bin/sh -c…`, a shell form. Start it with tini.",
        ),
        (
            "stop",
            "SIGTERM ends nginx at once, whatever it is doing; on SIGQUIT it finishes.",
            "Write `STOPSIGNAL SIGQUIT` into the Dockerfile, or `lifecycle.stopSignal: SIGQUIT`.",
            (
                "SIGTERM ends nginx at once, whatever it is… "
                "Write `STOPSIGNAL SIGQUIT` into the Dockerfile."
            ),
        ),
        (
            "promotion",
            "it was not promoted: registry.example.com/preprod/web does not have this digest.",
            f"Promote it: cocket promote registry.example.com/preprod/web@{_DIGEST} --to prod",
            "it was not promoted: …/web does not have this digest. Promote it: `cocket promote`.",
        ),
        (
            "digest",
            (
                f"registry.example.com/a/very/long/path/to/web@{_DIGEST} is named by a sha512 "
                "digest, and registries have none for images."
            ),
            "Use its sha256 digest: `cocket image web` shows what web points to now.",
            "…/web@sha256:1b3081585f21… is named by a sha512 digest. Use its sha256 digest.",
        ),
    ],
)
def test_what_is_longer_still_says_what_is_wrong_and_what_to_do(
    rule: str, message: str, fix: str, told: str
) -> None:
    text = warning_text(finding(rule=rule, message=message, fix=fix, mode=Mode.WARN))

    assert text == f'cocket: container "app": {told}'
    assert len(text) <= MAX_WARNING


def test_an_unknown_keeps_its_reason() -> None:
    one = finding(
        rule="init",
        outcome=Outcome.UNKNOWN,
        reason=Reason.SCRIPT,
        message="PID 1 would be `/entrypoint.sh node server.js`, a script: whether it ends in "
        "`exec` of an init is not in the image config.",
        fix=_INIT,
    )

    assert warning_text(one) == (
        'cocket: container "app": could not be checked (script): '
        "PID 1 would be `/entrypoint.sh…`, a script. Start it with tini."
    )


def test_what_could_not_be_fetched_is_not_cured_by_what_cures_a_fail() -> None:
    one = finding(
        rule="init",
        outcome=Outcome.UNKNOWN,
        reason=Reason.UNAUTHORIZED,
        message="the pull secret shop/regcred was refused by harbor.example.com: 401",
        fix="Give its Registry credentials that may pull the image.",
    )

    text = warning_text(one)
    assert "could not be checked (unauthorized): the pull secret" in text
    assert "tini" not in text


def test_an_exception_says_until_when_and_what_it_lets_in() -> None:
    one = finding(
        message="let through by exception security/nginx until 2026-11-24T12:00:00Z "
        "(it is being mended; asked for by nobody we know): nginx:1.25 is a tag, and tags move.",
        fix=f"It points to sha256:1b3081585f21… now: use nginx:1.25@{_DIGEST}",
        exception="security/nginx",
    )

    assert warning_text(one) == (
        'cocket: container "app": let through by exception security/nginx '
        "until 2026-11-24T12:00:00Z: nginx:1.25 is a tag, and…"
    )


def test_a_long_container_keeps_both_ends_of_its_name_and_leaves_room() -> None:
    text = warning_text(
        finding(
            container=f"payment-gateway-{'x' * 40}-blue",
            role=Role.EPHEMERAL,
            message="registry.example.com/preprod/web:1.1 is a tag, and tags move.",
            fix=f"use {_DIGEST}",
        )
    )

    assert text == (
        'cocket: ephemeral container "payment-gateway-x…xxxxxxx-blue": '
        "…/web:1.1 is a tag. Use its digest: `cocket pin`."
    )


def test_a_rule_without_a_cure_leads_to_its_page() -> None:
    text = warning_text(finding(rule="novel", message="it is odd. " * 30))

    assert text == 'cocket: container "app": it is odd. See docs/rules.md.'


def test_every_cure_is_that_of_a_rule() -> None:
    assert CURES.keys() <= RULES.keys()


@given(
    st.text(max_size=300),
    st.text(alphabet="ab /:.;,()`@0", max_size=300),
    st.text(max_size=300),
    st.sampled_from([*RULES, "other"]),
)
def test_no_text_makes_it_longer_or_unreadable(
    container: str, message: str, fix: str, rule: str
) -> None:
    for one in (
        finding(container=container, message=message, fix=fix, rule=rule),
        finding(container=container, message=message, exception="a/b"),
        finding(message=fix, fix=message, outcome=Outcome.UNKNOWN, reason=Reason.RATE_LIMITED),
    ):
        text = warning_text(one)
        assert len(text) <= MAX_WARNING
        assert text.isprintable()


@given(st.text(alphabet="abc/ .:", max_size=90), st.text(alphabet="abc/ .:", max_size=90))
def test_a_digest_is_whole_or_ends_after_twelve_digits(before: str, after: str) -> None:
    text = warning_text(finding(message=f"{before} web@{_DIGEST} {after}", fix=before))

    for digits in re.findall("sha256:([0-9a-f]*)", text):
        assert len(digits) in {12, 64}


def test_shortening_takes_from_the_middle() -> None:
    assert shortened("x" * 30, 30) == "x" * 30
    assert (
        shortened("\n" + "a" * 50 + "-the-last-one", 30) == r"\n" + "a" * 15 + "…the-last-one"[:13]
    )
