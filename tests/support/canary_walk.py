"""The walk: a marked value in every text of every body, path, query and header that the description knows."""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus

from models.identity import roles
from tests.support import canary

METHODS = ("get", "post", "put", "delete")
HEADERS = ("Authorization", "Idempotency-Key", "X-Request-Id", "Acting-For", "Counter-Session", "X-Organisation-Id")
SIGNED = ("Wechatpay-Serial", "Wechatpay-Nonce", "Wechatpay-Signature", "Wechatpay-Timestamp")
UNREAD = (
    "User-Agent", "Referer", "Cookie", "Accept-Language", "X-Forwarded-For", "Origin", "Content-Language", "X-Canary",
)  # fmt: skip
"""Headers that every client or proxy may send, in one request together."""
MADE_UNDER = {
    "/office/v1/benefits/items": ("code",),
    "/office/v1/devices": ("id",),
    "/office/v1/health/devices": ("id",),
    "/office/v1/guide/points": ("id",),
    "/office/v1/guide/routes": ("id",),
    "/office/v1/ledger/merchants": ("code",),
    "/office/v1/rule-parameters": ("code",),
    "/office/v1/rule-sets": ("code",),
    "/office/v1/service-items": ("code",),
    "/office/v1/staff": ("login",),
    "/office/v1/units": ("code",),
}
"""By what name something is made, which only one can have."""
FIRST = "tourism_office"
"""Whom to ask first: of those who keep places, the one who reaches all of them."""
LAST = ("/logout", "/logout-everywhere", "/sessions", "/session/refresh")
"""What ends the sessions of the walk itself."""


@dataclass
class Call:
    """One request; `where` names the field that carries the mark."""

    operation: str
    where: str
    method: str
    path: str
    mark: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    signed: bool = False


