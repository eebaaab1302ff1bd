"""What selenium adds to the story: a firm with a plot, lots, labels, packs, a box that was sold, papers, and events."""

import csv
import io
import secrets
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from backend import clock
from deploy.stack import Stack
from seed.demo import selenium_papers
from tests.dumps.onecard_story import sent
from tests.support.clerk import Clerk
from tests.support.counter import Counter, resident
from tests.support.patience import until
from tests.support.phone import Phone, person
from tests.support.registers import RegistersBox

VILLAGE, TOWN, ORANGE, STANDARD = "360731105002", "town_360731105", "navel_orange", "db36t_566_2009"
MINI, FIRM, ORGANISATION = "/mini/v1/selenium", "/enterprise/v1/selenium", "X-Organisation-Id"
HARVESTED, PACKAGE_GRAMS, LABELS = 1_000_000, 5000, 6
STAFF = (
    ("town", "agriculture_clerk", TOWN),
    ("office", "agriculture_office", "agriculture_rural"),
    ("second", "agriculture_office", "agriculture_rural"),
    ("clerk", "cert_clerk", "selenium_industry_centre"),
    ("manager", "cert_manager", "selenium_industry_centre"),
    ("lab", "lab_clerk", "market_supervision"),
    ("second_lab", "lab_clerk", "market_supervision"),
)


class Story:
    """Who is needed here: the owner of a firm, known to the registers and seen at a counter, a farmer, and staff."""

    def __init__(self, stack: Stack, phone: Phone, admin: Clerk) -> None:
        self.client, self.sandbox = phone.client, phone.sandbox
        self.registers = object.__new__(RegistersBox)
        self.registers.base = stack.env["REGISTERS_BASE"]
        self.staff = {name: admin.hire(role, unit=unit) for name, role, unit in STAFF}
        self.counter = Counter(admin.hire("counter_clerk", unit="administrative_approval"))
        self.phone, number = self.known("欧阳橙", "19780309", "business")
        (business,) = self.registers.lookup(number)["business"]
        made = sent(self.phone.post("/enterprise/v1/organisations", {"credit_code": business["credit_code"]}), 201)
        self.organisation = made["id"]

    def known(self, name: str, birth: str, *registers: str) -> tuple[Phone, str]:
        """Return the phone of somebody verified, and the number of their document."""
        body = person(name, birth)
        number = body["document_number"]
        self.registers.person(number=number, name=name, **{"with": list(registers)})
        phone = resident(self.client, self.sandbox)
        assert phone.consent("facts").status_code == 204
        self.counter.verified(phone, body)
        return phone, number

    def post(self, path: str, body: Any = None, status: int = 201) -> dict:
        return sent(self.phone.post(f"{FIRM}{path}", body, **self.named), status)

    def get(self, path: str) -> dict:
        return sent(self.phone.get(f"{FIRM}{path}", **self.named))

    @property
    def named(self) -> dict[str, str]:
        return {ORGANISATION: self.organisation}


def tell(stack: Stack, phone: Phone, admin: Clerk) -> dict:
    """Live it and return what later releases must still find."""
    story = Story(stack, phone, admin)
    plot, item = _registered(story)
    lot, second = _harvested(story, plot)
    told = {"plot": plot, "item": item, "lot": lot, "second": second}
    told |= {"certificate": _certified(story, lot), "commitment": _committed(story, lot)}
    told |= {"waiting": story.post("/certifications", _application(second))["id"]}
    told |= {"goods": _packed(story, item, lot), "farmer": _farmer(story)}
    told |= {"quota": story.get(f"/quota?product={ORANGE}"), "events": events(story.phone, story.organisation)}
    told |= {"lot_shown": story.get(f"/lots/{lot}"), "tokens": story.phone.log_in().tokens}
    staff = {name: {"login": story.staff[name].login, "secret": story.staff[name].secret} for name in _KEPT}
    return told | {"organisation": story.organisation, "staff": staff}


_KEPT = ("office", "second", "clerk")


def events(phone: Phone, organisation: str) -> dict[str, dict]:
    """Return the events that a firm reads over the standard's own interface, by their id."""
    found = sent(phone.get("/epcis/events?perPage=100", **{ORGANISATION: organisation}))
    return {one["eventID"]: one for one in found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]}


def _registered(story: Story) -> tuple[str, str]:
    """A producer, a plot that the town measured, and a package; another plot waits for the town."""
    story.post("/producer", {"village": VILLAGE, "phone": "13600000011"})
    body = {"name": "屋后园", "village": VILLAGE, "area_mu": "12.5", "products": [ORANGE]}
    plot, _waiting = (story.post("/plots", body)["id"] for _ in range(2))
    measured = {"area_mu": "12.5", "evidence": "measured"}
    sent(story.staff["town"].post(f"/office/v1/plots/{plot}/confirm", measured))
    item = {"product": ORANGE, "name_zh": "脐橙礼盒", "net_grams": PACKAGE_GRAMS}
    return plot, story.post("/trade-items", item)["id"]


