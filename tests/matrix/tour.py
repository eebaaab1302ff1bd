"""What tourism and sport have of everybody: lines, no-shows, windows, venues, closings, texts, refunds that hang."""

from functools import partial

from bson import ObjectId

from backend import clock
from backend.store import transactions
from models.booking import no_show, order
from models.booking.order import Order
from models.messaging import notice
from models.messaging.notice import Notice
from models.payments import bill_line, refund, refund_work
from models.payments.bill_line import MatchedLine
from models.payments.refund import Refund
from models.places import resource, window_calls
from models.places.place import Place
from models.places.resource import Resource
from tests.matrix.cast import CHILD, PLACES
from tests.matrix.one_card import OTHER_UNIT, WHERE, OneCard
from tests.support import affairs, files, slots
from tests.support.clerk import Clerk
from tests.support.counter import in_days
from tests.support.phone import Phone
from tests.tourism.content_kit import audio, mp3
from tests.tourism.sport_kit import hour

VENUES = {which: f"matrix_venue_{which}" for which in PLACES}
COURT, GUIDE, WATER = "court_1", "guide_1", "main"
COURT_FEN = 3000
ITEMS, SPORT = "/office/v1/content/items", "/office/v1/sport"


class Tour(OneCard):
    """A cast that waits, did not come, bought at a window, plays, writes, and has refunds that did not arrive."""

    def make_tour(self) -> None:
        for part in (self._lines, self._no_shows, self._windows, self._guides, self._venues, self._courts):
            part()
        for part in (self._closings, self._texts, self._refund_work, self._bill_lines, self._messages):
            part()

    def _lines(self) -> None:
        """A slot that is sold out, for which two wait, and one for which somebody waited."""
        own, other, parent = (self.phones[who] for who in ("own", "other", "parent"))
        full, given_up = (slots.make(1, place_id=PLACES["own"], days=days) for days in (5, 6))
        for slot_id in (full, given_up):
            parent.issued(slot_id)
        self.keep("waiting", "own", self._waits(own, full))
        self.keep("waiting", "other", self._waits(other, full))
        gone = self.keep("waiting", "deleted", self._waits(own, given_up))
        assert own.post(f"/mini/v1/waiting/{gone}/give-up").status_code == 200

    def _waits(self, phone: Phone, slot_id: str) -> str:
        body = {"slot_id": slot_id, "visitors": [{"companion_id": phone.me, "ticket_type": "adult"}]}
        return self.made(phone.post("/mini/v1/waiting", body))

    def _no_shows(self) -> None:
        """Marks as a release leaves them: of everybody at the own place, of the elder at all places."""
        for which, who in {"own": "own", "other": "other", "minor": CHILD}.items():
            self.keep("own mark", which, self._marked(who, PLACES["own"]))
        for which, place in PLACES.items():
            self.keep("mark", which, self._marked("elder", place))
        self.keep("mark", "minor", self.ids["own mark"]["minor"])

    def _marked(self, who: str, place: str) -> str:
        rule = no_show.rule_on(clock.today())
        assert rule is not None
        told = {"_id": f"{ObjectId()}-0", "person": ObjectId(self.person_ids[who]), "place": place}
        told |= {"day": clock.today().isoformat(), "age_band": "adult"}
        assert transactions.run(partial(no_show.record, [told], rule, clock.now())) == 1
        return str(told["_id"])

    def _windows(self) -> None:
        """What windows sold at each place, to the elder, and to the child."""
        sellers = dict.fromkeys(PLACES, self.staff["window_clerk"])
        sellers["other"] = affairs.seat(self.client, "window_clerk", unit=OTHER_UNIT)
        for which, place in PLACES.items():
            self._sold(which, sellers[which], slots.make(5, place_id=place, days=8), "elder", "adult")
        self._sold("minor", sellers["own"], slots.make(5, place_id=PLACES["own"], days=9), CHILD, "child")

    def _sold(self, which: str, clerk: Clerk, slot_id: str, who: str, ticket_type: str) -> None:
        told = self.persons[who]
        document = {"kind": told["document_kind"], "number": told["document_number"]}
        guest = {"name": told["name"], "document": document, "ticket_type": ticket_type}
        answer = clerk.post("/office/v1/window-orders", {"slot_id": slot_id, "visitors": [guest], "paid_fen": 0})
        self.keep("window order", which, self.made(answer))
        window_calls.note(order.read(ObjectId(self.made(answer))), "slot_closed", key="matrix", reason="雨")
        self.keep("window ticket", which, answer.json["tickets"][0]["id"])

    def _guides(self) -> None:
        """A guide at each place, and a job that makes the codes of its exhibits."""
        office = self.staff["tourism_office"]
        for which, place in PLACES.items():
            told = {"kind": "guide", "name_zh": "讲解员"}
            answer = office.call("PUT", f"/office/v1/places/{place}/resources/{GUIDE}", told)
            assert answer.status_code == 200, answer.json
            self.keep("guide", which, GUIDE)
            started = office.post("/office/v1/guide/codes", {"place": place})
            assert started.status_code == 202, started.json
            self.keep("codes job", which, started.json["job_id"])

    def _venues(self) -> None:
        """A venue of the own unit and town, one of another unit, one in another town; each lets a court by water."""
        places, pattern = Place._get_collection(), Place._get_collection().find_one({"_id": "sport_gymnasium"})
        for rank, (which, name) in enumerate(VENUES.items(), start=5_000):
            unit, area = WHERE[which]
            places.insert_one({**pattern, "_id": name, "rank": rank, "unit": unit, "town_code": area, "slots": []})
            court = Resource._get_collection().find_one({"_id": "sport_gymnasium.badminton_1"})
            own = {"_id": resource.resource_id(name, COURT), "place": name, "code": COURT}
            made = {**court, **own, "about": {**court["about"], "water": WATER}}
            Resource._get_collection().insert_one(made)
            resource.open_slots(made, clock.today(), 5)
            self.keep("venue", which, name)
            read = {"water": WATER, "at": clock.civil(clock.now()).isoformat(), "values": {"ph": 7.4}}
            told = self.staff["tourism_office"].post(f"{SPORT}/venues/{name}/water-readings", read)
            assert told.status_code == 201, told.json

    def _courts(self) -> None:
        """Hours of courts: one's own and somebody else's at the own venue, paid; and one at the other unit's."""
        told = {"own": ("own", "own", 2), "other": ("other", "own", 3), "elsewhere": ("own", "other", 3)}
        for which, (who, venue, days) in told.items():
            phone = self.phones[who]
            players = [{"companion_id": one} for one in (phone.me, self.ids["companion"][who])]
            slot_id = hour(19, COURT, place=VENUES[venue], days=days)
            body = {"slots": [slot_id], "players": players, "ticket_type": "standard"}
            answer = phone.post("/mini/v1/sport/bookings", body)
            order = self.keep("court", which, self.made(answer))
            phone.pay(answer.json)
            assert phone.post(f"/mini/v1/orders/{order}/payment-check").json["state"] == "issued"

    def _closings(self) -> None:
        office = self.staff["tourism_office"]
        for which, venue in VENUES.items():
            body = {"place_id": venue, "from_day": in_days(4), "to_day": in_days(4), "reason": "rain"}
            self.keep("sport closing", which, self.made(office.post(f"{SPORT}/closures", body)))
        for which, place in PLACES.items():
            slots.make(5, place_id=place, days=12)
            body = {"place_id": place, "first_day": in_days(12), "last_day": in_days(12), "reason": "检修"}
            self.keep("closing job", which, self.made(office.post("/office/v1/closings", body), 202))

    def _texts(self) -> None:
        """Texts with two revisions and a voice, each by the staff of its place."""
        authors = dict.fromkeys(PLACES, self.staff["scenic_manager"])
        authors["other"] = affairs.seat(self.client, "scenic_manager", unit=OTHER_UNIT)
        for which, place in PLACES.items():
            author, told = authors[which], {"name": "讲解.mp3", "media_type": "audio/mpeg", "purpose": "content_media"}
            voice = self.keep("text file", which, self.made(files.upload(author, "office", mp3(), **told), 200))
            content = {"title_zh": "讲解点", "text_zh": "文字", "media": [audio(voice)]}
            item = self.keep(
                "text", which, self.made(author.post("/office/v1/guide/points", {"place": place, "content": content}))
            )
            body = {"base": 1, "content": {**content, "text_zh": "改后的文字"}}
            self.made(author.post(f"{ITEMS}/{item}/revisions", body))

    def _refund_work(self) -> None:
        """Refunds that did not arrive, of each unit's money."""
        for which, court in {"own": "own", "other": "elsewhere"}.items():
            paid = Order._get_collection().find_one({"_id": ObjectId(self.ids["court"][court])})["payment"]
            refund_id = refund.request(paid, "order", fen=COURT_FEN, reason="退款", on_done={})
            Refund._get_collection().update_one({"_id": refund_id}, {"$set": {"state": "abnormal", "outbox": []}})
            assert refund_work.follow(refund_id)["state"] == "open"
            self.keep("refund work", which, refund_id)

    def _bill_lines(self) -> None:
        day, number = "2026-11-01", "P1"
        line = {"day": day, "kind": "payment", "number": number, "row": 1, "rows": [1], "there_fen": 6000}
        told = {"_id": bill_line.id_of(day, "payment", number), "outcome": "missing_here", "standing": "open"}
        MatchedLine._get_collection().insert_one({**line, **told, "at": clock.now()})
        self.keep("bill line", "own", told["_id"])

    def _messages(self) -> None:
        """A message that did not go out, and one that is on its way."""
        account, about = self._account(self.phones["own"]), self.ids["own order"]["own"]
        values = {"place": "潭头", "day": in_days(1), "time": "09:00", "reason": "检修"}
        notice.tell(account, "slot_closed", key=about, values=values)
        failed = {"problem": {"channel": "sms", "code": "template_refused"}, "state": "done"}
        change = {"$set": {**failed, "channels.sms": {"state": "failed"}, "outbox": []}}
        found = Notice._get_collection().find_one_and_update({"key": f"slot_closed:{account}:{about}"}, change)
        self.keep("problem", "own", found["_id"])
