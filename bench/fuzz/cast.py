"""Who calls during the fuzzing: residents, members of the staff of each role, and a gate, put into the store by rules.

Whoever calls what ends their own session or account is `doomed`: another one than those who read. Anybody whose session
ended, or who lost their role, is replaced by somebody like them before the next call.
"""

import itertools
import json
import os
import re
import secrets
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyotp
import requests
from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import runtime
from bench import clerks, visitors
from bench.fuzz import measuring, owned
from models.identity import binding, device, password, roles
from models.identity.account import Account
from models.identity.staff import StaffMember

# Two processes put residents into one store: each counts their birthdays from another one.
visitors._numbers = itertools.count(os.getpid() % 15_000 * 1_000)

PASSWORD = "Xiang-jiang 1934"
UNITS = {
    "tourism_office": "culture_tourism",
    "scenic_manager": "changzhengyuan",
    "gate_clerk": "changzhengyuan",
    "counter_clerk": "administrative_approval",
    "finance_clerk": "finance",
    "unit_admin": "public_security",
    "window_clerk": "changzhengyuan",
    "venue_manager": "education_sports",
    "school_manager": "education_sports",
    "school_clerk": "school_demo_primary_07",
    "school_liaison": "town_360731100",
    "village_doctor": measuring.CLINIC,
    "care_worker": measuring.CLINIC,
    "health_manager": "health_commission",
    "health_duty": "health_commission",
    "policy_clerk": "industry_information",
    "policy_manager": "industry_information",
}
"""Where the members sit; the others at the unit that privacy requests go to."""
ELSEWHERE = "human_resources"
CHOSEN = ("tourism_office", "system_admin", "case_handler", "counter_clerk", "security_admin", "privacy_officer")
"""Whom to ask first where several roles hold an operation."""
OWN = {"approval.own": "system_admin"}
"""Who asks for what everybody may have of their own."""
VICTIM = "gate_clerk"
"""Whom others may disable, move and log out."""
OTHERS = {
    "content.review_first": "scenic_manager@culture_tourism",
    "content.review_second": "tourism_office@culture_tourism",
    "content.review_final": "case_supervisor@culture_tourism",
}
"""Who looks at what another one wrote."""
GATE_PLACE = "park"
GATES = {
    "": (GATE_PLACE, "venue"),
    "/gate/v1/sport/": ("sport_pool", "sensor"),
    "/gate/v1/health/": (measuring.CLINIC, "medical"),
    "/gate/v1/health/samples": (measuring.CLINIC, "wearable"),
}
"""Which device sends, by how the path begins: where it stands and what it is."""
RESIDENT, NEIGHBOUR = "resident", "neighbour"
PEERS = (
    *(RESIDENT, NEIGHBOUR, "tourism_office", f"scenic_manager@{ELSEWHERE}"),
    *("case_handler", f"case_handler@{ELSEWHERE}", "counter_clerk"),
)
"""Who must not see what another one of them owns."""
ENDING = re.compile(
    r"(POST|DELETE) /(mini|office)/v1/(logout|logout-everywhere|sessions|sessions/\{session_id\}|password)"
    r"|DELETE /mini/v1/consents/\{purpose\}"
)
"""Operations that end the session or the account of who calls them."""
DOOMED = "!"


@dataclass(frozen=True)
class Player:
    """Somebody with an open session."""

    token: str
    owner: str
    person: str = ""
    companions: tuple[str, ...] = ()
    organisation: str = ""


class Cast:
    """Players by name: `resident`, `neighbour`, a role, or `role@unit`; with `!` at the end the doomed one."""

    def __init__(self, players: dict[str, Player], gates: dict[str, tuple[str, bytes]], full_slot: str = "") -> None:
        self._players, self._gates, self.full_slot = players, gates, full_slot
        self.enrolment: dict[str, list[str]] = {}
        self.health: dict[str, list[str]] = {}
        self.enterprise: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    @classmethod
    def make(cls) -> "Cast":
        """Put everybody into the store."""
        names = {*PEERS, *OTHERS.values(), *roles.ROLES, RESIDENT + DOOMED, CHOSEN[0] + DOOMED}
        return cls({name: new_player(name) for name in sorted(names)}, {path: new_gate(path) for path in GATES})

    def save(self, path: Path) -> None:
        """Write everybody to a file."""
        players = {name: asdict(player) for name, player in self._players.items()}
        gates = {where: [name, private.hex()] for where, (name, private) in self._gates.items()}
        path.write_text(json.dumps({"players": players, "gates": gates}))

    @classmethod
    def load(cls, path: Path) -> "Cast":
        """Read everybody from a file."""
        told = json.loads(path.read_text())
        players = {name: Player(**one) for name, one in told["players"].items()}
        gates = {where: (name, bytes.fromhex(private)) for where, (name, private) in told["gates"].items()}
        return cls(players, gates)

    def __getitem__(self, name: str) -> Player:
        return self._players[name]

    def __iter__(self) -> Any:
        return iter(self._players)

    def replace(self, name: str, ended: str) -> None:
        """Put somebody else in a place whose session `ended` is over."""
        with self._lock:
            if self._players[name].token == ended:
                self._players[name] = new_player(name)

    def still_fits(self, name: str) -> bool:
        """Tell whether a member of the staff still has their role, and is not disabled."""
        role = name.rstrip(DOOMED).partition("@")[0]
        member = {"_id": ObjectId(self._players[name].owner), "state": "active", "assignments.role": role}
        return role not in roles.ROLES or StaffMember._get_collection().find_one(member, {"_id": 1}) is not None

    def spare(self, case: Any) -> None:
        """Let what would end the session or the roles of somebody who still has to call hit another member."""
        steady = {player.owner for name, player in self._players.items() if name != VICTIM}
        if case.method != "GET" and (case.path_parameters or {}).get("member_id") in steady:
            case.path_parameters["member_id"] = self._players[VICTIM].owner

    def gate(self, path: str) -> tuple[str, bytes]:
        """Return the id and private key of the device that sends to a path."""
        return self._gates[_prefix(path)]

    def new_gate(self, path: str) -> None:
        """Register another device, when the one there was is revoked."""
        self._gates[_prefix(path)] = new_gate(_prefix(path))


