"""Rolls, packs and single codes in the hands of the agricultural offices, each within its area."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import streamed
from backend.http.surface import Surface
from blueprints.selenium.schemas import HoldBody
from models.selenium import code_forms as schemas
from models.selenium import code_office, code_office_views, code_views, pack, roll, roll_labels, unbound
from models.selenium.office_views import PURPOSE

codes = Surface("office codes", __name__, url_prefix="/office/v1", description="富硒农产品:产品码")


@codes.get("/rolls", access=staff("lot.read", PURPOSE))
@codes.arguments(schemas.PageQuery, location="query")
@codes.answer(200, schemas.RollList)
def list_rolls(query: dict[str, Any]) -> dict[str, Any]:
    """The rolls in one's area, by village."""
    items, following = code_views.office_rolls(g.actor, **query)
    return {"items": items, "next": following}


@codes.get("/rolls/<roll_no>", access=staff("lot.read", PURPOSE))
@codes.answer(200, schemas.RollWhole)
def read_roll(roll_no: str) -> dict[str, Any]:
    """One roll, with progress and packs."""
    return code_views.whole(code_views.office_roll(g.actor, roll_no))


@codes.get("/rolls/<roll_no>/labels.zip", access=staff("lot.read", PURPOSE))
@codes.response(200, content_type="application/zip")
def fetch_labels(roll_no: str) -> Response:
    """All sheets of a roll, for a grower who has no printer."""
    found = roll.finished(code_views.office_roll(g.actor, roll_no))
    return streamed(roll_labels.archive(found), name=f"标签{roll_no}.zip", media_type="application/zip")


@codes.post("/rolls/<roll_no>/lost", access=staff("lot.hold", PURPOSE))
@codes.answer(200, schemas.RollWhole)
def report_lost(roll_no: str) -> dict[str, Any]:
    """Say that a roll is lost: its unbound labels are frozen."""
    return code_views.office_shown(g.actor, unbound.hold(g.actor, roll_no))


@codes.post("/rolls/<roll_no>/found", access=staff("lot.hold", PURPOSE))
@codes.answer(200, schemas.RollWhole)
def report_found(roll_no: str) -> dict[str, Any]:
    """Say that a lost roll was found again."""
    return code_views.office_shown(g.actor, unbound.release(g.actor, roll_no))


@codes.get("/codes/<code_text>", access=staff("lot.read", PURPOSE))
@codes.answer(200, schemas.CodeView)
def read_code(code_text: str) -> dict[str, Any]:
    """What a code is that somebody asks about, and its history; it counts no scan."""
    return code_office_views.shown(g.actor, code_office.find(g.actor, code_text))


@codes.post("/codes/<code_text>/freeze", access=staff("lot.hold", PURPOSE))
@codes.arguments(schemas.CodeReasonBody)
@codes.answer(200, schemas.CodeView)
def freeze_code(body: dict[str, str], code_text: str) -> dict[str, Any]:
    """Freeze one code: who scans it is warned."""
    return code_office_views.shown(g.actor, code_office.freeze(g.actor, code_text, body["reason"]))


@codes.post("/codes/<code_text>/release", access=staff("lot.hold", PURPOSE))
@codes.answer(200, schemas.CodeView)
def release_code(code_text: str) -> dict[str, Any]:
    """Release a frozen code."""
    return code_office_views.shown(g.actor, code_office.release(g.actor, code_text))


@codes.post("/codes/<code_text>/void", access=staff("lot.hold", PURPOSE))
@codes.arguments(schemas.CodeReasonBody)
@codes.answer(200, schemas.CodeView)
def void_code(body: dict[str, str], code_text: str) -> dict[str, Any]:
    """Make one code void for good."""
    return code_office_views.shown(g.actor, code_office.void(g.actor, code_text, body["reason"]))


@codes.post("/packs/<pack_no>/freeze", access=staff("lot.hold", PURPOSE))
@codes.arguments(HoldBody)
@codes.answer(200, schemas.PackView)
def freeze(body: dict[str, str], pack_no: str) -> dict[str, Any]:
    """Freeze the packages of a pack: who scans one is told not to eat it."""
    return code_views.office_pack(g.actor, pack.freeze(g.actor, pack_no, body["reason"]))


@codes.post("/packs/<pack_no>/release", access=staff("lot.hold", PURPOSE))
@codes.answer(200, schemas.PackView)
def release(pack_no: str) -> dict[str, Any]:
    """Bring a frozen pack back to what it was."""
    return code_views.office_pack(g.actor, pack.release(g.actor, pack_no))
