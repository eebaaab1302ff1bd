"""Who is in the world: residents of each level and kin, the seats of the staff, a gate; made over HTTP."""

from typing import Any

from bson import ObjectId
from mongoengine.connection import get_db

from backend import outbox
from models.identity import opaque_token, password, roles
from models.identity.levels import LEVELS
from models.identity.relation_terms import SCOPE_ZH
from models.identity.staff import StaffMember
from tests.matrix.actors import AREA, UNIT, Caller
from tests.support import affairs
from tests.support.clerk import Clerk
from tests.support.counter import Counter, in_days
from tests.support.gate import Gate
from tests.support.phone import Phone, resident_id

PLACES = {"own": "tantou", "other": "selenium_museum", "town": "qilushan"}
"""A place of the staff's own unit and town, one of another unit in that town, one of the unit in another town."""
VENUE, VENUE_UNIT, VENUE_SEAT = "sport_gymnasium", "education_sports", "venue_manager/venue"
"""A venue of sport, its unit, and the seat of who manages it: the unit of the matrix has no venue."""
NAMES = {"own": "覃一鸣", "other": "阙二梅", "parent": "逄三江", "child": "苌小苗", "elder": "庹老根"}
BIRTHS = {"own": "19900307", "other": "19880111", "parent": "19850505", "child": "20190402", "elder": "19500606"}
CHILD = "child"


