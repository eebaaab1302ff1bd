"""Subscribe-message templates: WeChat's template id, page and fields behind a name of ours; set by staff or the seed.

A field is filled from the values of a notice: `{"thing1": "{place}", "time2": "{day} {time}"}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mongoengine import DictField, Document, StringField
from pymongo.client_session import ClientSession

from backend.errors import BadInput, NotFound
from backend.store import transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.messaging import fields, notice_kinds

OPERATION = "message.manage"


class MessageTemplate(Document):
    """The id is our name, for example `order_issued`; without `fields` those of the notice's kind are used."""

    meta = {"collection": "message_templates", "auto_create_index": False}
    id = StringField(primary_key=True)
    template_id = StringField(required=True)
    page = StringField(required=True)
    fields = DictField()


class TemplateWrong(BadInput):
    """400: a field is none of WeChat's, or is filled from a value that these notices do not have."""

    code = "message_template_wrong"
    zh = "模板字段有误:字段名须是微信模板的字段(如 thing1、time2),内容只能引用 {names}。"
    en = "The template's fields are wrong. Name WeChat's fields, and fill them from {names} only."

    def __init__(self, field: str, names: frozenset[str]) -> None:
        told = "、".join(f"{{{name}}}" for name in sorted(names))
        super().__init__(names=told, fields={field: [self.zh.format(names=told)]})


def named(name: str) -> dict[str, Any] | None:
    """Return a template, None when the county has not registered one."""
    return MessageTemplate._get_collection().find_one({"_id": name})


def by_template_id(template_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the registered templates among some of WeChat's ids."""
    known = MessageTemplate._get_collection().find({"_id": {"$in": sorted(notice_kinds.TEMPLATE_ZH)}})
    return {one["template_id"]: one for one in known if one["template_id"] in template_ids}


def filled(about: Mapping[str, Any], kind: notice_kinds.NoticeKind, values: Mapping[str, str]) -> dict[str, str]:
    """Return what a subscribe message of this template says."""
    chosen = about.get("fields") or kind.fields
    return {name: text.format_map(values) for name, text in chosen.items()}


def put(name: str, template_id: str, page: str) -> None:
    """Set the WeChat template behind a name."""
    change = {"$set": {"template_id": template_id, "page": page}}
    MessageTemplate._get_collection().update_one({"_id": name}, change, upsert=True)


def seed(name: str, template_id: str, page: str) -> None:
    """Put the WeChat template behind a name where none is registered."""
    made = {"$setOnInsert": {"template_id": template_id, "page": page}}
    MessageTemplate._get_collection().update_one({"_id": name}, made, upsert=True)


def set_by_staff(actor: Staff, name: str, *, template_id: str, page: str, chosen: Mapping[str, str]) -> dict[str, Any]:
    """Register the WeChat template behind a name, with its fields; return it.

    Raises:
        NotFound: there is no such name.
        TemplateWrong: a field is wrong.
    """
    actor.require(OPERATION)
    if name not in notice_kinds.TEMPLATE_ZH:
        raise NotFound
    allowed = notice_kinds.common(notice_kinds.of_template(name))
    for field, text in chosen.items():
        if fields.kind_of(field) is None:
            raise TemplateWrong("fields", allowed)
        require_names("fields", text, allowed)
    told = {"template_id": template_id, "page": page, "fields": dict(chosen)}
    write(actor, MessageTemplate, "message_template", name, told)
    return {"_id": name, **told}


def require_names(field: str, text: str, allowed: frozenset[str]) -> None:
    """Check that a text is filled from allowed values only.

    Raises:
        TemplateWrong: it is not.
    """
    try:
        names = notice_kinds.placeholders([text])
    except ValueError:
        raise TemplateWrong(field, allowed) from None
    if not names <= allowed:
        raise TemplateWrong(field, allowed)


def write(actor: Staff, kind: type[Document], what: str, name: str, told: dict[str, Any]) -> None:
    """Store what staff set behind a name, with its audit entry."""
    line = entry.line(actor.key, "message.template", f"{what}:{name}", unit=actor.unit, template=told["template_id"])

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        kind._get_collection().update_one({"_id": name}, {"$set": told}, upsert=True, session=session)
        entry.write(line, session)

    transactions.run(change)


def listed() -> list[dict[str, Any]]:
    """Return every name with what is registered behind it."""
    there = {one["_id"]: one for one in MessageTemplate._get_collection().find({"_id": {"$gte": ""}})}
    return [
        shown(name, zh, there.get(name), notice_kinds.of_template(name))
        for name, zh in notice_kinds.TEMPLATE_ZH.items()
    ]


def shown(name: str, zh: str, kept: dict[str, Any] | None, kinds: list[notice_kinds.NoticeKind]) -> dict[str, Any]:
    """Return a name with the values that may fill it, and what is registered behind it."""
    told: dict[str, Any] = (
        {key: kept[key] for key in ("template_id", "page", "fields", "parameters") if key in kept} if kept else {}
    )
    return {"name": name, "name_zh": zh, "values": sorted(notice_kinds.common(kinds)), **told}
