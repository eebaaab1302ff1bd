"""A gate of the demonstration that works without network, written from docs/devices.md: what a gate maker would build.

All that it remembers lies in one file, which is on the disk before the barrier opens: a gate that loses power forgets
no entry and lets nobody in twice.
"""

import hashlib
import json
import os
import secrets
import struct
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backend import clock
from backend.codes import compact, gate_check
from backend.codes.code_kinds import Checked, GateKeys
from seed.demo.gate_link import Link, Refused, Send, secret_keys

TICKET = 0x54
_TICKET_FORM = struct.Struct(">12sB4sHHHBB4s")
_EPOCH = date(2020, 1, 1)
_EARLY_MINUTES = 30
_BATCH = 200
_PRINTED_GAP = 300
_EMPTY: dict[str, Any] = {
    "offset": 0.0, "synced_at": None, "device": {}, "keys": [], "secret": [], "limits": {}, "cursor": "",
    "revoked": {}, "used": {}, "accepted": 0, "by_handle": {}, "queue": [],
}  # fmt: skip
SENTENCES = {
    "admitted": "请进。",
    "never_synced": "本机尚未与平台同步,不能离线验码,请联网后再用。",
    "offline_too_long": "本机离线已超过 {hours} 小时,请联网同步后再验码。",
    "limit_reached": "本机离线期间放行已达上限,请联网同步后再验码。",
    "handle_limit": "该凭证离线使用次数已达上限,请联网核验。",
    "replayed": "此码已使用过,请刷新后再出示。",
    "already_used": "此票已使用。",
    "revoked": "此码已作废,请到服务窗口办理。",
    "expired": "此码已过期,请更新后再出示。",
    "clock_off": "手机时钟{direction}了 {minutes} 分钟,请打开自动设置时间后刷新再试。",
    "wrong_kind": "这种码不能在这里使用,请出示正确的码。",
    "wrong_scanner": "这个码是给别的终端用的,请出示正确的码。",
    "other_place": "此票不是本景点的。",
    "other_day": "此票不是今天的。",
    "other_time": "未到或已过票面入园时间。",
    "not_ours": "不是本平台的有效码。",
}


@dataclass(frozen=True)
class Decision:
    """What the gate shows."""

    result: str
    message: str
    nonce: str

    @property
    def admitted(self) -> bool:
        """Tell whether the barrier opens."""
        return self.result == "admitted"


@dataclass(frozen=True)
class _Read:
    """A code as the gate read it: `once` may come once, `about` is what can be revoked."""

    result: str
    kind: str
    once: str = ""
    about: tuple[str, str] = ("", "")
    ends: float = 0.0
    offset_seconds: int = 0


