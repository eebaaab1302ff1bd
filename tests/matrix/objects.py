"""What the parameters of paths name: one literal table. An operation with another parameter has no place in the matrix.

For each parameter of a surface, or of a longer beginning of the path where the same word means another thing: how far
a member of the staff reaches (`unit` by unit and town, `self` one's own only, `all` everybody who holds the operation),
a value that names nothing, and the objects of the world by what they are:

    own      the caller's own, or of their unit and town      minor    a child's below fourteen
    other    somebody else's, or of another unit              deleted  removed, ended or void
    town     of another town
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tests.matrix.actors import UNIT
from tests.matrix.one_card import CLOSED_DAY, FUND, ITEM, LINE, MERCHANT, OTHER_LINE, STATEMENT
from tests.matrix.spec import Operation
from tests.matrix.world import World

NOBODY = "0" * 24
Objects = dict[str, str]
KINDS = ("own", "other", "town", "minor", "deleted")


@dataclass(frozen=True)
class Thing:
    """`objects` returns the objects that the world has for an operation and a seat."""

    objects: Callable[[World, Operation, str], Objects]
    missing: str = NOBODY
    reach: Literal["unit", "self", "all"] = "self"


def of(name: str, *kinds: str) -> Callable[[World, Operation, str], Objects]:
    """Return all objects that the world keeps under a name, or those of some kinds."""
    return lambda world, _operation, _seat: {
        kind: value for kind, value in world.ids[name].items() if kind in (kinds or KINDS)
    }


def _relations(world: World, operation: Operation, _seat: str) -> Objects:
    found = {kind: world.ids["relation"][kind] for kind in ("own", "other", "deleted")}
    return found | ({"own": world.ids["relation"]["helped"]} if operation.path.endswith("/last-day") else {})


def _office_cases(name: str) -> Callable[[World, Operation, str], Objects]:
    def found(world: World, _operation: Operation, _seat: str) -> Objects:
        kept = world.ids[name]
        return {"own": kept["own"], "other": kept["unit"], "town": kept["town"], "minor": kept["minor"]}

    return found


def _cases(world: World, operation: Operation, seat: str) -> Objects:
    applications = operation.path.endswith("/invitation")
    return world.ids["application"] if applications else _office_cases("case")(world, operation, seat)


def _office_files(world: World, operation: Operation, seat: str) -> Objects:
    if "case_id" in operation.parameters:
        return _office_cases("case file")(world, operation, seat)
    kept = world.ids["office file"]
    return {"own": kept[seat.partition("/")[0]], "other": kept["stranger"]}


def _mini_files(world: World, operation: Operation, seat: str) -> Objects:
    inside = "case_id" in operation.parameters
    return (
        of("case file", "own", "other", "minor")(world, operation, seat)
        if inside
        else of("file")(world, operation, seat)
    )


def _office_sessions(world: World, operation: Operation, seat: str) -> Objects:
    if "counter-sessions" in operation.path:
        kept = world.ids["counter_session"]
        return {"own": kept["window"], "other": kept["own"]} if seat == "policy_window" else kept
    if "member_id" in operation.parameters:
        return world.ids["session"]
    return {"own": "seat"}


_DECIDES = {
    "security_admin": "totp_reset",
    "privacy_officer": "minor_access",
    "finance_clerk": "refund",
    "rule_approver": "rule_activation",
    "agriculture_office": "recall",
    "school_manager": "school_seed",
}


_EXPORTS = {
    "/school/unreached/exports/": ("reach_export", ("school_manager",)),
    "/school/offers/exports/": ("school_export", ("school_clerk", "school_clerk/town")),
    "/benefits/exports/": ("benefit_export", ("benefit_clerk", "benefit_clerk/town")),
    "/health/exports/": ("health_export", ("health_manager",)),
    "/enterprise/exports/": ("policy_export", ("policy_clerk", "policy_clerk/town")),
}
"""Exports that somebody proposed: by a part of the path what the world calls them, and whose they are."""


def _approvals(world: World, operation: Operation, seat: str) -> Objects:
    kept, role = world.ids["approval"], seat.partition("/")[0]
    for part, (name, seats) in _EXPORTS.items():
        if part in operation.path:
            mine, strange = world.ids[name]["own"], world.ids["export"]["own"]
            return {"own": mine, "other": strange} if seat in seats else {"other": mine}
    if "/exports/" in operation.path:
        return dict(world.ids["export"]) | {} if role == "scenic_manager" else {"other": world.ids["export"]["other"]}
    if operation.access["operation"] == "approval.decide":
        others = {"security_admin": "refund"}.get(role, "totp_reset")
        own = {"own": kept[_DECIDES[role]]} if role in _DECIDES else {}
        return own | {"other": kept[others]}
    return {"own": kept[role], "other": kept["sensitive_grant" if role == "finance_clerk" else "refund"]}


def _imports(world: World, operation: Operation, seat: str) -> Objects:
    kept = world.ids["import " + operation.path.split("/")[4]]
    if operation.access["operation"] == "school.serve" and not seat.startswith("school_manager"):
        return {"other": kept["own"]}
    return {"other": kept["own"]} if seat in {"venue_manager", "care_worker"} else kept


def _family_cards(world: World, operation: Operation, _seat: str) -> Objects:
    """What waits for acceptance, what one carries, and what one gave are different ones."""
    kept = world.ids["family_card"]
    if operation.path.endswith("/acceptance"):
        return world.ids["offered"]
    if operation.path.endswith("/seeds"):
        return {"own": world.ids["carried"]["own"], "other": kept["other"]}
    return kept


def _deliveries(world: World, _operation: Operation, _seat: str) -> Objects:
    """What the other organisation sent to the own one comes in; the own one's goes to somebody else."""
    kept = world.ids["firm shipment"]
    return {"own": kept["other"], "other": kept["own"]}


