"""The part of the story that tourism and sport play: windows, lines, cards at gates, messages, texts, positions."""

import secrets
from datetime import timedelta

from bson import ObjectId

from backend import clock
from seed.demo.holiday_gate import Screen
from seed.demo.http import Caller
from tests.support import files
from tests.support.patience import until
from tests.support.phone import Phone, resident_id
from tests.tourism.content_kit import mp3

PARK, POOL, POINT = "park", "sport_pool", "guide_point:monument"
CROWD, ITEMS = f"/office/v1/places/{PARK}/crowd", f"/office/v1/content/items/{POINT}"
EXISTS = {
    "curated_id": "one_day_departure",
    "exhibit_id": "museum_sewing_machine",
    "item_id": POINT,
    "point_id": "monument",
    "route_id": "park_walk",
    "scene": "e=museum_sewing_machine",
    "water": "main",
    "/mini/v1/message-settings/kind": "no_show",
    "/mini/v1/sport/venues/place_id": POOL,
    "/office/v1/message-templates/name": "visit_changed",
    "/office/v1/sms-templates/name": "visit_changed",
    "/office/v1/sport/venues/place_id": POOL,
    "/public/v1/sport/venues/place_id": POOL,
    "/office/v1/places/{place_id}/resources/code": "guide_canary",
}
"""What stands in a path, where a name means something else under another one."""


def made_up() -> dict[str, str]:
    """Return the secrets that this part enters."""
    return {
        "name of a guest at a window": "百里菖蒲",
        "identity number of a guest at a window": resident_id("19510612"),
        "name of a guest at a kiosk": "东郭茯苓",
        "identity number of a guest at a kiosk": resident_id("19520612"),
        "identity number of nobody at a gate": resident_id("19530612"),
        "name of who waits": "公羊忍冬",
        "identity number of who waits": resident_id("19890613"),
        "phone number of who waits": f"1886{secrets.randbelow(10**7):07d}",
        "reason of a headcount": "据保安宗政某口述补记人数",
        "reason of a stop of sales": "县领导亲属一行到访需清场",
        "reason why a no-show is lifted": "当日其母在县医院抢救",
        "objection to a no-show": "因流产住院未能前往请撤销",
        "reason why a text is returned": "撰稿人呼延某抄袭他人作品",
        "bank card for a refund": _card(),
        "holder of a bank card": "闻人苍术",
        "reason of a refund by bank card": "付款人账户因涉诉被冻结",
        "position of a phone": f"115.41{secrets.randbelow(10**9):09d}",
        "what somebody searched": f"戒毒所{secrets.token_hex(4)}附近",
        "content of a recording": f"CANARY-AUDIO-{secrets.token_hex(8)}",
    }


def _card() -> str:
    """Return the number of a bank card with its check digit."""
    body = f"621700{secrets.randbelow(10**12):012d}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return body + str(-sum(one - 9 * (one > 9) for one in doubled) % 10)


