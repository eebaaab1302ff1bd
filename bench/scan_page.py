"""The scan page against its floor; the time of wrong tags and unknown serials; how long 100,000 codes take."""

import time
from statistics import median

import requests
from bson import ObjectId

import tasks.functions  # noqa: F401 - this process works on the job too
from backend import clock, outbox
from backend.embedded.process import Child, free_port, wait_until
from backend.store import transactions
from bench import rounds, stand, wrk
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack, answers
from models.selenium import (
    certificate,
    code,
    commitment,
    harvesting,
    pack,
    plot,
    roll,
    roll_labels,
    standard,
    standard_check,
    trade_item,
)
from models.selenium.certification import Certification
from models.selenium.lot import Lot
from models.selenium.plot import Plot
from models.selenium.producer import Grower, Producer
from models.selenium.product import Product
from models.selenium.standard_check import Measured

SECONDS, PAGES, MANY, TRIES = 2, 400, 100_000, 400
PRODUCT, VILLAGE = "navel_orange", "360731105002"


def bench() -> list[Figure]:
    """Issue codes, look at them, and guess."""
    wrk.find()
    with stand.stand({"LIMIT_FACTOR": "100000", "ENVIRONMENT": "development"}) as stack:
        labels, issuing = _issue(_grower())
        made = [f"/t/{code.text(labels, n)}" for n in range(1, PAGES + 1)]
        path = stack.folder / "scans.txt"
        path.write_text("".join(f"none {one}\n" for one in made))
        product = stack.children["api"]
        base, floor = _start_floor(stack, product.command, made[0])
        try:
            pairs = [
                Pair(_run(stack, base, str(path), floor), _run(stack, stack.base, str(path), product))
                for _ in range(rounds.ROUNDS)
            ]
        finally:
            floor.stop()
        return [
            *rounds.figures("scan_page", pairs, of="scan", floor="bare WSGI", target=0.4),
            *_guesses(stack, code.text(labels, 1)),
            Figure("scan_page.issuing", MANY / issuing, "codes/s", f"{MANY} codes with sheets in {issuing:.0f} s"),
        ]


def _grower() -> Grower:
    made = {
        "_id": ObjectId(),
        "kind": "person",
        "person": ObjectId(),
        "shown_name": "潭头社区种植户",
        "state": "active",
    }
    made |= {"village": VILLAGE, "village_zh": "梓山镇潭头社区", "created_at": clock.now(), "created_by": "bench"}
    Producer._get_collection().insert_one(made)
    row = {"valid_from": "2026-01-01", "valid_to": None, "kg_per_mu": 2000, "source": "bench"}
    Product._get_collection().update_one({"_id": PRODUCT}, {"$set": {"yields": [row]}})
    field = {
        "_id": ObjectId(),
        "producer": made["_id"],
        "village": VILLAGE,
        "village_zh": "潭头",
        "area_m2": 10_000_000,
    }
    field["name"] = plot.sealed_name(field["_id"], "园")
    Plot._get_collection().insert_one(
        field | {"confirmed_m2": 10_000_000, "products": [PRODUCT], "state": "confirmed", "created_at": clock.now()}
    )
    return Grower(made["_id"], "bench", producer=made)


def _issue(grower: Grower) -> tuple[dict, float]:
    item = trade_item.create(grower, trade_item.Told(PRODUCT, "富硒脐橙 5 kg", 5000))["_id"]
    began = time.monotonic()
    labels = roll.order(grower, roll.Wanted(item, MANY, sheet="a4_24"))
    while roll.read(labels["_id"])["state"] != "ready":
        outbox.drain("reports")
        if time.monotonic() - began > 300:
            raise BenchFailed("the codes are not made")
        time.sleep(0.1)
    took = time.monotonic() - began
    if code.Code._get_collection().count_documents({"roll": labels["_id"]}) != MANY:
        raise BenchFailed("there are more or fewer codes than were ordered")
    field = Plot._get_collection().find_one({"producer": grower.producer_id})
    goods = harvesting.create(grower, harvesting.Harvest(PRODUCT, (field["_id"],), 10_000_000_000, clock.today()))
    Lot._get_collection().update_one({"_id": goods["_id"]}, {"$set": {"season": labels["season"]}})
    pack.activate(grower, pack.bind(grower, labels["_id"], goods["_id"], 1, MANY)["_id"])
    _certify(grower, goods)
    return labels, took


def _certify(grower: Grower, goods: dict) -> None:
    """Give the lot the papers that a page shows: a certificate with its verdicts, and a commitment."""
    verdicts = standard_check.side_by_side(standard.listed(), Measured(12), "fruit", clock.today())
    report = {"lab_zh": "测试检测中心", "cma": "201414000123", "report_number": "JC-1", "basis": "fresh"}
    report |= {"report_date": clock.today().isoformat(), "se_mg_per_kg": "0.012"}
    record = {"_id": ObjectId(), "producer": grower.producer_id, "product": PRODUCT, "village": VILLAGE}
    record |= {"lots": [goods["_id"]], "plots": goods["plots"], "verdicts": verdicts, "report": report}
    record |= {"met": [one["standard"] for one in verdicts if one["outcome"] == "pass"]}
    Certification._get_collection().insert_one(record)
    transactions.run(lambda session: certificate.issue(record, by="bench", session=session))
    commitment.issue(grower, commitment.Told(goods["_id"], 1_000_000, ("self_test",)))


def _start_floor(stack: Stack, command: list[str], path: str) -> tuple[str, Child]:
    port = str(free_port())
    changed = {str(stack.port): port, "wsgi:app": "bench.floors.scan_page:app"}
    log = stack.folder / "logs" / "floor.log"
    child = Child([changed.get(word, word) for word in command], log, env=stack.env)
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(base + path), seconds=20, what=f"the floor (see {log})")
    return base, child


def _run(stack: Stack, base: str, paths: str, server: Child) -> Run:
    meter = rounds.meter(stack, api=server.popen.pid)
    load = wrk.run(base, SECONDS, env={"GETS": paths})
    return Run(load.rate, load.p99_ms, rounds.each(meter, load.requests))


def _guesses(stack: Stack, text: str) -> list[Figure]:
    """Compare a wrong tag on an issued serial with a serial that was never issued, in turns."""
    keys = roll_labels.product_code
    bodies = {"tag": text[:10] + text[21:9:-1], "serial": text[:2] + text[9:1:-1] + text[10:22]}
    wrong = {name: _checked(keys, body) for name, body in bodies.items()}
    took: dict[str, list[float]] = {name: [] for name in wrong}
    with requests.Session() as session:
        for _ in range(TRIES):
            for name, one in wrong.items():
                began = time.perf_counter()
                session.get(f"{stack.base}/t/{one}", timeout=10)
                took[name].append((time.perf_counter() - began) * 1000)
    tag, serial = median(took["tag"]), median(took["serial"])
    told = f"wrong tag {tag:.2f} ms, unknown serial {serial:.2f} ms, {TRIES} each in turns"
    return [Figure("scan_page.timing", abs(tag / serial - 1), "apart", told, target=0.1, better="lower")]


def _checked(keys, body: str) -> str:
    for letter in keys.ALPHABET:
        try:
            keys.read(body + letter)
        except keys.CheckWrong:
            continue
        return body + letter
    raise BenchFailed(body)
