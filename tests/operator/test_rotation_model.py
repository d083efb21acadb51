"""A world with replicas that lag, and operators that are killed between any two steps.

API servers are slow too: each may still use any bundle that was live during the last
`publish_seconds`. At every moment, what every ready replica shows must be trusted by all of them.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from webhook.operator.authority import issue
from webhook.operator.proofs import trusted
from webhook.operator.rotation import (
    Observed,
    Promote,
    Terms,
    Wait,
    changes,
    next_step,
    wanted_bundle,
)
from webhook.operator.steady import Steady
from webhook.operator.stored import Stored, read_bundle, read_stored

read = lru_cache(4096)(lambda *items: read_stored(dict(items)))
"""Reading certificates takes most of the time."""
NAMES = frozenset({"a"})
TERMS = Terms(names=NAMES, publish_seconds=60, settle_seconds=60)
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)


class Replica:
    """Shows what it loaded last; `speaks` while it renews its Lease."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.ca = b""
        self.speaks = True
        self.age = 0.0

    def load(self, secret: dict[str, bytes] | None, cas: dict[bytes, bytes]) -> None:
        """Take what the Secret holds, if it can be used; its `ca.crt` no replica looks at."""
        pair = {key: (secret or {}).get(key, b"") for key in ("tls.crt", "tls.key")}
        ca = cas.get(pair["tls.crt"], b"")
        if read(*(pair | {"ca.crt": ca}).items()).serving is not None:
            self.data, self.ca = pair, ca


class Operator:
    """What a process remembers, and loses when it is killed."""

    def __init__(self) -> None:
        self.published, self.steady = Steady(30), Steady(30)
        self.proof: tuple[tuple[bytes, ...], float] = ((), 0.0)
        self.was_live = False
        self.bundle: tuple[bytes, ...] = ()


