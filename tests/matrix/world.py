"""One world for a module: of every kind of object some that are one's own, somebody else's, of another unit, of another
town, a child's, and ended ones; made over HTTP by the cast."""

from datetime import timedelta

from bson import ObjectId

from backend import clock, runtime
from backend.store import transactions
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.benefits import line_sheet
from models.crowd import source
from models.crowd.reading_form import Told
from models.devices import conflict
from models.eldercare import duty_sheet, measured_sheet, record_sheet
from models.identity import account, approval, person, roles, staff_sheet, unit_sheet
from models.identity.actors import Device
from models.media import file
from models.places import place as places
from models.places import place_sheets, plan_sheets, resource_sheets, scope
from models.registers import fact
from models.registers.statement import Statement
from models.registers.subject import Subject
from models.school import address_sheet, application_sheet, roster_sheet
from tests.matrix.actors import AREA, UNIT
from tests.matrix.alerted import Alerted
from tests.matrix.applied import Applied
from tests.matrix.cast import CHILD, PLACES
from tests.matrix.due_lists import DueLists
from tests.matrix.elders import Elders
from tests.matrix.found import Found
from tests.matrix.known import Known
from tests.matrix.measured import Measured
from tests.matrix.one_card import OTHER_AREA, OTHER_UNIT
from tests.matrix.settled import Settled
from tests.matrix.snapshot import Snapshot
from tests.support import affairs, audit_log, files, slots
from tests.support.clerk import path_of
from tests.support.counter import Counter, in_days
from tests.support.gate import Gate
from tests.support.phone import Phone
from tests.support.queues import drain

IMPORTERS = {
    "sheet.units": ("system_admin", "other_admin"),
    "sheet.staff": ("system_admin", "other_admin"),
    "sheet.places": ("tourism_office", "other_office"),
    "benefit.collect": ("benefit_clerk", "other_clerk"),
    "resource.change": ("tourism_office", "other_office"),
    "school.plan": ("school_manager", "other_planner"),
    "school.find": ("school_manager", "other_planner"),
    "school.serve": ("school_manager", "other_planner"),
    "health.roster": ("health_manager", "other_health"),
    "health.write": ("village_doctor", "care_worker"),
}


