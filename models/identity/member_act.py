"""What was done in an organisation's name (以单位名义办理的记录), by whom: so that the organisation sees who acted.

An act is written in the transaction of what was done. It names what by a code and an id, never a value.
"""

from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.personal_data import Holding
from backend.store import paging
from models.identity.actors import Helped, Member

COLLECTION = "member_acts"
WHAT_ZH = {
    "membership_change_role": "调整成员角色",
    "membership_remove": "移除成员或撤销经办授权",
    "membership_leave": "退出单位",
    "agent_name": "指定经办人",
    "agent_accept": "接受经办授权",
    "agent_amend": "调整经办授权",
    "fact_dispute": "对登记信息提出异议",
    "offer_confirm": "确认惠企政策兑现",
    "matter_apply": "申报事项",
    "promise_sign": "签署承诺",
}
"""What can be done in an organisation's name, as its people read it."""
AT_COUNTER = "counter"


class MemberAct(Document):
    """`about` reads kind and id; `via` says that it was done at a counter, in the person's presence."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["organisation", "-_id"]}, {"fields": ["person"]}],
    }
    organisation = ObjectIdField(required=True)
    person = ObjectIdField(required=True)
    role = StringField(required=True)
    what = StringField(choices=tuple(WHAT_ZH), required=True)
    about = StringField(required=True)
    via = StringField()
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "以单位名义办理的记录",
        persons=("person",),
        traces=("role", "what", "about", "via", "at"),
        at_deletion="restrict",
        because="民法典第一百六十一条至第一百七十二条: 单位须能查明由谁代理; 行政给付的经办记录随案卷留存",
    )
)


def write(member: Member | Helped, what: str, about: str, session: ClientSession) -> None:
    """Note what a member did, or was helped with at a counter, within the transaction of it."""
    via = AT_COUNTER if isinstance(member, Helped) else ""
    whose = (member.organisation_id, member.person_id, member.role)
    write_of(*whose, what=what, about=about, session=session, via=via)


def write_of(
    organisation_id: ObjectId,
    person_id: ObjectId,
    role: str,
    *,
    what: str,
    about: str,
    session: ClientSession,
    via: str = "",
) -> None:
    """Note what a person did in an organisation's name, within the transaction of it."""
    told: dict[str, Any] = {"_id": ObjectId(), "organisation": organisation_id, "person": person_id, "role": role}
    told |= {"what": what, "about": about, "at": clock.now()} | ({"via": via} if via else {})
    MemberAct._get_collection().insert_one(told, session=session)


def of_organisation(
    organisation_id: ObjectId, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what was done in an organisation's name, newest first."""
    acts, query = MemberAct._get_collection(), {"organisation": organisation_id}
    return paging.page(acts, query, sort=("_id", -1), cursor=cursor, limit=limit)
