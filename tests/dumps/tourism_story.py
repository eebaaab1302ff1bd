"""What tourism and sport add to the story: orders of several counters, a window, a line, courts, crowds, a text."""

import base64
import json
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock
from deploy.stack import Stack
from tests.support.clerk import Clerk
from tests.support.gate import Gate
from tests.support.patience import until
from tests.support.phone import Phone, resident_id

PARK, PARK_UNIT, GROUND, POOL = "park", "long_march_museum", "sport_ground", "sport_pool"
GUIDE, POINT, SPORT = "guide_1", "guide_point:monument", "/office/v1/sport"
GUIDE_DAYS = 14
WORK = "/office/v1/refund-work"
SUMMARY = "双帆造型的纪念碑。"


class Story:
    """Who is needed here: staff of the park, the county and the venues, and a resident with a companion."""

    def __init__(self, phone: Phone, admin: Clerk) -> None:
        self.client, self.sandbox, self.admin = phone.client, phone.sandbox, admin
        self.manager = admin.hire("scenic_manager", unit=PARK_UNIT)
        self.office = admin.hire("tourism_office", unit="culture_tourism")
        self.venue = admin.hire("venue_manager", unit="education_sports")
        self.phone = self.resident()
        self.friend = self.phone.companion()

    def resident(self) -> Phone:
        return Phone(self.client, self.sandbox).ready()

    def gate(self, place: str, **post) -> Gate:
        """Register a gate, a kiosk or a sensor over HTTP; its key is made up, so it may lie in the story."""
        private, name = Ed25519PrivateKey.generate(), f"tourism-{place}"
        public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
        body = {"id": name, "name": "终端", "place_id": place, "public_key": public}
        sent(self.admin.post("/office/v1/devices", body), 201)
        if post:
            sent(self.admin.call("PUT", f"/office/v1/devices/{name}/post", post))
        made = object.__new__(Gate)
        made.client, made.id, made.name, made.private = self.client, name, "终端", private
        return made

    def slot(self, place: str, ahead: int, start: str = "", resource: str = "") -> str:
        """Return the slot of a place or resource on a day to come, or on the next one on which it is open."""
        day = (clock.today() + timedelta(days=ahead)).isoformat()
        found = (one for one in self.slots(place, resource) if one["day"] >= day and start in {"", one["start"]})
        return next(one["id"] for one in found)

    def slots(self, place: str, resource: str = "") -> list[dict]:
        query = f"?resource={resource}" if resource else ""
        return self.client.get(f"/mini/v1/places/{place}/slots{query}").json["items"]


def tell(_stack: Stack, phone: Phone, admin: Clerk) -> dict:
    """Live it and return what later releases must still find."""
    story = Story(phone, admin)
    told = {
        "guided": _guided(story),
        "parts": _parts(story),
        "counters": _counters(story),
        "line": _line(story),
        "court": _court(story),
        "water": _water(story),
        "crowd": _crowd(story),
        "text": _text(story),
        "itinerary": _itinerary(story),
        "grant": _grant(story),
        "trouble": _trouble(story),
    }
    return told | {"tokens": story.phone.log_in().tokens, "staff": {name: kept(one) for name, one in _staff(story)}}


def sent(answer, status: int = 200) -> dict:
    """Return the JSON of an answer with the status that it must have."""
    assert answer.status_code == status, answer.json
    return answer.json


def kept(clerk: Clerk) -> dict:
    return {"login": clerk.login, "secret": clerk.secret}


def _staff(story: Story):
    return {"manager": story.manager, "office": story.office, "venue": story.venue}.items()