class Tour:
    """What the story tells of tourism and sport; `story` holds the people."""

    def __init__(self, story):
        self.story, self.secret, self.known, self.ok = story, story.secret, story.known, story.ok
        self.manager, self.window = story.role("lv.demo"), story.role("shi.demo")
        self.office, self.stage = story.role("tourism_office"), story.stage

    def tell(self) -> None:
        self.secret |= made_up()
        self.known |= EXISTS
        for part in (self.counters, self.gate, self.line, self.no_show, self.crowd, self.text, self.refund, self.sport):
            part()
        self.unsigned()
        self.places_of_a_phone()

    def slot(self, ahead: int) -> str:
        """Return the slot of the park on a day to come."""
        day = (clock.today() + timedelta(days=ahead)).isoformat()
        items = self.story.phone.get(f"/mini/v1/places/{PARK}/slots").json["items"]
        return next(one["id"] for one in items if one["day"] == day)

    def document(self, of: str) -> dict[str, str]:
        return {"kind": "resident_id", "number": self.secret[f"identity number of {of}"]}

    def counters(self) -> None:
        """Who has no phone: at the window, and at a kiosk."""
        who = "a guest at a window"
        guest = {"name": self.secret[f"name of {who}"], "document": self.document(who), "ticket_type": "adult"}
        body = {"slot_id": self.slot(0), "visitors": [guest], "paid_fen": 0}
        sold = self.ok(self.window.post("/office/v1/window-orders", body))
        ticket = sold["tickets"][0]
        self.secret["code of a paper ticket"] = ticket["code"]
        self.ok(
            self.story.client.get(f"/office/v1/window-tickets/{ticket['id']}/slip.png", headers=_bearer(self.window))
        )
        self.known |= {
            "/office/v1/window-orders/order_id": sold["id"],
            "/office/v1/window-tickets/ticket_id": ticket["id"],
        }
        kiosk, who = self.stage.reader(PARK, "自助机"), "a guest at a kiosk"
        told = {"name": self.secret[f"name of {who}"], "document": self.document(who), "ticket_type": "adult"}
        given = kiosk.send("/gate/v1/kiosk-orders", {"slot_id": self.slot(0), **told}, expect=201)
        self.secret["code of a kiosk's ticket"] = given["code"]
        self.story.scanners |= {"/gate/v1/kiosk-orders": kiosk, "/gate/v1/documents": kiosk}

    def gate(self) -> None:
        """Cards on a reader, of somebody and of nobody; a code drawn by a phone."""
        reader, phone = self.stage.reader(PARK, "正门闸机"), self.story.phone
        for who, result in (("a guest at a window", "admitted"), ("nobody at a gate", "no_ticket")):
            assert reader.send("/gate/v1/scans", {"document": self.document(who)})["result"] == result
        order = self.ok(phone.book(self.slot(0)))
        ticket = phone.order(order["id"])["tickets"][0]
        screen = Screen(Caller(self.story.stack.base, phone.token), ticket["id"])
        self.secret |= {"seed of a ticket": screen.package["seed"], "drawn code of a ticket": screen.code()}
        assert reader.scan(self.secret["drawn code of a ticket"])["result"] == "admitted"
        self.known["ticket_id"] = ticket["id"]

    def line(self) -> None:
        """Somebody with a phone number waits, is offered a place, and is told so by a message."""
        told, slot = self.secret, self.slot(9)
        self.ok(self.manager.call("PUT", f"/office/v1/slots/{slot}/quota", {"quota": 1, "shares": {"individual": 1}}))
        order = self.ok(self.story.phone.book(slot))
        waiting = self.waits(told)
        body = {"slot_id": slot, "visitors": [{"companion_id": waiting.me, "ticket_type": "adult"}]}
        entry = self.ok(waiting.post("/mini/v1/waiting", body))["id"]
        self.ok(self.story.phone.cancel(order["id"]))
        until(lambda: waiting.get("/mini/v1/waiting").json["items"][0]["state"] == "offered", what="the offer")
        self.ok(waiting.post(f"/mini/v1/waiting/{entry}/accept"))
        closing = {"place_id": PARK, "first_day": _day(9), "last_day": _day(9), "reason": "道路塌方"}
        job = self.ok(self.office.post("/office/v1/closings", closing))["id"]
        self.known["/office/v1/closings/job_id"] = job
        until(lambda: self.texts(told["phone number of who waits"]), seconds=60, what="the SMS")
        self.ok(self.office.get(f"/office/v1/orders/{entry}/notices"))
        other = self.ok(
            self.story.phone.post("/mini/v1/itineraries", {"first_day": _day(3), "curated_id": EXISTS["curated_id"]})
        )
        shared = self.ok(self.story.phone.call("PUT", f"/mini/v1/itineraries/{other['id']}/share"))
        self.known |= {
            "entry_id": entry,
            "itinerary_id": other["id"],
            "/mini/v1/shared-itineraries/code": shared["share_code"],
        }

    def waits(self, told: dict[str, str]) -> Phone:
        box = self.story.box
        user = box.call("/users", {"name": "who waits", "phone": told["phone number of who waits"]})
        phone = Phone(self.story.client, box, "who waits").log_in()
        for kind in ("document", "phone"):
            phone.consent(kind)
        code = box.call(f"/users/{user['user_id']}/phone_code", {})["code"]
        self.ok(phone.post("/mini/v1/phone", {"code": code}))
        me = {"name": told["name of who waits"], "document_kind": "resident_id"}
        me |= {"document_number": told["identity number of who waits"]}
        phone.me = self.ok(phone.post("/mini/v1/person", me))["id"]
        return phone

    def texts(self, number: str) -> list[dict]:
        return [one for one in self.stage.texts() if one["number"].endswith(number)]

    def no_show(self) -> None:
        """A mark as a release leaves it; its owner objects, the staff lift it."""
        phone, orders = self.story.phone, self.story.stack.store.orders
        order = phone.issued(self.slot(5))
        person = orders.find_one({"_id": ObjectId(order["id"])})["visitors"][0]["person"]
        marks = [f"{order['id']}-{number}" for number in range(2)]
        about = {"person": person, "place": PARK, "day": clock.today().isoformat(), "state": "stands"}
        times = {"at": clock.now(), "forget_at": clock.now() + timedelta(days=90)}
        self.story.stack.store.no_shows.insert_many([{"_id": one, **about, **times} for one in marks])
        self.ok(phone.post(f"/mini/v1/no-shows/{marks[0]}/objection", {"text": self.secret["objection to a no-show"]}))
        why = {"reason": self.secret["reason why a no-show is lifted"]}
        self.ok(self.manager.post(f"/office/v1/no-shows/{marks[0]}/lift", why))
        self.known["mark"] = marks[1]

    def crowd(self) -> None:
        self.ok(
            self.manager.post(f"{CROWD}/headcounts", {"people": 12, "reason": self.secret["reason of a headcount"]})
        )
        until_ = clock.civil(clock.now() + timedelta(minutes=1)).isoformat()
        stop = {"state": "open", "until": until_, "reason": self.secret["reason of a stop of sales"]}
        self.ok(self.manager.call("PUT", f"{CROWD}/override", stop))

    def text(self) -> None:
        """A text with a recording, sent back with a reason."""
        voice = mp3() + self.secret["content of a recording"].encode() + mp3()
        told = {"name": "讲解.mp3", "media_type": "audio/mpeg", "purpose": "content_media"}
        files.upload(self.office, "office", voice, **told)
        number = self.handed_in()
        back = {**number, "verdict": "return", "reason": self.secret["reason why a text is returned"]}
        self.ok(self.story.role("cao.demo").post(f"{ITEMS}/first-review", back))
        self.handed_in()

    def handed_in(self) -> dict[str, int]:
        """Hand a further revision in: what is under review the walk cannot write on."""
        last = self.ok(self.office.get(ITEMS))["revision"]
        content = self.ok(self.office.get(f"{ITEMS}/revisions/{last}"))["content"]
        made = self.ok(self.office.post(f"{ITEMS}/revisions", {"base": last, "content": content}))
        number = {"revision": made["revision"]}
        self.ok(self.office.post(f"{ITEMS}/submit", number))
        return number

    def refund(self) -> None:
        """A refund that does not arrive, sent on to a bank card by two persons."""
        phone, told = self.story.phone, self.secret
        order = phone.issued(phone.free_slot("pingshan", later=8))
        self.story.box.fault("refund_abnormal", count=1)
        self.ok(phone.cancel(order["id"]))
        first, second, work = self.story.role("chen.demo"), self.story.role("chu.demo"), "/office/v1/refund-work"
        items = until(lambda: first.get(work).json["items"], seconds=60, what="the work about a refund")
        card = {"bank_type": "CCB_DEBIT", "card_number": told["bank card for a refund"]}
        card |= {"holder": told["holder of a bank card"], "reason": told["reason of a refund by bank card"]}
        made = self.ok(first.post(f"{work}/{items[0]['id']}/bank-card", card))
        self.ok(second.post(f"/office/v1/approvals/{made['id']}/approve"))
        self.known["refund_id"] = items[0]["id"]

    def sport(self) -> None:
        """A closing that is looked at, a guide, and a sensor, for the walk."""
        span = {"place_id": "sport_ground", "from_day": _day(3), "to_day": _day(3), "reason": "rain"}
        self.known["closure_id"] = self.ok(self.office.post("/office/v1/sport/closures", span))["id"]
        self.ok(self.office.call("PUT", f"/office/v1/places/{self.known['place_id']}/resources/guide_canary", GUIDE))
        self.story.scanners["/gate/v1/sport/water-readings"] = self.stage.gate(POOL)

    def unsigned(self) -> None:
        """A scanner of before, whose entries carry no signature: the walk cannot sign what it changes."""
        gate = self.stage.gate(self.known["place_id"])
        post = {"direction": "in", "signs_entries": False}
        self.ok(self.story.role("system_admin").call("PUT", f"/office/v1/devices/{gate.name}/post", post))
        self.story.scanners["/gate/v1/journal"] = gate

    def places_of_a_phone(self) -> None:
        """Where somebody is and what they look for is asked in a query, and kept nowhere."""
        at = f"lon={self.secret['position of a phone']}&lat=25.951087"
        for path in (
            f"/mini/v1/guide/nearby?{at}&accuracy_m=12",
            f"/mini/v1/culture-map?{at}",
            f"/mini/v1/places?{at}",
        ):
            self.ok(self.story.client.get(path))
        self.ok(self.story.client.get(f"/mini/v1/search?q={self.secret['what somebody searched']}"))


GUIDE = {"kind": "guide", "name_zh": "讲解员"}


def _day(ahead: int) -> str:
    return (clock.today() + timedelta(days=ahead)).isoformat()


def _bearer(clerk) -> dict[str, str]:
    return {"Authorization": f"Bearer {clerk.token}"}
