"""The exit codes of every command."""

from __future__ import annotations

GOOD = 0
FOUND = 1
"""Something reaches `--fail-on`; in `cocket image`: a name is invalid or could not be looked up."""
USAGE = 2
"""Wrong arguments, unreadable input or an unusable policy: nothing was judged."""
UNDECIDED = 3
"""Nothing reaches `--fail-on`, but something could not be checked."""
INTERRUPTED = 130
"""Ctrl-C: 128 + SIGINT, as shells have it."""
BROKEN_PIPE = 141
"""The reader of standard output went away: 128 + SIGPIPE."""
