"""Packages of selenium oranges: labels are printed and stuck on, anybody scans one, boxes leave for buyers."""

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from backend import clock
from backend.codes.product_code import ALPHABET
from seed.demo.http import check
from seed.demo.selenium_firm import Firm
from seed.demo.selenium_papers import PACKAGE_GRAMS, SE
from seed.demo.stage import Stage, until

LABELS, IN_A_BOX, LOOSE = 60, 40, 20
STEPS = {"commissioning", "creating_class_instance", "packing", "shipping", "retail_selling"}


def printed(own: Firm, item: str) -> Iterator[str | list[str]]:
    """Order a roll of labels and fetch it as a print shop does; the paths of the codes come last."""
    roll = own.post("/selenium/rolls", {"item": item, "count": LABELS}, expect=202)
    read = f"/selenium/rolls/{roll['id']}"
    until(lambda: own.get(read), lambda one: one["state"] == "ready", "the labels")
    sheet, archive = own.get(f"{read}/sheets/1.pdf"), own.get(f"{read}/labels.zip")
    check(sheet[:5] == b"%PDF-", "a sheet is a PDF")
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        names, text = files.namelist(), files.read("labels.csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))[1:]
    paths = [urlsplit(payload).path for _, payload, _ in rows]
    check(len(set(paths)) == LABELS and names[-1] == "manifest.json", "every label has its own code")
    yield f"roll {roll['id']}: {LABELS} labels for {LABELS * PACKAGE_GRAMS // 1000} kg; PDF of {len(sheet)} bytes, ZIP"
    yield [roll["id"], *paths]


def too_many(own: Firm, item: str) -> str:
    """Order more labels than the plots may yield; return what is answered."""
    refused = own.post("/selenium/rolls", {"item": item, "count": 100_000}, expect=409)
    check(refused["code"] == "code_quota_exceeded", "codes never exceed the yield")
    return f"labels for 500 t are refused: {refused['message']}"


def packed(stage: Stage, own: Firm, roll: str, lot: str, path: str) -> Iterator[str]:
    """Stick the labels on packages of a lot and put them on the market; the number of the pack comes last."""
    check("标签尚未启用" in _page(stage, path), "a printed label proves nothing yet")
    bound = own.post(f"/selenium/rolls/{roll}/packs", {"lot": lot, "first": 1, "last": LABELS})
    check("标签尚未启用" in _page(stage, path), "neither does one that is bound")
    active = own.post(f"/selenium/packs/{bound['id']}/activate", expect=200)
    yield f"a label before it is on the market: 标签尚未启用; bound to the lot as {bound['id']}: {active['state_zh']}"
    yield str(bound["id"])


def scanned(stage: Stage, own: Firm, lot: str, path: str) -> Iterator[str]:
    """Let anybody scan a package, and type a code wrong."""
    page = _page(stage, path)
    words = ("正品,查验通过", f"{SE} mg/kg", "DB36/T 566-2009", "承诺达标合格证", "梓山镇潭头社区", own.name, lot)
    for word in (*words, "用药(安全间隔期 15 天)", "累计查验:1 次"):
        check(word in page, f"the page of a package tells {word}")
    check("累计查验:2 次" in _page(stage, path), "scans are counted")
    yield f"anybody scans a package: {', '.join(words[:5])}; a page of {len(page.encode())} bytes, counted"
    last = ALPHABET[(ALPHABET.index(path[-1]) + 1) % len(ALPHABET)]
    slip = _page(stage, path[:-1] + last, expect=404)
    check("码读错了一个字符" in slip, "a slip of the hand is told as one")
    forged = _page(stage, "/t/01" + "0" * 21, expect=404)
    check("正品" not in slip + forged and own.name not in slip + forged, "a wrong code tells nothing of any goods")
    yield "one character typed wrong: 码读错了一个字符; a made-up code is refused too"


def shipped(own: Firm, pack: str, firm: Firm, neighbour: dict[str, str]) -> Iterator[str]:
    """Box packages and ship them to a firm, hand others to a person who buys; say that they were sold."""
    day = clock.today().isoformat()
    box = own.post("/selenium/boxes", {"packs": [{"pack": pack, "first": 1, "last": IN_A_BOX}], "day": day})
    shop = own.post("/selenium/buyers", {"name": firm.name, "credit_code": firm.credit_code})
    check(shop["registered"], "the county knows the firm")
    sent = own.post("/selenium/shipments", {"buyer": shop["id"], "day": day, "boxes": [box["id"]]})
    note = own.get(f"/selenium/shipments/{sent['id']}/note.pdf")
    check(note[:5] == b"%PDF-", "a delivery note goes along")
    coming = next(one for one in firm.get("/selenium/deliveries")["items"] if one["id"] == sent["id"])
    firm.post(f"/selenium/deliveries/{sent['id']}/receive", expect=200)
    check((coming["boxes"], coming["from_zh"]) == (1, own.name), "the firm sees what comes in, and from whom")
    yield f"box {box['id']} with {IN_A_BOX} packages leaves for {firm.name}, which confirms its arrival"
    person = own.post("/selenium/buyers", neighbour)
    packs = [{"pack": pack, "first": IN_A_BOX + 1, "last": IN_A_BOX + LOOSE}]
    own.post("/selenium/shipments", {"buyer": person["id"], "day": day, "packs": packs})
    sold = own.post(f"/selenium/packs/{pack}/sell", expect=200)
    yield f"{LOOSE} packages go to a neighbour, of whom name and phone are kept sealed: {sold['state_zh']}"


def traced(own: Firm, firm: Firm, person: dict[str, str]) -> str:
    """Read back over the standard's own interface what the forms have written; return what to say."""
    mine, theirs = events(own), events(firm)
    steps = {str(one.get("bizStep", "")) for one in mine}
    check(steps >= STEPS, f"every form wrote its event, {steps}")
    check({one["type"] for one in mine} >= {"ObjectEvent", "AggregationEvent", "TransformationEvent"}, "of each type")
    check([one["bizStep"] for one in theirs if one.get("bizStep") == "shipping"] == ["shipping"], "what came to it")
    check(not any(told in str(mine + theirs) for told in person.values()), "no event names a person")
    return f"EPCIS: {len(mine)} events ({', '.join(sorted(steps - {''}))}), {len(theirs)} of them for the buyer"


def events(who: Firm) -> list[dict[str, Any]]:
    """Return the events that an organisation may read."""
    found = who.get("/epcis/events?perPage=100")
    return list(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"])


def page(stage: Stage, path: str) -> str:
    """Return what the public page of a package says."""
    return _page(stage, path)


def _page(stage: Stage, path: str, *, expect: int = 200) -> str:
    return bytes(stage.anybody.get(path, expect=expect)).decode()