class World(Settled, Found, Applied, Elders, Alerted, Known, Measured, DueLists):
    """The cast and all that belongs to them."""

    def __init__(self, app, sandbox):
        super().__init__(app, sandbox)
        for part in (self._orders, self._office, self._facts, self._cases, self._gone, self._files, self._imports):
            part()
        self.make_one_card()
        self.make_tour()
        self.make_produce()
        self.make_schools()
        self.make_firms()
        self.make_matters()
        self.make_settled()
        self.make_found()
        self.make_placed()
        self.make_applied()
        self.make_rule_preview()
        self.make_elders()
        self.make_alerts()
        self.make_measured()
        self.make_known()
        self.propose_school_export()
        self.propose_reach_export()
        self.propose_health_export()
        self._approvals()
        self._staff_objects()
        drain("notify")
        self._notices()
        self._log()
        self.take_snapshot()

    def take_snapshot(self) -> None:
        self.snapshot = Snapshot()

    def put_back(self) -> None:
        self.snapshot.put_back()

    @staticmethod
    def seal(place: str, record: ObjectId, text: str) -> bytes:
        return runtime.current().sealer.seal(place, record, text)

    def _orders(self) -> None:
        own, other, parent = (self.phones[who] for who in ("own", "other", "parent"))
        self.ids["place"] = dict(PLACES)
        self.ids["slot"] = {which: slots.make(50, place_id=place) for which, place in PLACES.items()}
        self.ids["order"] = {which: own.issued(slot)["id"] for which, slot in self.ids["slot"].items()}
        self.ids["companion"] = {"own": own.companion(), "other": other.companion("19770707")}
        removed = self.keep("companion", "deleted", own.companion("19760606"))
        assert own.call("DELETE", f"/mini/v1/companions/{removed}").status_code == 204
        body = {"relation_id": self.ids["acting"]["guardian"]}
        self.keep("companion", "minor", self.made(parent.post("/mini/v1/companions/from-relation", body)))
        here = self.ids["slot"]["own"]
        orders = {"own": self.ids["order"]["own"], "other": other.issued(here)["id"]}
        visitors = ((parent.me, "adult"), (self.ids["companion"]["minor"], "child"))
        orders["minor"] = parent.issued(here, *visitors)["id"]
        self.ids["own order"] = orders
        self.keep("order", "minor", orders["minor"])
        void = own.issued(slots.make(5, place_id=PLACES["own"], days=3))
        tickets = {"own": own, "other": other, "minor": parent}
        self.ids["ticket"] = {
            which: phone.order(orders[which])["tickets"][-1]["id"] for which, phone in tickets.items()
        } | {"deleted": void["tickets"][0]["id"]}
        assert own.cancel(void["id"]).status_code == 200

    def _office(self) -> None:
        """Jobs, gates, a broken glass."""
        office = self.staff["tourism_office"]
        for which, place in PLACES.items():
            closing = slots.make(3, place_id=place, start=20 * 60)
            self.keep(
                "job", which, self.made(office.post(f"/office/v1/slots/{closing}/close", {"reason": "检修"}), 202)
            )
            self.keep("device", which, Gate(self.client, place).id)
            self.keep("journal_conflict", which, self._conflict(place))
            self.keep("crowd_source", which, self._camera(place))
        body = {"order_id": self.ids["order"]["town"], "emergency": "lost_person", "reason": "寻人"}
        self.keep("glass", "own", self.made(self.staff["tourism_office"].post("/office/v1/break-glass", body)))

    @staticmethod
    def _conflict(place_id: str) -> str:
        """Open a conflict of a gate of the place, as settling its journal does."""
        found, now = places.read(place_id), clock.now()
        where = {"device": f"gate-{place_id}", "place": place_id, "unit": found["unit"], "area": scope.area(found)}
        told = {"_id": f"gate-{place_id}:{'0' * 16}", "code_kind": "ticket", "at": now, **where}
        reason = {"reason": "used_twice", "details": {}}
        transactions.run(lambda session: conflict.open_for(told, reason, now, session))
        return told["_id"]

    @staticmethod
    def _camera(place_id: str) -> str:
        """Let a camera of the place have counted, as its reading does."""
        camera = Device(f"camera-{place_id}", "摄像机", place_id, "0" * 16)
        told = Told("c1", "inside", "", "", 1, clock.now(), {"inside": 5})
        source.tell(camera, told, clock.now(), {"received_at": clock.now(), "skew_seconds": 0})
        return source.source_id(camera, "c1")

    def _facts(self) -> None:
        for which, who in {"own": "own", "other": "other", "minor": CHILD}.items():
            told = Statement("person.birth_date", {"birth": "1990-03-07"}, "H-1")
            row = fact.draft(Subject(person=ObjectId(self.person_ids[who])), "household", told, clock.now())
            fact.Fact._get_collection().insert_one(row)
            self.keep("fact", which, row["_id"])

    def _cases(self) -> None:
        """Cases with a file each, at the unit of the matrix; the child's is a guardian's."""
        for which, phone in {"own": "own", "other": "other"}.items():
            self.keep("case", which, affairs.ask_privacy(self.phones[phone]))
        parent, acting = self.phones["parent"], {"Acting-For": self.ids["acting"]["guardian"]}
        fact_id = self.ids["fact"]["minor"]
        disputed = parent.post(f"/mini/v1/facts/{fact_id}/dispute", {"text": "日期登记错误"}, **acting)
        self.keep("case", "minor", self.made(disputed))
        self.keep("case", "unit", affairs.ask_privacy(self.phones["own"], "copy"))
        self.keep("case", "town", affairs.ask_privacy(self.phones["own"], "correct"))
        wish = {"unit": UNIT, "role": "gate_clerk", "area": AREA, "reason": "新到岗"}
        for which, phone in {"own": "own", "other": "other", "town": "parent"}.items():
            self.keep("application", which, self.made(self.phones[phone].post("/mini/v1/staff-applications", wish)))
        for which, case_id in self.ids["application"].items():
            self._lie(case_id, OTHER_UNIT if which == "other" else UNIT, OTHER_AREA if which == "town" else AREA)
        for which, case_id in self.ids["case"].items():
            unit = OTHER_UNIT if which == "unit" else UNIT
            self._lie(case_id, unit, OTHER_AREA if which == "town" else AREA)
            self._attach(which, case_id)

    def _attach(self, which: str, case_id: str) -> None:
        """Put a file into a case, as an answer would."""
        owner = self.phones["other"]
        made = files.upload(owner, "mini", files.png(colour="#0000" + which.encode().hex()[2:4]))
        assert made.status_code == 200, made.json
        file_id = self.keep("case file", which, made.json["id"])
        change = {"$set": {"attached_to": f"case:{case_id}", "state": "attached"}}
        file.File._get_collection().update_one({"_id": ObjectId(file_id)}, change)

    def _gone(self) -> None:
        """Somebody whose account was closed and whose data were deleted."""
        phone = Phone(self.client, self.sandbox).ready().sure("verified")
        gone = account.authenticate(phone.token).document["person"]
        case_id, clerk = affairs.ask_privacy(phone, "close_account"), affairs.seat(self.client, "case_handler")
        affairs.move(clerk, case_id, "claim")
        affairs.decide(clerk, case_id, "granted")
        drain("affairs", "trust")
        assert person.Person._get_collection().find_one({"_id": gone}) is None
        self.keep("person", "deleted", gone)

    def _files(self) -> None:
        for which in ("own", "other", "deleted"):
            phone = self.phones["own" if which == "deleted" else which]
            made = files.upload(phone, "mini", files.png(colour={"own": "red", "other": "blue"}.get(which, "green")))
            self.keep("file", which, self.made(made, 200))
        gone = self.phones["own"].call("DELETE", f"/mini/v1/files/{self.ids['file']['deleted']}")
        assert gone.status_code == 204
        for role in (*roles.ROLES, "stranger"):
            made = files.upload(self.staff[role], "office", files.png(colour="white"))
            self.keep("office file", role, self.made(made, 200))

    def _imports(self) -> None:
        """A checked sheet of each kind, by the one who may and by a colleague."""
        school = (address_sheet.KIND, application_sheet.KIND, roster_sheet.KIND)
        sheets = (*place_sheets.KINDS, *plan_sheets.KINDS, *resource_sheets.KINDS, *school)
        health = (duty_sheet.KIND, measured_sheet.KIND, record_sheet.KIND)
        for kind in (unit_sheet.KIND, staff_sheet.KIND, *sheets, line_sheet.KIND, *health):
            columns = kind.sheet.columns
            known = [UNIT if one.key == "unit" else one.example for one in columns]
            content = files.sheet([one.zh for one in columns], known)
            first, second = IMPORTERS[kind.operation]
            for which, seat in {"own": first, "other": second}.items():
                made = files.send_sheet(self.staff[seat], kind.sheet.name, content)
                self.keep(f"import {kind.sheet.name}", which, self.made(made, 200))
        path = f"/office/v1/sheets/staff/imports/{self.ids['import staff']['own']}/commit"
        assert self.staff["system_admin"].post(path, {"leave_out_wrong": True}).status_code == 202
        drain("reports")

    def _approvals(self) -> None:
        """For each role a proposal of its own, and of each kind one of somebody else."""
        for role in roles.ROLES:
            actor = self.staff[role].actor()
            self.keep(
                "approval",
                role,
                approval.propose(actor, approval.record(actor, "refund", "order:x", reason="甲"))["_id"],
            )
        actor = self.staff["stranger"].actor()
        for kind in approval.KINDS:
            about = {"export": f"orders:tantou:{clock.today()}"}.get(kind, "order:x")
            made = approval.propose(actor, approval.record(actor, kind, about, reason="乙"))
            self.keep("approval", kind, made["_id"])
        manager = self.staff["scenic_manager"].actor()
        about = f"orders:tantou:{clock.today() + timedelta(days=2)}"
        made = approval.propose(manager, approval.record(manager, "export", about, reason="丙"))
        self.keep("export", "own", made["_id"])
        approval.approve(self.staff["privacy_officer"].actor(), made["_id"])
        self.keep("export", "other", self.ids["approval"]["export"])

    def _staff_objects(self) -> None:
        """Members: clerks of the unit, of another unit, of another town, and one who was disabled; an invitation."""
        where = {"own": (UNIT, AREA), "other": (OTHER_UNIT, AREA), "town": (UNIT, OTHER_AREA), "ended": (UNIT, AREA)}
        for which, (unit, area) in where.items():
            clerk = affairs.seat(self.client, "counter_clerk", unit=unit, area=area)
            self.keep("member", which, clerk.member_id)
        self.ids["session"] = dict.fromkeys(where, "seat")
        gone = self.staff["system_admin"].post(f"/office/v1/staff/{self.ids['member']['ended']}/disable")
        assert gone.status_code == 204, gone.json
        _, answer = self.staff["system_admin"].invite("gate_clerk", unit=UNIT)
        self.keep("invitation", "own", path_of(self._link(answer)).rsplit("/", 1)[1])

    @staticmethod
    def _link(answer) -> str:
        assert answer.status_code == 201, answer.json
        return answer.json["link"]

    def _notices(self) -> None:
        for which in ("own", "other"):
            items = self.phones[which].get("/mini/v1/notices").json["items"]
            assert items, f"{which} was told nothing"
            self.keep("notice", which, items[0]["id"])
            body = {"first_day": in_days(1), "curated_id": "one_day_departure"}
            made = self.keep("itinerary", which, self.made(self.phones[which].post("/mini/v1/itineraries", body)))
            shared = self.phones[which].call("PUT", f"/mini/v1/itineraries/{made}/share")
            self.keep("share_code", which, shared.json["share_code"])

    def _log(self) -> None:
        """Access lines about the residents, and audit entries; both in the log's tree."""
        counter = Counter(self.staff["counter_clerk"])
        for which in ("own", "other"):
            assert counter.find(self.persons[which]).status_code == 200
            found = AccessLine._get_collection().find_one({"subjects": ObjectId(self.person_ids[which])})
            self.keep("line", which, found["_id"])
        self.keep("entry", "own", AuditEntry._get_collection().find_one({}, sort=[("_id", -1)])["_id"])
        audit_log.chain()
        proof = self.staff["auditor"].get(f"/office/v1/audit/entries/{self.ids['entry']['own']}/proof").json
        self.leaf = proof["leaf_hash"]