def _guided(story: Story) -> dict:
    """A free visit with a guide who costs, paid."""
    base, today = f"/office/v1/places/{PARK}/resources/{GUIDE}", clock.today().isoformat()
    sent(story.office.call("PUT", base, {"kind": "guide", "name_zh": "讲解员", "days_ahead": GUIDE_DAYS}))
    price = {"code": "tour", "name_zh": "讲解", "price_fen": 8000, "from_day": today}
    sent(story.office.call("PUT", f"{base}/prices", price), 202)
    line = {"start": "09:00", "end": "10:00", "quota": 1}
    sent(story.office.call("PUT", f"{base}/plan", {"from_day": today, "lines": [line]}), 202)
    visit = story.slot(PARK, 5)
    day = next(one["day"] for one in story.slots(PARK) if one["id"] == visit)
    hours = until(
        lambda: [one["id"] for one in story.slots(PARK, GUIDE) if one["day"] == day],
        seconds=90, what="the hours of the guide", pause=0.2,
    )  # fmt: skip
    visitors = [{"companion_id": story.phone.me, "ticket_type": "adult"}]
    extras = [{"slot_id": hours[0], "ticket_type": "tour"}]
    made = story.phone.post("/mini/v1/orders", {"slot_id": visit, "visitors": visitors, "extras": extras})
    return _paid(story.phone, sent(made, 201))


def _paid(phone: Phone, made: dict) -> dict:
    phone.pay(made)
    phone.post(f"/mini/v1/orders/{made['id']}/payment-check")
    found = phone.order(made["id"])
    assert found["state"] == "issued", found
    return found


def _parts(story: Story) -> dict:
    """Of two who paid, one was cancelled alone."""
    phone = story.phone
    order = phone.issued(phone.free_slot("pingshan", later=6), (phone.me, "adult"), (story.friend, "adult"))
    sent(phone.post(f"/mini/v1/orders/{order['id']}/cancel", {"visitors": [1]}))
    until(lambda: phone.order(order["id"])["partial_refunds"][0]["state"] == "succeeded", what="the refund of a part")
    return phone.order(order["id"])


def _counters(story: Story) -> dict:
    """Sold at a window against cash, and given by a kiosk."""
    window = story.admin.hire("window_clerk", unit="changzhengyuan")
    guest = {"name": "窗口游客", "ticket_type": "adult", "document": _document("19710307")}
    slot = story.phone.free_slot("pingshan", later=6)
    body = {"slot_id": slot, "visitors": [guest], "paid_fen": 6000}
    sold = sent(window.post("/office/v1/window-orders", body), 201)
    kiosk, path = story.gate(PARK, reads_documents=True), "/gate/v1/kiosk-orders"
    guest = {
        "slot_id": story.slot(PARK, 4),
        "name": "自助游客",
        "ticket_type": "adult",
        "document": _document("19720307"),
    }
    proof = kiosk.signed(json.dumps(guest).encode(), path=path)
    given = sent(story.client.post(path, json=guest, headers={"Authorization": proof}), 201)
    private = base64.b64encode(kiosk.private.private_bytes_raw()).decode()
    gate = {"id": kiosk.id, "private": private}
    return {"window": kept(window), "sold": sold, "given": given, "gate": gate, "document": guest["document"]}


def _document(birth: str) -> dict:
    return {"kind": "resident_id", "number": resident_id(birth)}


def _line(story: Story) -> dict:
    """A slot with one place, booked by one and waited for by another; a limit for the day."""
    slot, day = story.slot(PARK, 7), (clock.today() + timedelta(days=7)).isoformat()
    sent(story.manager.call("PUT", f"/office/v1/slots/{slot}/quota", {"quota": 1, "shares": {"individual": 1}}))
    cap = {"places": 100, "from_day": day, "valid_to": day}
    job = sent(story.manager.call("PUT", f"/office/v1/places/{PARK}/daily-caps", cap), 202)["job_id"]
    until(lambda: story.manager.get(f"/office/v1/jobs/{job}").json["done"], what="the limit of the day")
    first, second = story.resident(), story.resident()
    order = first.issued(slot)
    body = {"slot_id": slot, "visitors": [{"companion_id": second.me, "ticket_type": "adult"}]}
    entry = sent(second.post("/mini/v1/waiting", body), 201)
    assert entry["position"] == 1, entry
    tokens = [one.log_in().tokens for one in (first, second)]
    return {"slot": slot, "order": order["id"], "entry": entry["id"], "tokens": tokens}


