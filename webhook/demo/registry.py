"""An OCI registry in this process: real HTTP on loopback, real digests, and faults on order.

A registry serves what was added, and can be changed at any time between two requests::

    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", image(entrypoint=["/app"]), tag="1.0")
        ...                                       # pull f"{registry.host}/prod/web:1.0"
        registry.add("prod/web", image(entrypoint=["/evil"]), tag="1.0")    # the tag moves

Who may pull is a value of `webhook.demo.login`, and may change as well::

    registry.login = BasicLogin(user="ci", password="secret")
    registry.login = TokenLogin(private=("prod",), elsewhere=True)   # a realm on another port
    registry.tokens.forget()                                         # every token expires

Blobs can be redirected, as to an object store, to this origin or to another one. The store refuses
a request that carries an Authorization header, as S3 does beside a signed address::

    registry.redirect = Redirect(elsewhere=True)

Pulls (a GET of a manifest; HEAD is free, as at Docker Hub) can run out::

    registry.pulls_left = 0                       # 429, with Retry-After

Anything can go wrong with one path. Faults are used up in order; `times` repeats the last::

    registry.fault("/v2/prod/web/manifests/1.0", Fault(status=503), Fault(delay=30))
    registry.fault(registry.path("prod/web", digest), Fault(body=b"{}"), times=1000)
    registry.fault("*", Fault(hang_up=True))      # whatever comes next

Nobody may push before it is allowed, with the manners of one registry or another::

    registry.pushes = Pushes(mounts=False)
    registry.referrers = True                     # the API that tells what is attached
    registry.pushed.cut_after = [1000, 0]         # two uploads break off

What the tags and digests are is in the hands of whoever adds them: `put_manifest` and `put_blob`
take any bytes under any digest. And what was asked is on record::

    assert registry.lines() == ["HEAD /v2/prod/web/manifests/1.0", ...]
    assert "authorization" not in registry.requests[-1].headers
"""

from __future__ import annotations

import re
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec
from aiohttp import web

from webhook.demo.content import Content, ping, ranged, served
from webhook.demo.faults import Fault, answer, meets, problem
from webhook.demo.login import Login, NoLogin, TokenLogin, Tokens, admit, grant, refresh
from webhook.demo.pushes import Pushed, Pushes, referrers
from webhook.demo.transcript import Seen, seen

if TYPE_CHECKING:
    import ssl

_LOOPBACK = "127.0.0.1"
_REQUESTS_KEPT = 100_000
_PULL = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<reference>[^/]+)")
_STORE = re.compile(r"/store/(?P<hops>[0-9]+)/(?P<name>.+)/(?P<reference>[^/]+)")


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bytes of blobs really are."""

    place: str = ""
    """`scheme://host` to name, in place of one of our own ports."""
    elsewhere: bool = False
    """On the registry's second port: another origin."""
    hops: int = 1
    """Redirects until the bytes come."""
    status: int = 307


