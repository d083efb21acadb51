from urllib.parse import parse_qs

import pytest

from tests.registry.scripted import HOME, request, response
from tests.registry.world import ADA, AUTH, EVE, EVIL, World
from webhook.core.facts import Reason
from webhook.errors import BadContentError, UnavailableError
from webhook.registry.auth import Lobby
from webhook.registry.credentials import (
    Anonymous,
    Basic,
    IdentityToken,
    RegistryToken,
)
from webhook.registry.exchange import Request, Response
from webhook.registry.tokens import Tokens
from webhook.registry.url import Origin


async def test_a_user_is_let_in_with_a_token() -> None:
    world = World()

    assert (await world.asking(ADA).send(request())).status == 200
    assert [one.authorization for one in world.registry.sent] == ["", "Bearer token-0"]
    assert len(world.service.sent) == 1


async def test_the_second_image_needs_no_refusal_first_and_one_token_per_repository() -> None:
    world = World()
    await world.asking(ADA).send(request())
    world.registry.sent.clear()
    asking = world.asking(ADA)
    await asking.send(request())
    await asking.send(request())

    assert [one.authorization for one in world.registry.sent] == ["Bearer token-0"] * 2
    assert len(world.service.sent) == 1


async def test_nobody_is_let_in_where_everybody_may() -> None:
    world = World()
    world.anonymous = True

    assert (await world.asking().send(request())).status == 200
    assert parse_qs(world.service.sent[0].url.query)["scope"] == ["repository:a/b:pull"]


async def test_credentials_are_tried_in_turn_and_nobody_comes_last() -> None:
    world = World()

    assert (await world.asking(EVE, ADA).send(request())).status == 200
    world.anonymous = True
    world.users = {}
    world.tokens.clear()
    world.lobby = Lobby(Tokens(lambda: 0.0))
    assert (await world.asking(EVE, ADA).send(request())).status == 200
    assert world.service.sent[-1].authorization == ""


async def test_who_was_let_in_is_asked_first_for_the_rest() -> None:
    world = World()
    asking = world.asking(EVE, ADA)
    await asking.send(request())
    asked = len(world.service.sent)
    await asking.send(request())

    assert len(world.service.sent) == asked


async def test_a_wrong_password_is_unauthorized_and_says_who_refused() -> None:
    world = World(realm=AUTH)

    with pytest.raises(UnavailableError, match=r"auth\.example\.com") as refused:
        await world.asking(EVE, trust=AUTH).send(request())
    assert refused.value.reason is Reason.UNAUTHORIZED
    assert "guess" not in str(refused.value)


async def test_a_token_that_grants_too_little_ends_in_401_and_not_in_a_loop() -> None:
    world = World()

    answer = await world.asking().send(request())

    assert answer.status == 401
    assert len(world.registry.sent) == 2


async def test_a_token_that_is_no_longer_taken_is_fetched_once_more() -> None:
    world = World()
    await world.asking(ADA).send(request())
    world.tokens["token-0"] = False

    assert (await world.asking(ADA).send(request())).status == 200
    assert [one.authorization for one in world.registry.sent][2:] == [
        "Bearer token-0",
        "Bearer token-1",
    ]


async def test_a_foreign_realm_is_asked_as_nobody() -> None:
    world = World(realm=EVIL)
    world.anonymous = True

    assert (await world.asking(ADA, IdentityToken("sesame")).send(request())).status == 200
    assert world.secrets(EVIL) == []
    assert [one.url.origin for one in world.service.sent] == [EVIL]


async def test_a_foreign_realm_that_wants_credentials_does_not_get_them() -> None:
    world = World(realm=EVIL)

    with pytest.raises(UnavailableError, match="tokenRealm") as refused:
        await world.asking(ADA).send(request())
    assert refused.value.reason is Reason.UNAUTHORIZED
    assert world.secrets(EVIL) == []


async def test_a_paired_realm_gets_credentials() -> None:
    world = World(realm=AUTH)

    assert (await world.asking(ADA, trust=AUTH).send(request())).status == 200
    assert world.secrets(AUTH) == [ADA.header()]


async def test_an_identity_token_is_exchanged_at_the_realm_and_shown_nowhere_else() -> None:
    world = World(realm=AUTH)

    assert (await world.asking(IdentityToken("sesame"), trust=AUTH).send(request())).status == 200
    assert world.secrets(AUTH) == ["sesame"]
    assert all("sesame" not in one.authorization for one in world.registry.sent)