def _court(story: Story) -> dict:
    """Two hours of a court, and a closing of another day that was looked at and confirmed."""
    hours = [story.slot(GROUND, 5, start, "basketball_1") for start in ("18:00", "19:00")]
    players = [{"companion_id": one} for one in (story.phone.me, story.friend)]
    body = {"slots": hours, "players": players, "ticket_type": "standard"}
    booked = _paid(story.phone, sent(story.phone.post("/mini/v1/sport/bookings", body), 201))
    day = (clock.today() + timedelta(days=6)).isoformat()
    body = {"place_id": GROUND, "from_day": day, "to_day": day, "outdoor": True, "reason": "rain"}
    closure = sent(story.venue.post(f"{SPORT}/closures", body), 201)
    sent(story.venue.post(f"{SPORT}/closures/{closure['id']}/confirm"), 202)
    return {"booked": sent(story.phone.get(f"/mini/v1/sport/bookings/{booked['id']}")), "closure": closure["id"]}


def _water(story: Story) -> dict:
    at = clock.civil(clock.now()).isoformat("T", "seconds")
    reading = {"water": "main", "at": at, "values": {"ph": 7.4, "turbidity": 0.4}}
    return sent(story.venue.post(f"{SPORT}/venues/{POOL}/water-readings", reading), 201)


def _crowd(story: Story) -> dict:
    """A limit that staff set, and a headcount."""
    base, day = f"/office/v1/places/{PARK}/crowd", (clock.today() + timedelta(days=1)).isoformat()
    limit = {"instantaneous": 4000, "daily": 9000, "valid_from": day, "source": "演示文件"}
    sent(story.office.post(f"{base}/limits", limit), 201)
    sent(story.manager.post(f"{base}/headcounts", {"people": 321, "reason": "早间清点"}), 201)
    return {"limits": sent(story.manager.get(f"{base}/limits")), "people": 321}


def _text(story: Story) -> dict:
    """A text that went through three reviews."""
    items, number = f"/office/v1/content/items/{POINT}", {"revision": 2}
    content = sent(story.office.get(f"{items}/revisions/1"))["content"] | {"summary_zh": SUMMARY}
    sent(story.office.post(f"{items}/revisions", {"base": 1, "content": content}), 201)
    sent(story.office.post(f"{items}/submit", number))
    unit = "culture_tourism"
    for step, role in (("first", "scenic_manager"), ("second", "tourism_office"), ("final", "case_supervisor")):
        clerk = story.admin.hire(role, unit=unit)
        sent(clerk.post(f"{items}/{step}-review", {**number, "verdict": "pass"}))
    sent(story.office.post(f"{items}/publish", number))
    return {"item": POINT, "summary_zh": SUMMARY}


def _itinerary(story: Story) -> dict:
    body = {"first_day": (clock.today() + timedelta(days=5)).isoformat(), "curated_id": "one_day_departure"}
    made = sent(story.phone.post("/mini/v1/itineraries", body), 201)
    shared = sent(story.phone.call("PUT", f"/mini/v1/itineraries/{made['id']}/share"))
    sent(story.phone.call("PUT", "/mini/v1/message-settings/visit_reminder", {"on": False}), 204)
    return {"itinerary": made, "share_code": shared["share_code"]}


def _grant(story: Story) -> dict:
    """A tap by which the phone allows one message."""
    template = sent(story.phone.get("/mini/v1/message-templates?moment=order"))["items"][0]
    body = {"moment": "order", "results": [{"template_id": template["template_id"], "result": "accept"}]}
    sent(story.phone.post("/mini/v1/message-grants", body), 201)
    return sent(story.phone.get("/mini/v1/message-templates?moment=order"))["items"][0]


def _trouble(story: Story) -> dict:
    """A refund that does not arrive, claimed by somebody of the finance bureau."""
    order = story.phone.issued(story.phone.free_slot("pingshan", later=8))
    story.sandbox.fault("refund_abnormal", count=1)
    sent(story.phone.cancel(order["id"]))
    clerk = story.admin.hire("finance_clerk", unit="finance")
    until(lambda: clerk.get(WORK).json["items"], seconds=120, what="a refund that a person must look after")
    (found,) = clerk.get(WORK).json["items"]
    return {"clerk": kept(clerk), "order": order["id"], "work": sent(clerk.post(f"{WORK}/{found['id']}/claim"))}
