"""Until when distributions mend their releases: a table, as their makers announced it by 2026-08.

Dates are those of general support, without what is sold on top of it (ELTS, ESM, ELS). A release
that is not in the table has no date; that says nothing about it.
"""

from __future__ import annotations

AS_OF = "2026-08"

_UNTIL: dict[str, dict[str, str]] = {
    # debian.org/releases, wiki.debian.org/LTS: with the LTS team's years.
    "debian": {
        "8": "2020-06-30",
        "9": "2022-06-30",
        "10": "2024-06-30",
        "11": "2026-08-31",
        "12": "2028-06-30",
        "13": "2030-06-30",
    },
    # ubuntu.com/about/release-cycle: standard support.
    "ubuntu": {
        "14.04": "2019-04-30",
        "16.04": "2021-04-30",
        "18.04": "2023-05-31",
        "20.04": "2025-05-31",
        "22.04": "2027-04-30",
        "24.04": "2029-04-30",
    },
    # alpinelinux.org/releases.
    "alpine": {
        "3.12": "2022-05-01",
        "3.13": "2022-11-01",
        "3.14": "2023-05-01",
        "3.15": "2023-11-01",
        "3.16": "2024-05-23",
        "3.17": "2024-11-22",
        "3.18": "2025-05-09",
        "3.19": "2025-11-01",
        "3.20": "2026-04-01",
        "3.21": "2026-11-01",
        "3.22": "2027-05-01",
    },
    # access.redhat.com/support/policy/updates/errata: end of maintenance support.
    "rhel": {
        "6": "2020-11-30",
        "7": "2024-06-30",
        "8": "2029-05-31",
        "9": "2032-05-31",
        "10": "2035-05-31",
    },
    "rocky": {"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    "almalinux": {"8": "2029-03-01", "9": "2032-05-31", "10": "2035-05-31"},
    "centos": {"6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31"},
    # docs.aws.amazon.com, Amazon Linux FAQs.
    "amzn": {"1": "2023-12-31", "2018.03": "2023-12-31", "2": "2026-06-30", "2023": "2029-06-30"},
    # fedoraproject.org/wiki/End_of_life.
    "fedora": {"38": "2024-05-21", "39": "2024-11-26", "40": "2025-05-13", "41": "2025-12-15"},
}


def until(system: str, version: str) -> str:
    """The last day of support, `YYYY-MM-DD`; empty where the table does not know.

    >>> until("alpine", "3.18.4")
    '2025-05-09'
    """
    releases = _UNTIL.get(system, {})
    parts = version.split(".")
    for length in range(len(parts), 0, -1):
        found = releases.get(".".join(parts[:length]))
        if found:
            return found
    return ""
