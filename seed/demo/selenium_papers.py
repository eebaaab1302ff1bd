"""What stands behind a package of selenium oranges: a confirmed plot, records, a sample, a certificate, a promise."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from backend import clock
from seed.demo.http import Caller, check
from seed.demo.selenium_firm import VILLAGE, Firm
from seed.demo.stage import Stage

ORANGE = "navel_orange"
AREA_MU, KG_PER_MU, PACKAGE_GRAMS = "12.5", 2000, 5000
STANDARD = "db36t_566_2009"
SE = "0.012"
HARVESTED, SORTED, SECOND = 2_000_000, 1_500_000, 450_000
REASON = "经核对,材料和检测结论属实。"


def registered(stage: Stage, own: Firm, phone: str) -> Iterator[str | dict[str, Any]]:
    """Register a producer and a plot, which the town confirms; plot and trade item come last."""
    producer = own.post("/selenium/producer", {"village": VILLAGE, "phone": phone})
    check(producer["shown_name"] == own.name, "the public reads the name of an organisation")
    body = {"name": "村东演示园", "village": VILLAGE, "area_mu": AREA_MU, "products": [ORANGE]}
    plot = own.post("/selenium/plots", body)
    package = {"product": ORANGE, "name_zh": "演示富硒脐橙 5 kg 礼盒", "net_grams": PACKAGE_GRAMS}
    item = own.post("/selenium/trade-items", package)
    _ceiling(stage)
    check(_left(own) == 0, "what nobody has confirmed yields no codes")
    yield f"producer in {producer['village_zh']}, plot of {AREA_MU} mu: {plot['state_zh']}, no codes yet"
    town = stage.clerk("agriculture_clerk")
    found = town.post(f"/office/v1/plots/{plot['id']}/confirm", {"area_mu": AREA_MU, "evidence": "measured"})
    check(found["state"] == "confirmed" and _left(own) > 0, "a confirmed plot has a quota")
    yield f"the town measures it: {found['state_zh']}, codes for {_left(own) // 1000} kg this season"
    yield {"plot": plot["id"], "item": item["id"]}


def harvested(own: Firm, plot: str) -> Iterator[str | dict[str, Any]]:
    """Record inputs and a harvest, and grade it; the harvest and the first grade come last."""
    day, tend = clock.today(), {"plots": [plot], "unit": "kg_per_mu"}
    fed = {"input": "fertiliser", "day": _ago(200), "name": "有机肥", "amount": "200"}
    own.post("/selenium/inputs", {**tend, **fed})
    sprayed = {"input": "pesticide", "day": _ago(40), "name": "矿物油乳油", "amount": "1.5", "interval_days": 15}
    record = own.post("/selenium/inputs", {**tend, **sprayed, "target": "红蜘蛛"})
    check(not record.get("warnings"), "the safety interval is kept")
    yield f"a farmer's form: {record['what_zh']}"
    body = {"product": ORANGE, "plots": [plot], "grams": HARVESTED, "harvested_on": day.isoformat()}
    lot = own.post("/selenium/lots", body)
    into = [{"grade": "一级", "grams": SORTED}, {"grade": "二级", "grams": SECOND}]
    body = {"taken": [{"lot": lot["id"], "grams": HARVESTED}], "into": into, "day": day.isoformat()}
    first, second = own.post("/selenium/gradings", body)["lots"]
    check(first["parents"] == second["parents"] == [lot["id"]], "a graded lot knows where it came from")
    yield f"harvested {HARVESTED // 1000} kg as {lot['id']}, graded into {first['id']} and {second['id']}"
    yield {"harvest": lot["id"], "lot": first["id"]}


def certified(stage: Stage, own: Firm, lot: str) -> Iterator[str]:
    """Apply for a certificate: documents, a sample from hand to hand, a result, a verdict, a second person."""
    made = own.post("/selenium/certifications", {"lots": [lot], "standards": [STANDARD]})
    clerk, manager = stage.clerk("cert_clerk"), stage.clerk("cert_manager")
    _decided(clerk, made["case_id"], "accepted")
    yield f"applied for certification: {made['case_number']}, documents complete"
    seal, lab = f"YD-{secrets.token_hex(5).upper()}", stage.clerk("bai.demo")
    _to_the_laboratory(clerk, lab, made["id"], seal, lot)
    custody = lab.get(f"/office/v1/samples/{seal}")["custody"]
    yield f"sample {seal}: {' → '.join(one['what'] for one in custody)}, the same weight in the laboratory"
    entered = lab.post(f"/office/v1/samples/{seal}/results", report(seal), expect=201)
    alone = lab.post(f"/office/v1/lab-results/{entered['id']}/confirm", expect=403)
    stage.clerk("dou.demo").post(f"/office/v1/lab-results/{entered['id']}/confirm")
    yield f"Se {SE} mg/kg entered; who entered it confirms it: {alone['message']} A colleague does"
    judged = own.get(f"/selenium/certifications/{made['id']}")
    outcomes = {one["outcome_zh"] for one in judged["verdicts"]}
    check(judged["met"] == [STANDARD] and len(outcomes) > 1, "standards stand side by side and differ")
    yield f"{len(judged['verdicts'])} standards side by side: {', '.join(sorted(outcomes))}"
    _decided(manager, made["case_id"], "granted")
    number = own.get(f"/selenium/certifications/{made['id']}")["certificate"]
    public = stage.anybody.get(f"/public/v1/selenium/certificates/{number}")
    check((public["state"], public["holder"]) == ("valid", own.name), "anybody can check the certificate")
    yield f"another person decides: certificate {number}, {public['state_zh']} until {public['valid_to']}"


def committed(stage: Stage, own: Firm, lot: str) -> str:
    """Issue a commitment certificate for a lot, read where anybody reads it; return what to say."""
    body = {"lot": lot, "grams": SORTED, "ticks": ["entrusted_test", "self_commitment"]}
    made = own.post("/selenium/commitments", body)
    paper = own.get(f"/selenium/commitments/{made['number']}/file")
    check(paper[:5] == b"%PDF-", "there is a paper to print")
    public = stage.anybody.get(f"/public/v1/selenium/commitments/{made['number']}")
    check(public["state"] == "valid", "anybody can check it")
    return f"{made['title_zh']} {made['number']}: {', '.join(one['name_zh'] for one in made['ticks'] if one['ticked'])}"


def report(seal: str) -> dict[str, Any]:
    """Return what a laboratory found in a sample."""
    analytes = [
        {"code": "Se", "value": SE, "unit": "mg/kg", "method": "GB 5009.93-2017"},
        {"code": "Cd", "value": "0.003", "unit": "mg/kg", "method": "GB 5009.15-2023", "conforms": True},
    ]
    told = {"lab_zh": "演示检测中心", "cma": "201414000123", "report_number": f"JC-{seal}"}
    return {**told, "report_date": clock.today().isoformat(), "analytes": analytes}


def _ceiling(stage: Stage) -> None:
    """Let the office set what a mu may yield, where nobody has."""
    office = stage.clerk("jin.demo")
    found = next(one for one in office.get("/office/v1/products")["items"] if one["id"] == ORANGE)
    if "ceiling" not in found:
        body = {"kg_per_mu": KG_PER_MU, "valid_from": clock.today().isoformat(), "source": "演示用,没有来源"}
        office.call("PUT", f"/office/v1/products/{ORANGE}/ceiling", body)


def _left(own: Firm) -> int:
    return int(own.get(f"/selenium/quota?product={ORANGE}")["left_grams"])


def _ago(days: int) -> str:
    return (clock.today() - timedelta(days=days)).isoformat()


def _decided(clerk: Caller, case_id: str, outcome: str) -> None:
    clerk.post(f"/office/v1/cases/{case_id}/claim")
    clerk.post(f"/office/v1/cases/{case_id}/decide", {"outcome": outcome, "reason": REASON})


def _to_the_laboratory(clerk: Caller, lab: Caller, certification: str, seal: str, lot: str) -> None:
    body = {"seal": seal, "lot": lot, "grams": 3000, "retained_grams": 1000}
    clerk.post(f"/office/v1/certifications/{certification}/samples", body, expect=201)
    clerk.post(f"/office/v1/samples/{seal}/hand", {"to": lab.get("/office/v1/me")["id"]})
    found = lab.post(f"/office/v1/samples/{seal}/receive", {"grams": 2995, "intact": True})
    check(found["state"] == "held" and found["at_lab"], "seal whole, weight right")