class OfflineGate:
    """`answer_keys` are put in when the gate is set up; `now` is its own clock, right or wrong."""

    def __init__(  # noqa: PLR0917 - what is set on a real gate
        self, device_id: str, private: Ed25519PrivateKey, file: Path, send: Send,
        answer_keys: dict[str, str], now: Callable[[], float] = clock.timestamp,
    ) -> None:  # fmt: skip
        self._file, self._clock, self._pinned = file, now, answer_keys
        self.state: dict[str, Any] = {**json.loads(json.dumps(_EMPTY)), **self._kept()}
        self._link = Link(device_id, private, send, self.now)

    def now(self) -> float:
        """Return the service's time as far as the gate knows it."""
        return self._clock() + float(self.state["offset"])

    def sync(self) -> None:
        """Take over time, keys, limits and revocations, and hand in what was decided meanwhile.

        Raises:
            NoNetwork, NotTheService, Refused: what was known before stays in force.
        """
        told = self._first_answer()
        sent_at = _seconds(told["server_time"])
        offset = sent_at - self._clock()
        scanner_class = told["device"]["scanner_class"]
        fresh = {name: told[name] for name in ("device", "keys", "limits")}
        secret = secret_keys(self._link, scanner_class, self._answer_keys(told["keys"]))
        feed, revoked = told["revocations"], dict(self.state["revoked"])
        revoked |= _revoked(feed)
        while feed["more"]:
            feed = self._call("GET", f"/gate/v1/revocations?cursor={feed['next']}")
            revoked |= _revoked(feed)
        revoked = {key: until for key, until in revoked.items() if until > sent_at}
        used = {once: until for once, until in self.state["used"].items() if until > sent_at}
        self.state |= fresh | {"secret": secret, "revoked": revoked, "used": used, "cursor": feed["next"]}
        self.state |= {"offset": offset, "synced_at": sent_at, "accepted": 0, "by_handle": {}}
        self._keep()
        self.upload()

    def _first_answer(self) -> dict[str, Any]:
        cursor = self.state["cursor"]
        path = "/gate/v1/sync" + (f"?cursor={cursor}" if cursor else "")
        try:
            return self._call("GET", path)
        except Refused as refusal:
            hint = refusal.body.get("fields", {}).get("server_time")
            if refusal.body.get("code") != "device_clock_wrong" or not hint:
                raise
            before, self.state["offset"] = self.state["offset"], _seconds(hint[0]) - self._clock()
            try:
                return self._call("GET", path)  # which the service proves, so a false hint gets nowhere
            except Exception:
                self.state["offset"] = before
                raise

    def upload(self) -> None:
        """Hand in the queue; what was answered is forgotten, what was not is sent again."""
        while batch := self.state["queue"][:_BATCH]:
            body = {"device_time": _written(self.now()), "entries": batch}
            told = self._call("POST", "/gate/v1/journal", body)
            self.state["queue"] = self.state["queue"][len(told["items"]) :]
            self._keep()

    def read(self, code: str, *, direction: str = "in") -> Decision:
        """Decide on a code without network; the decision is kept before it is shown."""
        at = self.now()
        found = self._standing(at) or self._check(code, at)
        result = "admitted" if found.result == "accepted" else found.result
        nonce = secrets.token_hex(12)
        if result == "admitted":
            self.state["accepted"] += 1
            self.state["used"][found.once] = found.ends
            handle = ":".join(found.about)
            self.state["by_handle"][handle] = self.state["by_handle"].get(handle, 0) + 1
        entry = {
            "nonce": nonce,
            "at": _written(at),
            "code_kind": found.kind or "unknown",
            "code": code[:3000] or "?",
            "decision": "admitted" if result == "admitted" else "refused",
            "direction": direction,
        }
        if self.state["synced_at"]:
            entry["offline_since"] = _written(self.state["synced_at"])
        if result != "admitted":
            entry["reason"] = result
        self.state["queue"].append(entry)
        self._keep()
        return Decision(result, self._sentence(found, result), nonce)

    def _standing(self, at: float) -> _Read | None:
        """Return why this gate may accept nothing at all any more."""
        limits = self.state["limits"]
        if not self.state["synced_at"]:
            return _Read("never_synced", "")
        if at - self.state["synced_at"] > limits["max_offline_hours"] * 3600:
            return _Read("offline_too_long", "")
        return _Read("limit_reached", "") if self.state["accepted"] >= limits["max_accepted"] else None

    def _check(self, code: str, at: float) -> _Read:
        found = self._ticket(code, at) or self._card(code, at)
        if found.result != "accepted":
            return found
        if ":".join(found.about) in self.state["revoked"]:
            return _Read("revoked", found.kind)
        if self.state["used"].get(found.once, 0.0) > at:
            return _Read("already_used" if found.kind == "ticket" else "replayed", found.kind)
        most = self.state["limits"]["max_accepted_per_handle"]
        full = self.state["by_handle"].get(":".join(found.about), 0) >= most
        return _Read("handle_limit", found.kind) if full else found

    def _ticket(self, code: str, at: float) -> _Read | None:
        try:
            payload = compact.verify(code, self._public("ticket"), TICKET)
        except compact.BadCode:
            return None
        if len(payload) != _TICKET_FORM.size:
            return None
        order, number, place, day, start, end, *_ = _TICKET_FORM.unpack(payload)
        ticket, civil = f"{order.hex()}-{number}", _EPOCH + timedelta(days=day)
        opens, closes = clock.at(civil, start - _EARLY_MINUTES).timestamp(), clock.at(civil, end).timestamp()
        if place != hashlib.blake2b(self.state["device"]["place"].encode(), digest_size=4).digest():
            return _Read("other_place", "ticket")
        if clock.civil(datetime.fromtimestamp(at, UTC)).date() != civil:
            return _Read("other_day", "ticket")
        result = "accepted" if opens <= at <= closes else "other_time"
        return _Read(result, "ticket", ticket, ("ticket", ticket), closes)

    def _card(self, code: str, at: float) -> _Read:
        found: Checked = gate_check.check(code, self._gate_keys(), datetime.fromtimestamp(at, UTC))
        handle = found.handle.hex()
        once, kind = f"{handle}:{found.kind}:{found.step}", found.kind
        ends = at + (_PRINTED_GAP if found.medium == "printed" else 3600)  # a printed card is the same each time
        return _Read(found.result, kind, once, ("credential", handle), ends, found.offset_seconds)

    def _gate_keys(self) -> GateKeys:
        dynamic: dict[int, dict[str, bytes]] = {}
        for one in self.state["secret"]:
            dynamic.setdefault(one["key_id"], {})[one["kind"]] = b64decode(one["key"])
        return GateKeys(self.state["device"]["scanner_class"], dynamic, self._public("card"))

    def _public(self, use: str) -> dict[int, Ed25519PublicKey]:
        told = [one for one in self.state["keys"] if one["use"] == use]
        return {one["key_id"]: Ed25519PublicKey.from_public_bytes(b64decode(one["public_key"])) for one in told}

    def _answer_keys(self, keys: list[dict[str, Any]]) -> dict[str, str]:
        told = {str(one["key_id"]): one["public_key"] for one in keys if one["use"] == "answer"}
        return told or self._pinned

    def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return self._link.call(method, path, body, known=self._answer_keys(self.state["keys"]))

    def _sentence(self, found: _Read, result: str) -> str:
        minutes = max(1, round(abs(found.offset_seconds) / 60))
        direction = "快" if found.offset_seconds > 0 else "慢"
        hours = self.state["limits"].get("max_offline_hours", 0)
        return SENTENCES[result].format(minutes=minutes, direction=direction, hours=hours)

    def _kept(self) -> dict[str, Any]:
        return dict(json.loads(self._file.read_text())) if self._file.exists() else {}

    def _keep(self) -> None:
        beside = self._file.with_suffix(".new")
        with beside.open("w") as file:
            json.dump(self.state, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._file)


def _revoked(feed: dict[str, Any]) -> dict[str, float]:
    return {f"{one['kind']}:{one['key']}": _seconds(one["until"]) for one in feed["items"]}


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
