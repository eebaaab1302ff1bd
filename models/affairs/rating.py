"""The applicant's rating of a decided case (好差评): one to five, once, with tags and words of their own.

Whoever rates 1 or 2 is called back (国办发〔2019〕51 号): the rating opens the case of a return visit in its own
transaction. Unit and clerk are those of the decision that was rated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, runtime
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding, Sealed, declare
from models.affairs import case, rating_figure, service_item
from models.affairs.case_errors import CaseStateWrong

COLLECTION = "case_ratings"
STARS_ZH = {5: "很满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "很不满意"}
BAD = (1, 2)
TAGS_ZH = {
    "clear_guidance": "一次告知清楚",
    "fast": "办得快",
    "friendly": "态度好",
    "few_materials": "材料少",
    "convenient": "网上办方便",
    "unclear_guidance": "告知不清楚",
    "slow": "办得慢",
    "unfriendly": "态度差",
    "many_materials": "材料多、重复提交",
    "inconvenient": "跑动次数多",
    "result_unsatisfying": "对结果不满意",
}
PRAISE = ("clear_guidance", "fast", "friendly", "few_materials", "convenient")
RATED = ("decided", "appealed", "closed")


class Rating(Document):
    """The id is the case's. `clerk` is who decided; `visit` is the case of the return visit and what came of it."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["unit", "-_id"]},
            {"fields": ["person"], "sparse": True},
            {"fields": ["account"], "sparse": True},
        ],
    }
    id = ObjectIdField(primary_key=True)
    number = StringField(required=True)
    kind = StringField(required=True)
    unit = StringField(required=True)
    clerk = StringField(required=True)
    decision = ObjectIdField(required=True)
    person = ObjectIdField()
    account = ObjectIdField()
    firm = StringField()
    stars = IntField(required=True, min_value=1, max_value=5)
    tags = ListField(StringField())
    text = BinaryField()
    month = StringField(required=True)
    visit = DictField()
    at = DateTimeField(required=True)


declare(
    Holding(
        COLLECTION,
        "对办理事项的评价",
        persons=("person",),
        accounts=("account",),
        of_person=True,
        staff=("clerk", "visit.by"),
        sealed=(Sealed("text"),),
        at_deletion="delete",
    )
)


class AlreadyRated(Conflict):
    """409: a case is rated once."""

    code = "case_already_rated"
    zh = "您已评价过这件事项;如需补充意见,请拨打 12345。"
    en = "You have rated this case. Call 12345 to add to it."


class RatingNotOpen(Conflict):
    """409: cases of this item are not rated."""

    code = "case_rating_not_open"
    zh = "这类事项不设评价;如有意见建议,请拨打 12345。"
    en = "Cases of this item are not rated. Call 12345 with what you want to say."


class TagsDoNotFit(Unprocessable):
    """422: praise with a bad rating, or blame with the best."""

    code = "rating_tags_do_not_fit"
    zh = "所选标签与评分不一致:好评请选表扬标签,差评请选意见标签。"
    en = "The tags do not fit the stars. Praise goes with four or five, blame with one or two."

    def __init__(self) -> None:
        super().__init__(fields={"tags": [self.zh]})


@dataclass(frozen=True)
class Told:
    """What the applicant says."""

    stars: int
    tags: tuple[str, ...] = ()
    text: str = ""


def require_ratable(found: Mapping[str, Any]) -> None:
    """Check that a case is decided and that its item is rated.

    Raises:
        CaseStateWrong: there is no decision.
        RatingNotOpen: cases of this item are not rated.
    """
    if found["state"] not in RATED or not found["decisions"]:
        raise CaseStateWrong(state=found["state"], state_zh=case.STATES[found["state"]])
    item = service_item.of_case(found)
    if item is not None and not item.get("rating"):
        raise RatingNotOpen


def record(found: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """Return a rating of a case, not stored yet.

    Raises:
        TagsDoNotFit: the tags say the opposite of the stars.
    """
    praise = {tag in PRAISE for tag in told.tags}
    if (told.stars in BAD and True in praise) or (told.stars == max(STARS_ZH) and False in praise):
        raise TagsDoNotFit
    decision, now = found["decisions"][-1], clock.now()
    made: dict[str, Any] = {
        "_id": found["_id"],
        "number": found["number"],
        "kind": found["kind"],
        "unit": decision["unit"],
        "clerk": decision["by"],
        "decision": decision["id"],
        "stars": told.stars,
        "tags": sorted(set(told.tags)),
        "month": f"{clock.civil(now):%Y-%m}",
        "at": now,
        **{name: found[name] for name in ("person", "account", "firm") if found.get(name)},
    }
    if told.text:
        made["text"] = runtime.current().sealer.seal(f"{COLLECTION}.text", found["_id"], told.text)
    return made


def add(made: Mapping[str, Any], session: ClientSession) -> None:
    """Store a rating and count it, within a transaction.

    Raises:
        AlreadyRated: the case was rated.
    """
    try:
        Rating._get_collection().insert_one(dict(made), session=session)
    except DuplicateKeyError:
        raise AlreadyRated from None
    rating_figure.count(made["unit"], made["month"], rating_figure.of_rating(made), session)


def find(case_id: ObjectId) -> dict[str, Any] | None:
    """Return the rating of a case, None where it was not rated."""
    return Rating._get_collection().find_one({"_id": case_id})


def text_of(made: Mapping[str, Any]) -> str:
    """Return what the applicant wrote, empty when it was nothing."""
    sealed = made.get("text")
    return runtime.current().sealer.open(f"{COLLECTION}.text", made["_id"], sealed) if sealed else ""


def visited(case_id: ObjectId, told: Mapping[str, Any], session: ClientSession) -> None:
    """Note what came of the return visit and count it, once; a rating that was erased is left alone."""
    guard = {"_id": case_id, "visit.outcome": {"$exists": False}}
    change = {"$set": {f"visit.{name}": value for name, value in told.items()}}
    was = Rating._get_collection().find_one_and_update(guard, change, session=session)
    if was:
        rating_figure.count(was["unit"], was["month"], {"visited": 1, f"outcomes.{told['outcome']}": 1}, session)