THINGS: dict[tuple[str, str], Thing] = {
    ("mini", "batch_id"): Thing(of("publicity")),
    ("gate/v1/health", "session_id"): Thing(of("health session"), "0" * 24),
    ("mini", "health_device_id"): Thing(of("health band"), "band-nowhere"),
    ("office", "health_device_id"): Thing(of("health device"), "kiosk-nowhere", reach="all"),
    ("office/v1/health/elders", "health_device_id"): Thing(of("health band"), "band-nowhere", reach="unit"),
    ("office", "health_session_id"): Thing(of("held readings"), "0" * 24, reach="unit"),
    ("mini", "case_id"): Thing(of("case", "own", "other", "minor")),
    ("mini", "companion_id"): Thing(of("companion"), "0" * 12),
    ("mini", "entry_id"): Thing(of("waiting")),
    ("mini", "mark"): Thing(of("own mark"), f"{NOBODY}-0"),
    ("office", "mark"): Thing(of("mark"), f"{NOBODY}-0", reach="unit"),
    ("mini", "fact_id"): Thing(of("fact")),
    ("mini", "family_card_id"): Thing(_family_cards),
    ("mini", "file_id"): Thing(_mini_files),
    ("mini", "itinerary_id"): Thing(of("itinerary")),
    ("mini", "line_id"): Thing(of("line")),
    ("mini/v1/benefits", "line_id"): Thing(of("benefit_line", "own", "other", "minor")),
    ("mini", "notice_id"): Thing(of("notice")),
    ("mini", "order_id"): Thing(of("own order")),
    ("mini", "place_id"): Thing(of("place", "own"), "nowhere"),
    ("mini", "relation_id"): Thing(_relations),
    ("mini", "ride_id"): Thing(of("ride"), "bus-1:nothing"),
    ("mini/v1/shared-itineraries", "code"): Thing(of("share_code", "own"), "2" * 14),
    ("mini", "slot_id"): Thing(of("slot", "own"), "nowhere-20261123-0900"),
    ("mini", "ticket_id"): Thing(of("ticket"), f"{NOBODY}-0"),
    ("mini", "top_up_id"): Thing(of("top_up"), "0" * 32),
    ("office", "item_id"): Thing(of("text"), "guide_point:nothing", reach="unit"),
    ("office/v1/content", "file_id"): Thing(of("text file"), reach="unit"),
    ("office/v1/guide/codes/jobs", "job_id"): Thing(of("codes job"), reach="unit"),
    ("mini/v1/sport", "place_id"): Thing(of("venue", "own"), "nowhere"),
    ("mini/v1/sport", "order_id"): Thing(of("court", "own", "other")),
    ("public/v1/sport", "place_id"): Thing(of("venue", "own"), "nowhere"),
    ("office/v1/sport", "place_id"): Thing(of("venue"), "nowhere", reach="unit"),
    ("office/v1/places/{place_id}/resources", "code"): Thing(of("guide"), "nothing", reach="unit"),
    ("office", "closure_id"): Thing(of("sport closing"), reach="unit"),
    ("office/v1/closings", "job_id"): Thing(of("closing job"), reach="unit"),
    ("office", "refund_id"): Thing(of("refund work"), f"{NOBODY}-order", reach="unit"),
    ("office", "ticket_id"): Thing(of("window ticket"), f"{NOBODY}-0", reach="unit"),
    ("office/v1/window-orders", "order_id"): Thing(of("window order"), reach="unit"),
    ("office/v1/window-calls", "order_id"): Thing(of("window order"), reach="unit"),
    ("office/v1/payments", "line_id"): Thing(of("bill line"), "2026-11-01:payment:nothing", reach="all"),
    ("office", "account"): Thing(lambda *_: {"own": FUND}, "fund:nowhere", reach="all"),
    ("office", "approval_id"): Thing(_approvals),
    ("office", "batch_id"): Thing(of("batch"), reach="unit"),
    ("office", "card_id"): Thing(of("card", "own", "other", "minor"), reach="all"),
    ("office", "case_id"): Thing(_cases, reach="unit"),
    ("office", "code"): Thing(lambda *_: {"own": UNIT}, "nowhere", reach="all"),
    ("office/v1/benefits/items", "code"): Thing(lambda *_: {"own": ITEM}, "nothing", reach="all"),
    ("office/v1/ledger/merchants", "code"): Thing(lambda *_: {"own": MERCHANT}, "nowhere", reach="all"),
    ("office/v1/rule-parameters", "code"): Thing(of("parameter"), "nothing", reach="all"),
    ("office", "conflict_id"): Thing(of("journal_conflict"), "gate-nowhere:x", reach="unit"),
    ("office", "device_id"): Thing(of("device"), "gate-nowhere", reach="unit"),
    ("office", "difference_id"): Thing(of("difference"), reach="all"),
    ("office", "entry_id"): Thing(of("entry"), reach="all"),
    ("office", "family_card_id"): Thing(of("family_card", "own", "other", "minor"), reach="all"),
    ("office", "file_id"): Thing(_office_files),
    ("office", "file_no"): Thing(of("file_no"), "BTFF-20261101-000000-01", reach="all"),
    ("office", "glass_id"): Thing(of("glass"), reach="all"),
    ("office", "import_id"): Thing(_imports),
    ("office", "job_id"): Thing(of("job"), reach="unit"),
    ("office", "line_id"): Thing(of("line", "own"), reach="all"),
    ("office/v1/benefits", "line_id"): Thing(of("benefit_line"), reach="unit"),
    ("office/v1/benefits/lines/{line_id}/repairs", "line_id"): Thing(of("benefit_line", "own", "other")),
    ("office/v1/bus-lines", "line_id"): Thing(lambda *_: {"own": LINE, "other": OTHER_LINE}, "nowhere"),
    ("office/v1/ledger/days", "day"): Thing(lambda *_: {"own": CLOSED_DAY}, "2020-01-01", reach="all"),
    ("office", "member_id"): Thing(of("member", "own", "other", "town"), reach="unit"),
    ("office", "notice_id"): Thing(of("problem"), reach="all"),
    ("office", "order_id"): Thing(of("order"), reach="unit"),
    ("office", "person_id"): Thing(of("person"), reach="all"),
    ("office", "place_id"): Thing(of("place"), "nowhere", reach="unit"),
    ("office", "relation_id"): Thing(of("relation", "own", "other"), reach="all"),
    ("office", "report_id"): Thing(of("death"), reach="all"),
    ("office", "rule_set_id"): Thing(of("rule_set"), "nothing:1", reach="all"),
    ("office", "session_id"): Thing(_office_sessions, "0" * 16),
    ("office", "slot_id"): Thing(of("slot"), "nowhere-20261123-0900", reach="unit"),
    ("office", "source_id"): Thing(of("crowd_source"), "camera-nowhere:c1", reach="unit"),
    ("mini", "application_id"): Thing(of("school draft")),
    **{
        (f"mini/v1/school/applications/{{application_id}}/{after}", "application_id"): Thing(of("school application"))
        for after in ("offers", "appeals", "waiting")
    },
    ("mini/v1/school/applications", "file_id"): Thing(of("school material")),
    ("office/v1/school/points", "case_id"): Thing(_office_cases("point case"), reach="unit"),
    ("office/v1/school/applications", "application_id"): Thing(of("school application"), reach="unit"),
    ("office/v1/school/applications", "file_id"): Thing(of("school paper"), reach="unit"),
    ("office/v1/school/counter/applications", "application_id"): Thing(of("school draft")),
    ("office/v1/health/elders", "elder_id"): Thing(of("health elder"), reach="unit"),
    ("office/v1/health/elders", "observation_id"): Thing(of("health observation"), reach="unit"),
    ("office/v1/health/elders", "record_id"): Thing(of("health record"), reach="unit"),
    ("office/v1/health/elders", "unit_code"): Thing(of("caring unit"), "nowhere", reach="unit"),
    ("office/v1/health/emergencies", "elder_id"): Thing(of("elder in need"), reach="all"),
    ("mini/v1/health/hidden", "veil_id"): Thing(of("veil")),
    ("office/v1/health/elders", "finding_id"): Thing(of("health finding"), reach="unit"),
    ("office/v1/health/elders", "range_id"): Thing(of("health range"), reach="unit"),
    ("office/v1/health/elders", "wish_id"): Thing(of("health wish"), reach="unit"),
    ("mini", "offer_id"): Thing(of("school offer")),
    ("mini", "found_id"): Thing(of("found")),
    ("mini/v1/school", "child_id"): Thing(of("found child")),
    ("office/v1/school", "candidate_id"): Thing(of("candidate"), reach="unit"),
    ("office/v1/school/jobs", "job_id"): Thing(of("finding job"), reach="all"),
    ("mini/v1/school", "school_code"): Thing(of("school"), "nowhere"),
    ("office", "offer_id"): Thing(of("school offer"), reach="unit"),
    ("office/v1/school", "transfer_id"): Thing(of("school transfer"), reach="unit"),
    ("office/v1/school/rounds/{round_code}/schools", "round_code"): Thing(
        lambda world, *_: dict.fromkeys(("own", "other"), world.ids["school round"]["own"]), "nothing", reach="unit"
    ),
    ("office/v1/school/rounds/{round_code}/schools", "school_code"): Thing(of("school"), "nowhere", reach="unit"),
    ("office", "round_code"): Thing(of("school round"), "nothing", reach="all"),
    ("public", "round_code"): Thing(of("school round"), "nothing"),
    ("office/v1/school/rounds/{round_code}/draw", "round_code"): Thing(of("drawn round"), "nothing", reach="all"),
    ("office/v1/school/rounds/{round_code}/draw/trial", "round_code"): Thing(of("open round"), "nothing", reach="all"),
    ("public/v1/school/rounds/{round_code}/draw", "round_code"): Thing(of("drawn round"), "nothing"),
    ("mini/v1/school/applications/{application_id}/draw", "application_id"): Thing(of("drawn application")),
    ("school", "round_code"): Thing(of("drawn round"), "nothing"),
    ("office", "statement"): Thing(lambda *_: {"own": STATEMENT}, "bank:nothing", reach="all"),
    ("office", "token"): Thing(of("invitation"), "x" * 59, reach="all"),
    ("office", "transfer_id"): Thing(of("transfer", "own", "other"), "pay:nothing", reach="all"),
    ("office/v1/service-items", "item_id"): Thing(of("service item"), "nothing:1", reach="unit"),
    ("enterprise/v1/cases", "case_id"): Thing(of("firm case")),
    ("enterprise/v1/cases", "file_id"): Thing(lambda *_: {}),
    ("office/v1/result-deliveries", "paper_id"): Thing(of("delivery"), reach="unit"),
    ("office/v1/return-visits", "case_id"): Thing(of("return visit"), reach="unit"),
    ("office/v1/cases/{case_id}/materials/files", "file_id"): Thing(lambda *_: {}, reach="unit"),
    **{
        (f"{root}/v1/cases/{{case_id}}/{part}", "case_id"): Thing(of(name))
        for root, name in (("mini", "settled case"), ("enterprise", "settled firm case"))
        for part in ("rating", "result")
    },
    ("enterprise", "offer_id"): Thing(of("firm offer")),
    ("enterprise/v1/firm", "fact_id"): Thing(of("firm fact")),
    ("office/v1/enterprise", "policy_code"): Thing(of("policy"), "nothing", reach="unit"),
    ("office/v1/enterprise", "payout_no"): Thing(of("policy payout"), "QYDF-20261120-999999", reach="unit"),
    ("office/v1/enterprise", "promise_id"): Thing(of("firm promise"), reach="unit"),
    ("office/v1/enterprise", "claw_back_id"): Thing(of("claw-back"), reach="unit"),
    ("enterprise", "publicity_id"): Thing(of("firm publicity", "own")),
    ("mini", "publicity_id"): Thing(of("firm publicity", "own")),
    ("public", "publicity_id"): Thing(of("firm publicity", "own")),
    ("office/v1/enterprise", "comparison_id"): Thing(of("comparison"), reach="unit"),
    ("office/v1/enterprise", "run_id"): Thing(of("policy run"), reach="unit"),
    ("office/v1/enterprise", "offer_id"): Thing(of("policy offer"), reach="unit"),
    ("office/v1/enterprise", "credit_code"): Thing(of("firm code"), "0" * 18, reach="all"),
    ("office/v1/enterprise/runs", "credit_code"): Thing(of("finding firm"), "0" * 18, reach="unit"),
    ("enterprise", "membership_id"): Thing(of("membership")),
    ("enterprise/v1/agents", "membership_id"): Thing(of("agency")),
    ("office/v1/enterprise/window", "offer_id"): Thing(of("firm offer", "own"), reach="all"),
    ("enterprise", "invitation_id"): Thing(of("member invitation")),
    ("enterprise", "plot_id"): Thing(of("firm plot")),
    ("enterprise", "item_id"): Thing(of("firm item")),
    ("enterprise", "certification_id"): Thing(of("firm certification")),
    ("enterprise", "commitment_no"): Thing(of("firm commitment"), "HGZ20261120AAAAAAAA"),
    ("mini", "certification_id"): Thing(of("farmer certification", "own", "other")),
    ("mini", "commitment_no"): Thing(of("farmer commitment", "own", "other"), "HGZ20261120AAAAAAAA"),
    ("office", "certification_id"): Thing(of("farmer certification", "own", "town"), reach="unit"),
    ("office", "certificate_no"): Thing(of("certificate"), "FX20261120AAAAAAAA", reach="unit"),
    ("office/v1/school", "round_id"): Thing(of("round"), "2027-nobody", reach="all"),
    ("office/v1/school", "preview_id"): Thing(of("rule preview"), reach="all"),
    ("office/v1/school", "school_id"): Thing(of("school"), "nobody", reach="all"),
    ("office/v1/school/rounds/{round_id}/districts", "code"): Thing(of("district"), "nothing", reach="all"),
    ("public/v1/school", "round_id"): Thing(of("public round"), "2027-nobody"),
    ("office", "seal"): Thing(of("seal"), "YD-NOTHING", reach="unit"),
    ("office", "result_id"): Thing(of("lab result"), reach="unit"),
    ("public/v1/selenium/certificates", "number"): Thing(of("certificate"), "FX20261120AAAAAAAA"),
    ("public/v1/selenium/commitments", "number"): Thing(of("farmer commitment"), "HGZ20261120AAAAAAAA"),
    ("party", "party_id"): Thing(of("farmer producer")),
    ("epcis", "event_id"): Thing(of("event"), f"urn:uuid:{UUID(int=1)}", reach="all"),
    ("epcis", "capture_id"): Thing(of("capture job"), reach="all"),
    ("fhir", "patient_id"): Thing(of("health elder"), reach="unit"),
    ("fhir", "resource_id"): Thing(of("health observation"), reach="unit"),
    ("enterprise", "recall_no"): Thing(of("firm recall"), "RC20261120AAAAAAAA"),
    ("mini", "recall_no"): Thing(of("farmer recall", "own", "other"), "RC20261120AAAAAAAA"),
    ("office", "recall_no"): Thing(of("farmer recall", "own", "town"), "RC20261120AAAAAAAA", reach="unit"),
    ("public/v1/selenium/recalls", "number"): Thing(of("public recall"), "RC20261120AAAAAAAA"),
    ("enterprise", "lot_no"): Thing(of("firm lot"), "20261120AAAAAAAA"),
    ("mini", "plot_id"): Thing(of("farmer plot", "own", "other")),
    ("mini", "item_id"): Thing(of("farmer item", "own", "other")),
    ("enterprise", "record_id"): Thing(of("firm record")),
    ("enterprise", "buyer_id"): Thing(of("firm buyer")),
    ("enterprise", "box_no"): Thing(of("firm box"), "BNOTHING000"),
    ("enterprise", "shipment_no"): Thing(of("firm shipment"), "SNOTHING000"),
    ("enterprise/v1/selenium/deliveries", "shipment_no"): Thing(_deliveries, "SNOTHING000"),
    ("mini", "record_id"): Thing(of("farmer record", "own", "other")),
    ("mini", "buyer_id"): Thing(of("farmer buyer", "own", "other")),
    ("mini", "box_no"): Thing(of("farmer box", "own", "other"), "BNOTHING000"),
    ("mini", "shipment_no"): Thing(of("farmer shipment", "own", "other"), "SNOTHING000"),
    ("enterprise", "roll_no"): Thing(of("firm roll"), "RNOTHING000"),
    ("enterprise", "pack_no"): Thing(of("firm pack"), "PNOTHING000"),
    ("mini", "roll_no"): Thing(of("farmer roll", "own", "other"), "RNOTHING000"),
    ("mini", "pack_no"): Thing(of("farmer pack", "own", "other"), "PNOTHING000"),
    ("office", "roll_no"): Thing(of("farmer roll", "own", "town"), "RNOTHING000", reach="unit"),
    ("office", "pack_no"): Thing(of("farmer pack", "own", "town"), "PNOTHING000", reach="unit"),
    ("office", "code_text"): Thing(of("farmer code", "own", "town"), "0" * 16, reach="unit"),
    ("mini", "lot_no"): Thing(of("farmer lot", "own", "other"), "20261120AAAAAAAA"),
    ("office", "organisation_id"): Thing(of("organisation"), reach="all"),
    ("office", "producer_id"): Thing(of("farmer producer", "own", "town"), reach="unit"),
    ("office", "plot_id"): Thing(of("farmer plot", "own", "town"), reach="unit"),
    ("office", "lot_no"): Thing(of("farmer lot", "own", "town"), "20261120AAAAAAAA", reach="unit"),
    ("mini/v1/health/alerts", "alert_id"): Thing(of("health alert")),
    ("office/v1/health/alerts", "alert_id"): Thing(of("health alert"), reach="unit"),
    ("office/v1/health/tools", "code"): Thing(lambda *_: {"own": "self_care"}, "nothing", reach="all"),
    ("office/v1/health/roster", "duty_id"): Thing(of("health duty"), "nothing", reach="all"),
    ("public", "batch_id"): Thing(of("publicity")),
    ("public", "place_id"): Thing(of("place", "own"), "nowhere"),
}
WORDS: dict[tuple[str, str], str] = {
    ("docs", "name"): "start.js",
    ("t", "code"): "0" * 22,
    ("n", "code"): "A" * 22,
    ("r", "code"): "A" * 22,
    ("public/v1/results", "code"): "A" * 22,
    ("01", "gtin"): "06901234500011",
    ("01", "serial"): "0" * 16,
    ("fhir", "resource_type"): "Observation",
    ("fhir", "version_id"): "1",
    ("epcis", "biz_location"): "https://example.org/place/1",
    ("epcis", "biz_step"): "shipping",
    ("epcis", "disposition"): "in_transit",
    ("epcis", "epc"): "https://example.org/lot/1",
    ("epcis", "event_type"): "ObjectEvent",
    ("epcis", "read_point"): "https://example.org/place/1",
    ("enterprise/v1/selenium/label-sheets", "sheet"): "a4_40",
    ("mini/v1/selenium/label-sheets", "sheet"): "a4_40",
    ("enterprise/v1/selenium/rolls", "number"): "1",
    ("mini/v1/selenium/rolls", "number"): "1",
    ("pages", "content"): "any",
    ("pages", "name"): "page.css",
    ("public/v1/school", "name"): "list.csv",
    ("{name}.txt", "name"): "nowhere",
    ("mini", "code"): "360731",
    ("mini", "collection"): "orders",
    ("mini", "curated_id"): "one_day_departure",
    ("mini", "kind"): "png",
    ("mini/v1/message-settings", "kind"): "no_show",
    ("mini", "number"): "0",
    ("mini", "exhibit_id"): "museum_sewing_machine",
    ("mini", "media_id"): NOBODY,
    ("mini", "point_id"): "monument",
    ("mini", "purpose"): "document",
    ("mini", "route_id"): "park_walk",
    ("mini", "scene"): "e=museum_sewing_machine",
    ("office/v1/sport", "water"): "main",
    ("public/v1/sport", "water"): "main",
    ("enterprise", "policy_code"): "matrix_policy",
    ("mini", "item_code"): "old_age_card",
    ("enterprise", "item_code"): "enterprise_appeal",
    ("office", "product_id"): "navel_orange",
    ("office", "standard_id"): "db36t_566_2009",
    ("office", "day"): "2026-11-01",
    ("office/v1/benefits/lines", "code"): "no_card",
    ("mini/v1/benefits/items", "code"): ITEM,
    ("office/v1/persons", "purpose"): "entitlements",
    ("office", "name"): "visit_changed",
    ("office", "number"): "0",
    ("office/v1/content", "number"): "1",
    ("office/v1/health/elders", "disease"): "hypertension",
    ("office/v1/health/elders", "year"): "2026",
}
"""Parameters that name no object of somebody: a word that the route knows."""
HOW_TO_ADD = (
    "{method} {path}: the path parameter `{parameter}` has no place in the access matrix. Add it to THINGS in "
    "tests/matrix/objects.py with the objects of tests/matrix/world.py that it names, or to WORDS when it names none."
)