async def test_a_registry_token_is_shown_to_the_registry_at_once() -> None:
    world = World()
    world.tokens["mine"] = True

    assert (await world.asking(RegistryToken("mine")).send(request())).status == 200
    assert len(world.registry.sent) == 1


async def test_a_registry_token_that_is_refused_is_not_tried_again() -> None:
    world = World()
    world.anonymous = True

    assert (await world.asking(RegistryToken("old")).send(request())).status == 200
    assert [one.authorization for one in world.registry.sent] == [
        "Bearer old",
        "",
        "Bearer token-0",
    ]


async def test_basic_goes_to_the_registry_alone() -> None:
    world = World()
    world.basic_only = True
    world.challenge = 'Basic realm="r"'

    assert (await world.asking(ADA).send(request())).status == 200
    assert (await world.asking(ADA).send(request())).status == 200
    assert [one.authorization for one in world.registry.sent] == ["", ADA.header(), ADA.header()]
    assert (await world.asking().send(request())).status == 401
    assert (await world.asking(IdentityToken("x")).send(request())).status == 401
    assert world.service.sent == []


async def test_who_refused_whose_login_is_said_for_each_of_them() -> None:
    world = World()
    world.basic_only = True
    world.challenge = 'Basic realm="r"'

    with pytest.raises(UnavailableError) as refused:
        await world.asking(EVE, Basic("bob", "x")).send(request())

    sentence = "the login of the test was refused by registry.example.com: 401 unauthorized"
    assert str(refused.value) == f"{sentence}; {sentence}"


async def test_the_token_service_that_refused_is_named() -> None:
    world = World(realm=AUTH)

    with pytest.raises(UnavailableError) as refused:
        await world.asking(EVE, trust=AUTH).send(request())

    assert str(refused.value) == (
        "the login of the test was refused by auth.example.com: 401 unauthorized"
    )


async def test_a_failed_token_that_meets_a_basic_challenge_is_not_sent_as_basic() -> None:
    """Harbor answers so to whoever was refused."""
    world = World()
    world.users = {}
    seen: list[str] = []

    def harbor(asked: Request) -> Response:
        seen.append(asked.authorization)
        if not asked.authorization:
            return response(401, www_authenticate=world.challenge)
        return response(401, www_authenticate='Basic realm="harbor"')

    world.registry.answer = harbor

    assert (await world.asking().send(request())).status == 401
    assert seen == ["", "Bearer token-0"]


@pytest.mark.parametrize(
    "challenge", ["", "Negotiate", "Digest realm=x", 'Bearer realm="x",realm="y"', "\x00" * 9000]
)
async def test_a_challenge_that_we_cannot_answer_is_final(challenge: str) -> None:
    world = World()
    world.challenge = challenge

    assert (await world.asking(ADA).send(request())).status == 401
    assert world.secrets(HOME) == []


async def test_a_realm_over_plain_http_is_never_asked() -> None:
    world = World(realm=Origin("http", "registry.example.com", 80))

    with pytest.raises(BadContentError, match="plain HTTP"):
        await world.asking(ADA).send(request())
    assert world.service.sent == []


async def test_a_401_from_where_a_redirect_led_is_no_question_to_us() -> None:
    world = World()
    world.registry.answer = lambda _: response(401, origin=EVIL, www_authenticate=world.challenge)

    assert (await world.asking(ADA).send(request())).status == 401
    assert world.service.sent == []
    assert world.secrets(HOME) == []


async def test_a_challenge_for_another_repository_is_asked_for_each_time() -> None:
    world = World()
    world.challenge = world.challenge.replace("a/b", "key/a/b")
    await world.asking(ADA).send(request())
    await world.asking(ADA).send(request())

    assert [one.authorization for one in world.registry.sent] == [
        "",
        "Bearer token-0",
        "",
        "Bearer token-0",
    ]


async def test_more_credentials_than_anybody_has_are_not_all_tried() -> None:
    world = World(users=())
    guesses = [Basic(f"user{number}", "guess") for number in range(50)]

    with pytest.raises(UnavailableError):
        await world.asking(*guesses).send(request())
    assert len(world.service.sent) == 9


async def test_trouble_at_the_token_service_is_not_taken_for_a_refusal() -> None:
    world = World()
    world.service.answer = lambda _: response(503)

    with pytest.raises(UnavailableError) as failed:
        await world.asking(ADA).send(request())
    assert failed.value.reason is Reason.UNREACHABLE


async def test_anonymous_among_the_credentials_is_still_last() -> None:
    world = World()

    assert (await world.asking(Anonymous(), ADA).send(request())).status == 200