class DemoRegistry(Content):
    """The registry; an async context manager that listens while it is entered.

    Attributes:
        host: `127.0.0.1:PORT`, as in the name of an image; known once entered.
        elsewhere: the second port, another origin, in the same form.
        login: who may pull.
        tokens: what the token service has issued.
        redirect: where blobs are; None: here.
        pulls_left: GETs of manifests until 429; None: no limit.
        retry_after: the Retry-After header of a 429.
        requests: what was asked, oldest first; clear it at will.
        pushes: how pushing goes; None: not at all.
        pushed: what is being pushed.
        referrers: whether there is an API for what is attached.
    """

    def __init__(self, *, login: Login = NoLogin(), tls: ssl.SSLContext | None = None) -> None:  # noqa: B008 - a frozen value
        """An empty registry over HTTP, or over HTTPS with a server's TLS context."""
        super().__init__()
        self.host = ""
        self.elsewhere = ""
        self.login = login
        self.tokens = Tokens()
        self.redirect: Redirect | None = None
        self.pulls_left: int | None = None
        self.retry_after = "30"
        self.requests: deque[Seen] = deque(maxlen=_REQUESTS_KEPT)
        self.pushes: Pushes | None = None
        self.pushed = Pushed(self)
        self.referrers = False
        self._tls = tls
        self._scheme = "http" if tls is None else "https"
        self._faults: dict[str, deque[Fault]] = {}
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=0.1
        )

    async def __aenter__(self) -> Self:
        """Listen on two free ports of the loopback address."""
        await self._runner.setup()
        for _ in range(2):
            await web.TCPSite(self._runner, _LOOPBACK, 0, ssl_context=self._tls).start()
        self.host, self.elsewhere = (
            f"{_LOOPBACK}:{address[1]}" for address in self._runner.addresses
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every connection, also those in the middle of an answer."""
        await self._runner.cleanup()

    def name(self, repository: str, reference: str) -> str:
        """The image's name, as a Pod would write it; `reference` is a tag or a digest."""
        return f"{self.host}/{repository}{'@' if ':' in reference else ':'}{reference}"

    def path(self, repository: str, reference: str) -> str:
        """The path under which a manifest or, if it is one, a blob is served; for `fault`."""
        blob = self.blob(repository, reference) is not None
        return f"/v2/{repository}/{'blobs' if blob else 'manifests'}/{reference}"

    def fault(self, path: str, *faults: Fault, times: int = 1) -> None:
        """Let the next requests for this path go wrong, in this order; `*` is any path.

        Args:
            path: as in the request, without the query.
            faults: used up one by one, each by a request of its method.
            times: how often the last of them comes.
        """
        queue = self._faults.setdefault(path, deque())
        queue.extend(faults)
        queue.extend(faults[-1:] * (times - 1))

    def heal(self) -> None:
        """Forget every fault that has not come yet."""
        self._faults.clear()

    def lines(self) -> list[str]:
        """What was asked, one `METHOD path` each."""
        return [f"{one.method} {one.path}" for one in self.requests]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(seen(request))
        fault = self._next_fault(request)
        if fault is not None and fault.status and request.method in {"POST", "PUT"}:
            # What is refused is not stored.
            return await answer(request, web.Response(), fault)
        return await answer(request, ranged(request, await self._right(request)), fault)

    def _next_fault(self, request: web.BaseRequest) -> Fault | None:
        for path in (request.path, "*"):
            queue = self._faults.get(path)
            if queue and meets(queue[0], request):
                return queue.popleft()
        return None

    async def _right(self, request: web.BaseRequest) -> web.Response:
        """What a registry without faults answers."""
        if request.path == self._token_path():
            return await self._token(request)
        if request.method not in {"GET", "HEAD"}:
            if self.pushes is None:
                return problem(405, "UNSUPPORTED", "this registry is read-only")
            refusal = self._refusal(request, self.pushed.repository(request), "pull,push")
            return refusal or await self.pushed.answer(
                request, self.pushes, referrers=self.referrers
            )
        if self.referrers and (attached := referrers(self, request)):
            return self._refusal(request, attached[0]) or attached[1]
        if request.path == "/v2/":
            return self._refusal(request, "") or ping()
        if pull := _PULL.fullmatch(request.path):
            return self._refusal(request, pull["name"]) or self._pull(request, pull)
        if stored := _STORE.fullmatch(request.path):
            return self._store(request, int(stored["hops"]), stored["name"], stored["reference"])
        return web.Response(status=404, text="404 page not found\n")

    def _refusal(
        self, request: web.BaseRequest, repository: str, actions: str = "pull"
    ) -> web.Response | None:
        authorization = request.headers.get("Authorization", "")
        realm = self._realm()
        refusal = admit(self.login, self.tokens, authorization, repository, realm, actions=actions)
        if refusal is None:
            return None
        response = problem(401, "UNAUTHORIZED", "authentication required")
        for challenge in refusal.challenges:
            response.headers.add("WWW-Authenticate", challenge)
        return response

    def _pull(self, request: web.BaseRequest, pull: re.Match[str]) -> web.Response:
        if pull["kind"] == "manifests":
            return self._manifest(request, pull["name"], pull["reference"])
        if pull["kind"] == "blobs":
            return self._blob(pull["name"], pull["reference"])
        return self._tags(pull["name"])

    def _manifest(self, request: web.BaseRequest, repository: str, reference: str) -> web.Response:
        limit: dict[str, str] = {}
        if self.pulls_left is not None:
            if request.method == "GET":
                if not self.pulls_left:
                    response = problem(429, "TOOMANYREQUESTS", "too many pulls")
                    response.headers["Retry-After"] = self.retry_after
                    return response
                self.pulls_left -= 1
            limit = {"RateLimit-Remaining": f"{self.pulls_left};w=21600"}
        stored = self.manifest(repository, reference)
        if stored is None:
            return problem(404, "MANIFEST_UNKNOWN", "manifest unknown", {"Tag": reference})
        accepted = {
            kind.partition(";")[0].strip()
            for header in request.headers.getall("Accept", [])
            for kind in header.split(",")
        }
        # As distribution does it: what the client cannot read is not there, and `*/*` is no type.
        if stored.media_type.partition(";")[0] not in accepted:
            return problem(404, "MANIFEST_UNKNOWN", "the Accept header does not name its type")
        return served(stored.body, stored.digest, stored.media_type, limit)

    def _blob(self, repository: str, digest: str) -> web.Response:
        body = self.blob(repository, digest)
        if body is None:
            return problem(404, "BLOB_UNKNOWN", "blob unknown to registry", {"digest": digest})
        if self.redirect is None:
            return served(body, digest, "application/octet-stream", {})
        return self._to_store(self.redirect.hops - 1, repository, digest)

    def _to_store(self, hops: int, repository: str, digest: str) -> web.Response:
        redirect = self.redirect or Redirect()
        host = self.elsewhere if redirect.elsewhere else self.host
        base = redirect.place or f"{self._scheme}://{host}"
        place = f"{base}/store/{hops}/{repository}/{digest}?signature=secret"
        return web.Response(status=redirect.status, headers={"Location": place})

    def _store(
        self, request: web.BaseRequest, hops: int, repository: str, digest: str
    ) -> web.Response:
        """The object store: it believes the signature in the address, and nothing beside it."""
        body = self.blob(repository, digest)
        if request.headers.get("Authorization") or request.query.get("signature") != "secret":
            return web.Response(status=400, text="<Error><Code>InvalidArgument</Code></Error>")
        if body is None:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        if hops:
            return self._to_store(hops - 1, repository, digest)
        return web.Response(body=body, content_type="application/octet-stream")

    def _tags(self, repository: str) -> web.Response:
        tags = self.tags(repository)
        if tags is None:
            return problem(404, "NAME_UNKNOWN", "repository name not known to registry")
        return web.json_response({"name": repository, "tags": tags})

    def _realm(self) -> str:
        elsewhere = isinstance(self.login, TokenLogin) and self.login.elsewhere
        return f"{self._scheme}://{self.elsewhere if elsewhere else self.host}{self._token_path()}"

    def _token_path(self) -> str:
        return self.login.path if isinstance(self.login, TokenLogin) else "/token"

    async def _token(self, request: web.BaseRequest) -> web.Response:
        if request.method == "POST":
            if not isinstance(self.login, TokenLogin) or not self.login.identity_token:
                return web.Response(status=405)
            form = {name: str(value) for name, value in (await request.post()).items()}
            reply = refresh(self.login, self.tokens, form)
        else:
            authorization = request.headers.get("Authorization", "")
            scopes = [scope for text in request.query.getall("scope", []) for scope in text.split()]
            reply = grant(self.login, self.tokens, authorization, scopes)
        if reply is None:
            return problem(401, "UNAUTHORIZED", "incorrect username or password")
        return web.json_response(dict(reply))