def things(operation: Operation) -> dict[str, Thing]:
    """Return what the parameters of an operation name.

    Raises:
        LookupError: one has no place in the table.
    """
    named = {one: _entry(operation, one) for one in operation.parameters}
    return {one: thing for one, thing in named.items() if isinstance(thing, Thing)}


def words(operation: Operation) -> dict[str, str]:
    named = {one: _entry(operation, one) for one in operation.parameters}
    return {one: word for one, word in named.items() if isinstance(word, str)}


def _entry(operation: Operation, parameter: str) -> Thing | str:
    """Return what a parameter names, by the longest beginning of the path for which a table has it."""
    steps = operation.path.strip("/").split("/")
    for length in range(len(steps), 0, -1):
        key = "/".join(steps[:length]), parameter
        if key in THINGS or key in WORDS:
            return THINGS.get(key) or WORDS[key]
    raise LookupError(HOW_TO_ADD.format(method=operation.method, path=operation.path, parameter=parameter))


def missing(operation: Operation) -> str:
    """Return the path of an operation about nothing."""
    return operation.filled(words(operation) | {one: thing.missing for one, thing in things(operation).items()})


def paths(world: World, operation: Operation, seat: str) -> dict[str, str]:
    """Return the operation's path for each kind of object that the world has for it; nested ones go together."""
    found = {one: thing.objects(world, operation, seat) for one, thing in things(operation).items()}
    kinds = [kind for kind in KINDS if found and all(kind in objects for objects in found.values())]
    return {
        kind: operation.filled(words(operation) | {one: objects[kind] for one, objects in found.items()})
        for kind in kinds
    }


def reach(operation: Operation) -> str:
    """Return how far the staff reach by the first object of a path."""
    return next((thing.reach for thing in things(operation).values()), "all")
