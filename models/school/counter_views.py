"""Applications as a clerk sees them who serves a guardian at the counter; each look leaves its line.

What the registers say of a child stays with the guardian's own phone: here stand what was entered and what came out.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend.identity_documents import mask_name
from models.audit import access_line
from models.identity import minor_approval, person
from models.school import application_views, applying, form, precheck
from models.school.applying import Applying

PURPOSE = "counter_service"
FIELDS = ("school.application",)
_FORM = ("basis", "choices", "accepts_coordination", "told", "phone", "other_guardian")
_CHECKED = (
    *("passes", "problems", "eligible_zh", "why_zh", "tier_zh", "checks", "property_zh", "schools", "bases"),
    *("zero_uploads", "seq"),
)


def one(who: Applying, application_id: ObjectId) -> dict[str, Any]:
    """Return an application of the guardian who stands here, after an access line.

    Raises:
        NotFound: no such application of theirs.
    """
    found = applying.own(who, application_id)
    return {**_brief(who, found), **_form_of(found)}


def receipt(who: Applying, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the receipt of a submission, to be printed for the guardian, after an access line."""
    _note(who, found)
    return application_views.receipt(found)


def prechecked(who: Applying, application_id: ObjectId) -> dict[str, Any]:
    """Return the pre-check of an application without the entries of the registers, after an access line.

    Raises:
        NotFound: no such application of theirs.
    """
    found = applying.own(who, application_id)
    _note(who, found)
    told = precheck.shown(precheck.look(who, found), who.person)
    return {name: told[name] for name in _CHECKED}


def _brief(who: Applying, found: Mapping[str, Any]) -> dict[str, Any]:
    _note(who, found)
    told = application_views.brief(found)
    assert who.clerk is not None
    hidden = minor_approval.hidden(who.clerk, [found["child"]])
    name = minor_approval.HIDDEN if hidden else mask_name(person.read(found["child"]).name)
    return {**told, "child_name": name}


def _form_of(found: Mapping[str, Any]) -> dict[str, Any]:
    told = form.parts(found)
    if told.get("phone"):
        told["phone"] = told["phone"][:3] + "****" + told["phone"][-4:]
    return {"form": {name: told[name] for name in _FORM if name in told}}


def _note(who: Applying, found: Mapping[str, Any]) -> None:
    if who.clerk is not None:
        access_line.record(who.clerk, purpose=PURPOSE, subjects=[found["child"], who.person], fields=FIELDS)
