"""What an API server counts about a webhook (k8s.io/apiserver, admission/metrics)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.registration import WEBHOOK

if TYPE_CHECKING:
    from tests.e2e.server import ApiServer

_REJECTIONS = "apiserver_admission_webhook_rejection_count"
_FAIL_OPEN = "apiserver_admission_webhook_fail_open_count"
_FAIL_OPEN_SINCE = (1, 24)


class Counted(msgspec.Struct, frozen=True):
    """The counters of one webhook; they begin anew with the API server."""

    rejections: dict[str, int]
    """By `error_type`: `no_error` is our verdict, `calling_webhook_error` is our failure."""
    fail_open: int | None
    """Requests that passed because the webhook failed; None: this server does not count them."""

    @property
    def verdicts(self) -> int:
        return self.rejections.get("no_error", 0)

    @property
    def failures(self) -> int:
        return sum(self.rejections.values()) - self.verdicts

    def since(self, before: Counted) -> Counted:
        """What came on top."""
        more = Counter(self.rejections)
        more.subtract(before.rejections)
        opened = None if self.fail_open is None else self.fail_open - (before.fail_open or 0)
        return Counted({kind: count for kind, count in more.items() if count}, opened)


def counted(server: ApiServer, webhook: str = WEBHOOK) -> Counted:
    """Read the counters."""
    status, text = server.ask("GET", "/metrics")
    assert status == 200, text
    # Of many thousands of lines.
    kept = (line for line in text.splitlines() if line.startswith((_REJECTIONS, _FAIL_OPEN)))
    rejections: Counter[str] = Counter()
    fail_open = 0
    for family in text_string_to_metric_families("".join(f"{line}\n" for line in kept)):
        for sample in family.samples:
            if sample.labels.get("name") != webhook:
                continue
            if sample.name == _FAIL_OPEN:
                fail_open += int(sample.value)
            else:
                rejections[sample.labels["error_type"]] += int(sample.value)
    return Counted(dict(rejections), fail_open if server.version >= _FAIL_OPEN_SINCE else None)