def name_for(label: str, access: dict[str, str]) -> str:
    """Return the name of somebody who may call an operation, "" where nobody logs in."""
    doomed = DOOMED if ENDING.fullmatch(label) else ""
    if access.get("actor") in {"resident", "member"}:
        return RESIDENT + doomed
    if access.get("actor") in {"staff", "caller"}:
        operation, purpose = access["operation"], access.get("purpose", "")
        if operation in OWN | OTHERS:
            return (OWN | OTHERS)[operation] + doomed
        may = [name for name, role in roles.ROLES.items() if _holds(role, operation, purpose)]
        return next(name for name in (*CHOSEN, *may) if name in may) + doomed
    return ""


def _holds(role: roles.Role, operation: str, purpose: str) -> bool:
    return operation in role.operations | roles.EVERYBODY and (not purpose or purpose in role.purposes)


def new_player(name: str) -> Player:
    """Put somebody new into the store, as a name tells."""
    role, _, unit = name.rstrip(DOOMED).partition("@")
    return _resident() if role in {RESIDENT, NEIGHBOUR} else _member(role, unit or UNITS.get(role, "big_data_centre"))


def _resident() -> Player:
    family = visitors.seed(1)
    one, by = family[0], "system:fuzz"
    _known_to_wechat(one.account)
    binding.raise_level(one.account, one.person, "verified", method="counter", evidence=["fuzz"], by=by)
    companions = tuple(one.companion for one in family)
    return Player(one.token, str(one.account), str(one.person), companions, owned.firm(one.person))


def _known_to_wechat(account_id: ObjectId) -> None:
    """Make the account that of a user whom the sandbox has, or no order of theirs could be paid."""
    base, sealer = runtime.current().settings.wechat_api_base, runtime.current().sealer
    user = requests.post(f"{base}/sandbox/users", json={"name": f"fuzz-{account_id}"}, timeout=30).json()
    openid = {
        "openid": sealer.seal("accounts.openid", account_id, user["openid"]),
        "openid_index": sealer.blinds("accounts.openid", user["openid"]),
    }
    Account._get_collection().update_one({"_id": account_id}, {"$set": openid})


def _member(role: str, unit: str) -> Player:
    clerk = clerks.seat(1, role, unit)[0]
    member_id, secret = clerk.actor.staff_id, pyotp.random_base32()
    totp = runtime.current().sealer.seal("staff.totp", member_id, secret)
    change = {"$set": {"password": _digest(), "totp": totp, "totp_step": 0}}
    StaffMember._get_collection().update_one({"_id": member_id}, change)
    return Player(clerk.token, str(member_id))


_digests: list[str] = []


def _digest() -> str:
    if not _digests:
        _digests.append(password.digest(PASSWORD))
    return _digests[0]


def new_gate(prefix: str) -> tuple[str, bytes]:
    """Register a device and return its id and private key."""
    private, name = Ed25519PrivateKey.generate(), f"fuzz-{secrets.token_hex(4)}"
    public, (place, scanner_class) = private.public_key().public_bytes_raw(), GATES[prefix]
    duty, unit = device.Duty(reads_documents=scanner_class == "venue"), ""
    if scanner_class in measuring.KINDS:
        measuring.add(name, scanner_class)
        unit = place
    told = {"place": place, "public_key": public, "scanner_class": scanner_class, "unit": unit, "duty": duty}
    device.register("staff:fuzz", name, name="东门", **told)
    return name, private.private_bytes_raw()


def _prefix(path: str) -> str:
    return max((one for one in GATES if path.startswith(one)), key=len)
