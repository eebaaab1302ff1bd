"""A gate of the demonstration that works without network, written from docs/devices.md: what a gate maker would build.

All that it remembers lies in one file, which is on the disk before the barrier opens: a gate that loses power forgets
no entry and lets nobody in twice. Only today's list of documents, with its key, stays in memory.
"""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock
from seed.demo.gate_link import Link, NoNetwork, Refused, Send, entry_proof, opened_list, secret_keys
from seed.demo.gate_reading import Read, Reader

_BATCH = 200
_PASSED = {"admitted": "in", "exited": "out"}
_EMPTY: dict[str, Any] = {
    "offset": 0.0, "synced_at": None, "device": {}, "keys": [], "secret": [], "ticket_keys": [], "rules": [],
    "limits": {}, "cursor": "", "revoked": {}, "used": {}, "passed": {}, "accepted": 0, "by_handle": {}, "queue": [],
}  # fmt: skip
SENTENCES = {
    "admitted": "请进。",
    "never_synced": "本机尚未与平台同步,不能离线验码,请联网后再用。",
    "offline_too_long": "本机离线已超过 {hours} 小时,请联网同步后再验码。",
    "limit_reached": "本机离线期间放行已达上限,请联网同步后再验码。",
    "handle_limit": "该凭证离线使用次数已达上限,请联网核验。",
    "replayed": "此码已使用过,请刷新后再出示。",
    "exited": "请慢走。",
    "already_used": "此票已使用。",
    "entries_used_up": "此票在本处的入园次数已用完。",
    "already_inside": "此票持有人已在园内,须先出园才能再次入园。",
    "zone_not_included": "此票不含本区域,请到游客中心办理。",
    "zone_needs_network": "本区域只限部分票种,离线无法核对,请找工作人员。",
    "code_stale": "此码已过期(截屏无效),请打开小程序“我的门票”出示实时二维码。",
    "code_ahead": "手机时钟偏快,请打开自动设置时间后刷新二维码再试。",
    "code_used": "此码刚刚用过,请等待二维码刷新后再出示。",
    "static_code_refused": "本景点须出示小程序“我的门票”的实时二维码;没有手机的游客请持身份证到人工通道。",
    "no_ticket": "没有今天本景点的预约,请到游客中心办理。",
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
LOOK = "请核对本人身份证件。"


@dataclass(frozen=True)
class Decision:
    """What the gate shows."""

    result: str
    message: str
    nonce: str

    @property
    def admitted(self) -> bool:
        """Tell whether the barrier opens."""
        return self.result in _PASSED


class OfflineGate:
    """`answer_keys` are put in when the gate is set up; `now` is its own clock, right or wrong."""

    def __init__(  # noqa: PLR0917 - what is set on a real gate
        self, device_id: str, private: Ed25519PrivateKey, file: Path, send: Send,
        answer_keys: dict[str, str], now: Callable[[], float] = clock.timestamp,
    ) -> None:  # fmt: skip
        self._file, self._clock, self._pinned = file, now, answer_keys
        self._id, self._private, self._documents = device_id, private, dict[str, Any]()
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
        fresh = {name: told[name] for name in ("device", "keys", "limits")} | {"rules": told["gate_rules"]}
        fresh |= secret_keys(self._link, scanner_class, self._answer_keys(told["keys"]))
        feed, revoked = told["revocations"], dict(self.state["revoked"])
        revoked |= _revoked(feed)
        while feed["more"]:
            feed = self._call("GET", f"/gate/v1/revocations?cursor={feed['next']}")
            revoked |= _revoked(feed)
        revoked = {key: until for key, until in revoked.items() if until > sent_at}
        used = {once: until for once, until in self.state["used"].items() if until > sent_at}
        passed = {one: seen for one, seen in self.state["passed"].items() if seen["until"] > sent_at}
        self.state |= fresh | {"revoked": revoked, "used": used, "passed": passed, "cursor": feed["next"]}
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

    def fetch_documents(self) -> None:
        """Bring today's list of documents up to date; it is gone when the gate loses its power.

        Raises:
            NoNetwork, Refused: what was known before stays in force.
        """
        day = clock.civil(datetime.fromtimestamp(self.now(), UTC)).date()
        kept = self._documents if self._documents.get("day") == day.isoformat() else {}
        by_match, told = dict(kept.get("by_match", {})), {"next": kept.get("next", ""), "more": True}
        while told["more"]:
            told = opened_list(self._link, day, told["next"])
            for item in told["items"]:
                by_match.setdefault(item["match"], {})[item["ticket"]] = item
        self._documents = {"day": told["day"], "key": told["key"], "by_match": by_match, "next": told["next"]}

    def scan(self, code: str, *, direction: str = "") -> Decision:
        """Ask the service about a code; where no answer comes, decide alone under the same nonce."""
        nonce = secrets.token_hex(12)
        body = {"code": code} | ({"direction": direction} if direction else {})
        try:
            told = self._link.ask("POST", "/gate/v1/scans", body, nonce=nonce)
        except NoNetwork:
            return self.read(code, direction=direction, nonce=nonce)
        if way := _PASSED.get(told["result"]):
            found = self._reader().read(code, self.now(), way)
            self._remember(found, way)
            self._keep()
        return Decision(told["result"], told["message"], nonce)

    def read(self, code: str, *, direction: str = "", nonce: str = "") -> Decision:
        """Decide on a code without network; the decision is kept before it is shown."""
        way, at = direction or self._way(), self.now()
        found = self._standing(at, way) or self._within_limit(self._reader().read(code, at, way), way)
        return self._decided(found, code, way, at, nonce)

    def read_document(self, kind: str, number: str, *, direction: str = "") -> Decision:
        """Decide on an ID card without network, by today's list. The number is kept nowhere."""
        way, at = direction or self._way(), self.now()
        found = self._standing(at, way) or self._within_limit(self._reader().document(kind, number, at, way), way)
        return self._decided(found, found.code, way, at, "")

    def _reader(self) -> Reader:
        return Reader(self.state, self._documents)

    def _way(self) -> str:
        return "out" if self.state["device"].get("direction") == "out" else "in"

    def _decided(self, found: Read, code: str, way: str, at: float, nonce: str) -> Decision:
        passed = found.result == "accepted" or way == "out"  # nobody is locked in
        result = ("admitted" if way == "in" else "exited") if passed else found.result
        nonce = nonce or secrets.token_hex(12)
        if passed:
            self._remember(found, way)
            self.state["accepted"] += way == "in"
        entry = {
            "device": self._id,
            "nonce": nonce,
            "at": _written(at),
            "code_kind": found.kind or ("ticket" if way == "out" else "unknown"),
            "code": code[:3000] or "?",
            "decision": "admitted" if passed else "refused",
            "direction": way,
            "zone": self.state["device"].get("zone") or "",
        }
        if self.state["synced_at"]:
            entry["offline_since"] = _written(self.state["synced_at"])
        if not passed:
            entry["reason"] = result
        self.state["queue"].append(entry | {"proof": entry_proof(self._private, entry)})
        self._keep()
        return Decision(result, self._sentence(found, result), nonce)

    def _remember(self, found: Read, way: str) -> None:
        if found.ticket:
            seen = self.state["passed"].setdefault(found.ticket, {"entries": 0, "steps": [], "until": found.ends})
            seen["inside"] = way == "in"
            seen["entries"] += way == "in"
            seen["steps"] += [found.step] if found.step else []
        elif found.once:
            self.state["used"][found.once] = found.ends
        if way == "in":
            handle = ":".join(found.about)
            self.state["by_handle"][handle] = self.state["by_handle"].get(handle, 0) + 1

    def _standing(self, at: float, way: str) -> Read | None:
        """Return why this gate may let nobody in any more."""
        limits = self.state["limits"]
        if not self.state["synced_at"]:
            return Read("never_synced")
        if way == "out":
            return None
        if at - self.state["synced_at"] > limits["max_offline_hours"] * 3600:
            return Read("offline_too_long")
        return Read("limit_reached") if self.state["accepted"] >= limits["max_accepted"] else None

    def _within_limit(self, found: Read, way: str) -> Read:
        most = self.state["limits"]["max_accepted_per_handle"]
        full = way == "in" and self.state["by_handle"].get(":".join(found.about), 0) >= most
        return Read("handle_limit", found.kind, code=found.code) if found.result == "accepted" and full else found

    def _answer_keys(self, keys: list[dict[str, Any]]) -> dict[str, str]:
        told = {str(one["key_id"]): one["public_key"] for one in keys if one["use"] == "answer"}
        return told or self._pinned

    def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return self._link.call(method, path, body, known=self._answer_keys(self.state["keys"]))

    def _sentence(self, found: Read, result: str) -> str:
        minutes = max(1, round(abs(found.offset_seconds) / 60))
        direction = "快" if found.offset_seconds > 0 else "慢"
        hours = self.state["limits"].get("max_offline_hours", 0)
        look = LOOK if found.look and result == "admitted" else ""
        return SENTENCES[result].format(minutes=minutes, direction=direction, hours=hours) + look

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