def _harvested(story: Story, plot: str) -> list[str]:
    """An input and a harvest, graded; return the grades."""
    day = clock.today().isoformat()
    fed = {"input": "fertiliser", "plots": [plot], "day": day, "name": "有机肥", "amount": "9", "unit": "kg"}
    story.post("/inputs", fed)
    body = {"product": ORANGE, "plots": [plot], "grams": HARVESTED, "harvested_on": day}
    harvest = story.post("/lots", body)["id"]
    into = [{"grade": "一级", "grams": 600_000}, {"grade": "二级", "grams": 300_000}]
    graded = {"taken": [{"lot": harvest, "grams": HARVESTED}], "into": into, "day": day}
    return [one["id"] for one in story.post("/gradings", graded)["lots"]]


def _application(lot: str) -> dict:
    return {"lots": [lot], "standards": [STANDARD]}


def _certified(story: Story, lot: str) -> dict:
    """From the application over a sample to a certificate."""
    staff, made = story.staff, story.post("/certifications", _application(lot))
    _decided(staff["clerk"], made["case_id"], "accepted")
    seal = f"YD-{secrets.token_hex(5).upper()}"
    sample = {"seal": seal, "lot": lot, "grams": 3000, "retained_grams": 1000}
    sent(staff["clerk"].post(f"/office/v1/certifications/{made['id']}/samples", sample), 201)
    sent(staff["clerk"].post(f"/office/v1/samples/{seal}/hand", {"to": staff["lab"].id}))
    sent(staff["lab"].post(f"/office/v1/samples/{seal}/receive", {"grams": 3000, "intact": True}))
    entered = sent(staff["lab"].post(f"/office/v1/samples/{seal}/results", selenium_papers.report(seal)), 201)
    sent(staff["second_lab"].post(f"/office/v1/lab-results/{entered['id']}/confirm"))
    _decided(staff["manager"], made["case_id"], "granted")
    number = story.get(f"/certifications/{made['id']}")["certificate"]
    public = sent(story.client.get(f"/public/v1/selenium/certificates/{number}"))
    return {"id": made["id"], "number": number, "public": public}


def _decided(clerk: Clerk, case_id: str, outcome: str) -> None:
    sent(clerk.post(f"/office/v1/cases/{case_id}/claim"))
    sent(clerk.post(f"/office/v1/cases/{case_id}/decide", {"outcome": outcome, "reason": "材料属实。"}))


def _committed(story: Story, lot: str) -> dict:
    made = story.post("/commitments", {"lot": lot, "grams": 100_000, "ticks": ["self_commitment"]})
    return sent(story.client.get(f"/public/v1/selenium/commitments/{made['number']}"))


def _packed(story: Story, item: str, lot: str) -> dict:
    """A roll: two packages were scanned, boxed and shipped, two are bound, two labels are on nothing."""
    roll = story.post("/rolls", {"item": item, "count": LABELS}, 202)["id"]
    until(lambda: story.get(f"/rolls/{roll}")["state"] == "ready", seconds=90, what="the labels")
    paths = list(_paths(story, roll))
    sold, bound = (
        story.post(f"/rolls/{roll}/packs", {"lot": lot, "first": first, "last": first + 1})["id"] for first in (1, 3)
    )
    story.post(f"/packs/{sold}/activate", status=200)
    assert "累计查验:1 次" in page(story.client, paths[0])
    day = clock.today().isoformat()
    box = story.post("/boxes", {"packs": [{"pack": sold, "first": 1, "last": 2}], "day": day})["id"]
    buyer = story.post("/buyers", {"name": "澹台小满", "phone": "13700000012"})["id"]
    shipment = story.post("/shipments", {"buyer": buyer, "day": day, "boxes": [box]})["id"]
    made = {"roll": roll, "sold": sold, "bound": bound, "box": box, "buyer": buyer, "shipment": shipment}
    return made | {"paths": paths}


def _paths(story: Story, roll: str) -> Iterator[str]:
    """Yield the paths of the labels' codes, as the print shop gets them."""
    archive = story.phone.get(f"{FIRM}/rolls/{roll}/labels.zip", **story.named).data
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        rows = list(csv.reader(io.StringIO(files.read("labels.csv").decode("utf-8-sig"))))
    yield from (urlsplit(row[1]).path for row in rows[1:])


def page(client: Any, path: str) -> str:
    """Return what the public page of a package says."""
    return str(client.get(path).data.decode())


def _farmer(story: Story) -> dict:
    """A farmer with a phone alone, who harvested."""
    farmer, _ = story.known("濮阳禾", "19690412")
    sent(farmer.post(f"{MINI}/producer", {"village": VILLAGE, "phone": "13900000013", "show_name": True}), 201)
    body = {"name": "河边园", "village": VILLAGE, "area_mu": "3", "products": [ORANGE]}
    plot = sent(farmer.post(f"{MINI}/plots", body), 201)["id"]
    sent(story.staff["town"].post(f"/office/v1/plots/{plot}/confirm", {"area_mu": "3", "evidence": "measured"}))
    body = {"product": ORANGE, "plots": [plot], "grams": 200_000, "harvested_on": clock.today().isoformat()}
    lot = sent(farmer.post(f"{MINI}/lots", body), 201)
    return {"tokens": farmer.log_in().tokens, "plot": plot, "lot": lot}
