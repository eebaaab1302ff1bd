"""A form that somebody has begun to fill: one for each applicant and item, kept for some months, sealed, nobody else's.

It is saved as it is, right or wrong; submitting the form ends it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, IntField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import NotFound, Unprocessable
from backend.personal_data import Holding, Sealed
from models.affairs import form as forms
from models.affairs.applicant import Applicant
from models.identity.actors import Member

COLLECTION = "form_drafts"
KEPT = timedelta(days=90)
LARGEST = 64 * 1024
"""Bytes, far above what a form of the subset takes."""


class FormDraft(Document):
    """`owner` names the applicant and is a person's or a firm's; `person` says so where it is a person's."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["owner", "code"], "unique": True},
            {"fields": ["person"], "sparse": True},
            {"fields": ["until"], "expireAfterSeconds": 0},
        ],
    }
    owner = StringField(required=True)
    person = ObjectIdField()
    code = StringField(required=True)
    version = IntField(required=True)
    form = BinaryField(required=True)
    saved_at = DateTimeField(required=True)
    until = DateTimeField(required=True)


personal_data.declare(
    Holding(COLLECTION, "未提交的办事表单", persons=("person",), sealed=(Sealed("form"),), at_deletion="delete")
)


class DraftTooLarge(Unprocessable):
    """422: the draft is no filled form."""

    code = "form_draft_too_large"
    zh = "填写的内容过多或不属于本表单,请核对后再保存。"
    en = "The draft is too large or holds fields that the form has not."

    def __init__(self) -> None:
        super().__init__(fields={"answers": [self.zh]})


def owner_of(applicant: Applicant) -> str:
    """Return the applicant's name here: the person in whose name they act, or their firm."""
    if isinstance(applicant, Member):
        return f"firm:{applicant.organisation['credit_code']}"
    return f"person:{applicant.subject_id}"


def save(applicant: Applicant, item: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Save a half filled form in place of the one before, and return it.

    Raises:
        DraftTooLarge: it holds what the form has not, or too much.
    """
    raw = orjson.dumps(answers)
    if answers.keys() - forms.fields(item["form"]).keys() or len(raw) > LARGEST:
        raise DraftTooLarge
    now, whose = clock.now(), {"owner": owner_of(applicant), "code": item["code"]}
    person = {} if isinstance(applicant, Member) else {"person": applicant.subject_id}
    known = FormDraft._get_collection().find_one(whose, {"_id": 1})
    draft_id = known["_id"] if known else ObjectId()
    told = {
        "version": item["version"],
        "form": runtime.current().sealer.seal("form_drafts.form", draft_id, raw.decode()),
        "saved_at": now,
        "until": now + KEPT,
        **person,
    }
    try:
        saved: dict[str, Any] = FormDraft._get_collection().find_one_and_update(
            {"_id": draft_id, **whose}, {"$set": told}, upsert=True, return_document=ReturnDocument.AFTER
        )
    except DuplicateKeyError:  # the same applicant saved their first draft at the same moment
        return save(applicant, item, answers)
    return saved


def read(applicant: Applicant, code: str) -> dict[str, Any]:
    """Return one's draft of an item's form.

    Raises:
        NotFound: there is none.
    """
    query = {"owner": owner_of(applicant), "code": code}
    found = FormDraft._get_collection().find_one(query)
    if found is None or found["until"] <= clock.now():
        raise NotFound
    return found


def answers_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a draft holds."""
    opened: dict[str, Any] = orjson.loads(
        runtime.current().sealer.open("form_drafts.form", found["_id"], found["form"])
    )
    return opened


def end(owner: str, code: str, session: ClientSession | None = None) -> None:
    """Forget a draft; without one, nothing changes."""
    FormDraft._get_collection().delete_one({"owner": owner, "code": code}, session=session)