class World(RuleBasedStateMachine):
    replicas = Bundle("replicas")

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0
        self.secret: dict[str, bytes] | None = None
        self.live: tuple[bytes, ...] | None = None
        self.history: list[tuple[float, tuple[bytes, ...] | None]] = [(0.0, None)]
        self.cas: dict[bytes, bytes] = {}
        self.running: list[Replica] = []
        self.operator = Operator()

    @property
    def stored(self) -> Stored:
        return read(*sorted((self.secret or {}).items()))

    # -- what the operator does

    def see(self) -> None:
        if self.live is not None:
            self.operator.was_live, self.operator.bundle = True, self.live

    def observed(self) -> Observed:
        self.see()
        operator, bundle = self.operator, self.stored.bundle
        live = not operator.was_live or set(bundle) <= set(operator.bundle)
        trust, seconds = operator.proof
        return Observed(
            live=operator.bundle,
            published=operator.published.see(bundle if live else None, self.at),
            proven=seconds if trust == trusted(self.stored) else 0.0,
        )

    @rule()
    def look_at_the_replicas(self) -> None:
        trust = trusted(self.stored)
        fresh = [one for one in self.running if one.speaks]
        good = all(one.ca in trust for one in fresh) and bool(fresh)
        hidden = any(one.ca and one.ca not in trust for one in self.running if not one.speaks)
        seconds = self.operator.steady.see(trust if good and not hidden else None, self.at)
        self.operator.proof = (trust, seconds)

    @rule()
    def certificates_step(self) -> None:
        stored, observed = self.stored, self.observed()
        now = BEGIN + timedelta(seconds=self.at)
        action = next_step(stored, observed, TERMS, now)
        if isinstance(action, Wait):
            return
        if isinstance(action, Promote) and self.live is not None:
            assert set(stored.bundle) <= set(self.live)
        new = issue(NAMES, now)
        self.cas[new.chain] = new.ca
        self.secret = dict(self.secret or {})
        for key, value in changes(action, stored, observed, new).items():
            if value is None:
                self.secret.pop(key, None)
            else:
                self.secret[key] = value

    @rule()
    def webhooks_step(self) -> None:
        bundle = wanted_bundle(self.stored, self.observed(), TERMS)
        answers = any(one.ca in trusted(self.stored) for one in self.running)
        if bundle and (self.live is not None or self.operator.was_live or answers):
            self.put(bundle)

    @rule(rounds=st.integers(1, 60))
    def all_goes_on(self, rounds: int) -> None:
        """Everybody does what he should, every five seconds."""
        for _ in range(rounds):
            self.at += 5
            for replica in self.running:
                replica.load(self.secret, self.cas)
            self.look_at_the_replicas()
            self.certificates_step()
            self.webhooks_step()
            self.every_replica_is_trusted()

    @rule(rounds=st.integers(1, 30))
    def replicas_lag(self, rounds: int) -> None:
        """The same, but no replica sees a change."""
        for _ in range(rounds):
            self.at += 5
            self.look_at_the_replicas()
            self.certificates_step()
            self.webhooks_step()
            self.every_replica_is_trusted()

    # -- what befalls it

    @rule(seconds=st.sampled_from([1, 4, 29, 31, 61]))
    def time_passes(self, seconds: int) -> None:
        self.at += seconds

    @rule()
    def a_renewal_is_due(self) -> None:
        self.at += 21 * 86400

    # Who loses everything at once has nothing left to go by.
    @precondition(lambda self: self.live is not None or self.stored.serving is not None)
    @rule()
    def the_operator_is_killed(self) -> None:
        self.operator = Operator()

    @rule(target=replicas)
    def a_replica_starts(self) -> Replica:
        replica = Replica()
        replica.load(self.secret, self.cas)
        self.running.append(replica)
        return replica

    @rule(replica=replicas)
    def a_replica_sees_the_secret(self, replica: Replica) -> None:
        replica.load(self.secret, self.cas)

    @rule(replica=replicas, speaks=st.booleans())
    def a_replica_falls_silent_or_speaks_again(self, replica: Replica, speaks: bool) -> None:  # noqa: FBT001 - drawn
        replica.speaks = speaks

    @rule(replica=consumes(replicas))
    def a_replica_dies(self, replica: Replica) -> None:
        self.running.remove(replica)

    @precondition(lambda self: self.live is not None or self.operator.was_live)
    @rule()
    def the_secret_is_deleted(self) -> None:
        self.see()
        self.secret = None

    @precondition(lambda self: self.live is not None or self.operator.was_live)
    @rule(key=st.sampled_from(["tls.crt", "tls.key", "ca.crt", "next.crt", "next.key"]))
    def the_secret_is_spoiled(self, key: str) -> None:
        self.see()
        if self.secret is not None:
            self.secret = self.secret | {key: b"garbage"}

    @rule()
    def the_configuration_is_deleted(self) -> None:
        self.see()
        self.live = None
        self.history.append((self.at, None))

    @precondition(lambda self: self.live is not None)
    @rule()
    def a_stranger_adds_a_ca(self) -> None:
        assert self.live is not None
        self.put((*self.live, *read_bundle(issue(["x"], BEGIN).ca)))

    def put(self, bundle: tuple[bytes, ...]) -> None:
        if bundle != self.live:
            self.live = bundle
            self.history.append((self.at, bundle))

    # -- what must be so

    @invariant()
    def every_replica_is_trusted(self) -> None:
        oldest = self.at - TERMS.publish_seconds
        before = [one for one in self.history if one[0] <= oldest][-1:]
        self.history = before + [one for one in self.history if one[0] > oldest]
        for _, bundle in self.history:
            for replica in self.running:
                if bundle is not None and replica.ca:
                    assert replica.ca in bundle

    def teardown(self) -> None:
        """Left alone with one good replica, it always comes to rest: one CA, trusted and served."""
        self.running = [one for one in self.running if one.speaks]
        self.a_replica_starts()
        self.all_goes_on(80)
        stored = self.stored
        assert stored.serving is not None
        assert stored.pending is None
        assert stored.bundle == (stored.serving.ca,) == self.live


World.TestCase.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
test_every_replica_is_trusted_at_every_moment = World.TestCase