class Walk:
    def __init__(self, spec: dict, known: dict[str, str], token_for, sign):
        self.spec, self.known, self.token_for, self.sign = spec, known, token_for, sign
        self.marks: dict[str, tuple[str, str]] = {}

    def run(self, client) -> int:
        """Send everything, what ends sessions last; return how many requests that were."""
        calls = list(self.calls())
        ending = [call for call in calls if self._ends(call)]
        others = [call for call in calls if not self._ends(call)]
        with ThreadPoolExecutor(6) as together:
            list(together.map(lambda call: self._send(client, call), others))
        for call in sorted(ending, key=lambda one: one.path.partition("?")[0].endswith(LAST)):
            self._send(client, call)
        return len(calls)

    def _ends(self, call: Call) -> bool:
        return call.method == "DELETE" or (call.method == "POST" and call.path.partition("?")[0].endswith(LAST))

    def _send(self, client, call: Call) -> None:
        headers = call.headers
        if call.signed:
            headers = {"Authorization": self.sign(call.method, call.path, call.body or b""), **headers}
        told = {"method": call.method, "data": call.body, "headers": headers, "told": call.mark}
        if client.open(call.path, **told).status_code == HTTPStatus.CONFLICT and call.method == "PUT":
            client.open(call.path, **told)  # another one of the walk changed it at the same time

    def calls(self) -> Iterator[Call]:
        for path, operations in self.spec["paths"].items():
            for method in METHODS:
                if method in operations:
                    yield from self._operation(path, method.upper(), operations[method])

    def _operation(self, path: str, method: str, told: dict) -> Iterator[Call]:
        parameters = [one for one in told.get("parameters", []) if "$ref" not in one]
        for place in _names(path):
            yield self._call(path, method, told, f"path {place}", names={place})
        for one in parameters:
            if one["in"] == "query":
                yield self._call(path, method, told, f"query {one['name']}", query=one["name"])
        yield self._call(path, method, told, "query that is not known", query="kanary_unknown")
        for header in (*HEADERS, *(SIGNED if path.startswith("/open/") else ())):
            yield self._call(path, method, told, f"header {header}", headers=(header,))
        yield self._call(path, method, told, "headers that nobody reads", headers=UNREAD)
        yield from self._bodies(path, method, told)
        yield self._call(path, None, told, "method")

    def _known(self, path: str, name: str) -> str:
        """Return what stands for a name in a path: what is known under this path alone comes first."""
        before, known = path.partition(f"{{{name}}}")[0], self._within(path)
        return known.get(f"{before}{name}", known.get(name, "0" * 24))

    def _within(self, path: str) -> dict:
        """Return what is known, with what `beginning#name` says of paths that begin so."""
        named = ((*name.partition("#"), value) for name, value in self.known.items() if "#" in name)
        return self.known | {name: value for beginning, _, name, value in named if path.startswith(beginning)}

    def _bodies(self, path: str, method: str, told: dict) -> Iterator[Call]:
        content = told.get("requestBody", {}).get("content", {})
        schema = next((one["schema"] for kind, one in content.items() if "json" in kind or "form" in kind), None)
        if method == "GET":
            return
        whole = canary.example(schema, self.spec, self._within(path)) if schema else {}
        whole = whole if isinstance(whole, dict) else {}
        for place in canary.strings(schema, self.spec) if schema else ():
            put = lambda mark, place=place: canary.with_value(fresh(whole, path), place, mark)  # noqa: E731
            yield self._call(path, method, told, f"body {'.'.join(map(str, place))}", body=put)
        yield self._call(path, method, told, "body: a field that is not known", body=lambda mark: {**whole, mark: mark})
        yield self._call(path, method, told, "body: a text", body=lambda mark: mark)
        yield self._call(path, method, told, "body: a list", body=lambda mark: [mark])
        odd = {
            "broken": ("application/json", '{{"name": "{}'),
            "of no form": ("text/plain", "name={}"),
            "as a form": ("application/x-www-form-urlencoded", "name={0}&{0}=1"),
            "as XML": ("application/xml", "<name>{}</name>"),
            "as a broken form": (
                "multipart/form-data; boundary=x",
                '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n',
            ),
        }
        for name, (kind, text) in odd.items():
            yield self._call(path, method, told, f"body: {name}", raw=text, kind=kind)

    def _call(self, path, method, told, where, *, names=(), query="", headers=(), body=None, raw="", kind="") -> Call:
        number = len(self.marks)
        mark, operation = canary.mark(number), f"{method or 'any'} {path}"
        for name in _names(path):
            path = path.replace(f"{{{name}}}", mark if name in names else self._known(path, name))
        given = {"Idempotency-Key": f"walk-{number}"}
        if token := self.token_for(told.get("x-access", {})):
            given["Authorization"] = f"Bearer {token}"
        if told.get("x-access", {}).get("actor") == "member":
            given["X-Organisation-Id"] = self.known["organisation_id"]
        given |= {name: f"Bearer {mark}" if name == "Authorization" else mark for name in headers}
        data = None
        if body is not None:
            data, given["Content-Type"] = json.dumps(body(mark), ensure_ascii=False).encode(), "application/json"
        elif raw:
            data, given["Content-Type"] = raw.format(mark).encode(), kind
        elif method not in {"GET", None}:
            data, given["Content-Type"] = b"{}", "application/json"
        path += f"?{query}={mark}" if query else ""
        self.marks[mark] = (operation, where)
        signed = told.get("x-access", {}).get("actor") == "device"
        return Call(operation, where, method or mark.upper(), path, mark, given, data, signed)


def fresh(body: dict, path: str) -> dict:
    """Return a body under names of its own, so that no request is refused because another one took them."""
    own = {name: f"w{secrets.token_hex(8)}" for name in MADE_UNDER.get(path, ()) if name in body}
    entries = [{**one, "nonce": secrets.token_hex(12)} for one in body.get("entries", ())]
    readings = [{**one, "key": f"w-{secrets.token_hex(12)}"} for one in body.get("readings", ()) if "key" in one]
    lists = {"entries": entries, "readings": readings}
    return {**body, **own, **{name: items for name, items in lists.items() if items}}


def _names(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def role_for(access: dict) -> str:
    """Return a role that holds the operation of a route, for its purpose."""
    operation, purpose = access.get("operation", ""), access.get("purpose", "")
    for name, role in ((FIRST, roles.ROLES[FIRST]), *roles.ROLES.items()):
        if operation in role.operations and (not purpose or purpose in role.purposes):
            return name
    return "auditor"