class Cast:
    """`ids[kind][which]` is the id of an object; `persons[who]` what is known of a planted person."""

    def __init__(self, app, sandbox):
        self.sandbox, self.client = sandbox, app.test_client()
        outbox.set_waker(lambda _queue: None)
        self.ids: dict[str, dict[str, str]] = {}
        self.persons = {
            who: {"name": name, "document_kind": "resident_id", "document_number": resident_id(BIRTHS[who])}
            for who, name in NAMES.items()
        }
        self.staff = self._seated()
        self.gate = Gate(self.client, PLACES["own"])
        self.phones = {who: self._phone(who) for who in ("own", "other", "parent", "elder")}
        self._bind_at_levels()
        self._family()

    def _seated(self) -> dict[str, Clerk]:
        """Seat two of each role at the unit: one for the whole county, and as `role/town` one for a town only."""
        found = {role: affairs.seat(self.client, role, unit=UNIT) for role in roles.ROLES}
        found |= {f"{role}/town": affairs.seat(self.client, role, unit=UNIT, area=AREA) for role in roles.ROLES}
        found["stranger"] = affairs.seat(self.client, "counter_clerk", unit=UNIT)
        found["other_office"] = affairs.seat(self.client, "tourism_office", unit=UNIT)
        found["other_clerk"] = affairs.seat(self.client, "benefit_clerk", unit=UNIT)
        found[VENUE_SEAT] = affairs.seat(self.client, "venue_manager", unit=VENUE_UNIT)
        found["other_planner"] = affairs.seat(self.client, "school_manager", unit=UNIT)
        found["other_admin"] = affairs.seat(self.client, "system_admin", unit=UNIT)
        found["other_health"] = affairs.seat(self.client, "health_manager", unit=UNIT)
        digest = {"$set": {"password": password.digest("Xiang-jiang 1934")}}
        for clerk in found.values():
            StaffMember._get_collection().update_one({"_id": clerk.member_id}, digest)
        return found

    def _phone(self, who: str) -> Phone:
        phone = Phone(self.client, self.sandbox).log_in()
        phone.consent("document")
        answer = phone.post("/mini/v1/person", self.persons[who])
        assert answer.status_code == 201, answer.json
        phone.me = answer.json["id"]
        assert {phone.consent(purpose).status_code for purpose in ("minor", "facts")} == {204}
        return phone.sure("verified")

    def _bind_at_levels(self) -> None:
        """A phone at each level besides `verified`, which `own` is."""
        for level in LEVELS[:-1]:
            phone = Phone(self.client, self.sandbox).log_in()
            if level != "account":
                phone.consent("document")
                phone.bind("文" + "甲乙丙"[LEVELS.index(level) - 1])
            self.phones[level] = phone.sure(level) if level == "matched" else phone

    def callers(self) -> list[Caller]:
        """Return one caller of each kind: the columns of the matrix."""
        found = [Caller("anonymous", "anyone", self.client), Caller("device", "device", self.client, gate=self.gate)]
        levelled = {"verified": self.phones["own"]} | {level: self.phones[level] for level in LEVELS[:-1]}
        found += [
            Caller(f"resident {level}", "resident", self.client, levelled[level].token, level) for level in LEVELS
        ]
        found += [self.acting("helper"), self.acting("helper of few"), self.acting("guardian")]
        return found + [self.member(role) for role in roles.ROLES]

    def acting(self, name: str) -> Caller:
        who = "parent" if name == "guardian" else "own"
        me = Caller(name, "resident", self.client, self.phones[who].token, "verified")
        scope = {"helper": ("affairs", "health"), "helper of few": ("card",), "guardian": tuple(SCOPE_ZH)}[name]
        return me.acting(name, self.ids["acting"][name], "any", *scope)

    def resident(self, who: str) -> Caller:
        return Caller(f"resident {who}", "resident", self.client, self.phones[who].token, "verified")

    def member(self, seat: str) -> Caller:
        return Caller(seat, "staff", self.client, self.staff[seat].token, role=seat.partition("/")[0])

    def key_of(self, caller: Caller) -> str:
        """Return how lines name a caller."""
        if caller.kind == "resident":
            return f"resident:{opaque_token.owner(caller.token)}:for:{caller.acting_for}"
        return f"staff:{self.staff[caller.name].member_id}" if caller.kind == "staff" else ""

    def keep(self, kind: str, which: str, made: Any) -> str:
        self.ids.setdefault(kind, {})[which] = str(made)
        return str(made)

    def _family(self) -> None:
        """Relations: `own` helps the elder, the parent is the guardian of the child; each verified at the counter."""
        counter = Counter(self.staff["counter_clerk"])
        self.child = counter.registered(self.persons[CHILD], seen="birth_certificate")
        self.person_ids = {who: str(self._person(who)) for who in self.phones if who in NAMES} | {CHILD: self.child}
        me, elder, parent = (self.person_ids[who] for who in ("own", "elder", "parent"))
        told = {"scope": ["affairs"], "last_day": in_days(60)}
        helper = self.made(counter.relate("helper", elder, me, **told | {"scope": ["affairs", "health"]}))
        few = self.made(counter.relate("helper", parent, me, **told | {"scope": ["card"]}))
        guardian = self.made(counter.relate("guardian", self.child, parent))
        self.ids["acting"] = {"helper": helper, "helper of few": few, "guardian": guardian}
        self.ids["relation"] = {"own": helper, "other": guardian}
        helped = self.made(counter.relate("helper", me, elder, **told))
        ended = self.made(counter.relate("helper", self.person_ids["other"], me, **told))
        assert self.phones["own"].call("DELETE", f"/mini/v1/relations/{ended}").status_code == 204
        self.ids["relation"] |= {"helped": helped, "deleted": ended}
        self.ids["person"] = {"own": me, "minor": self.child}
        self.ids["counter_session"] = {
            which: counter.standing(who)["Counter-Session"] for which, who in {"own": me, "parent": parent}.items()
        }
        window = Counter(self.staff["policy_window"])
        self.keep("counter_session", "window", window.standing(me)["Counter-Session"])
        stranger = Counter(self.staff["stranger"])
        self.keep("counter_session", "other", stranger.standing(self.person_ids["other"])["Counter-Session"])

    def _person(self, who: str) -> ObjectId:
        account = {"_id": self._account(self.phones[who])}
        return get_db().accounts.find_one(account)["person"]

    @staticmethod
    def _account(phone: Phone) -> ObjectId:
        return opaque_token.owner(phone.token)

    @staticmethod
    def made(answer, status: int = 201) -> str:
        assert answer.status_code == status, answer.json
        return answer.json["id"]
