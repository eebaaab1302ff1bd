"""SMS templates: the service's template id and parameters behind a name of ours; set by staff or the seed."""

from collections.abc import Mapping, Sequence
from typing import Any

from mongoengine import Document, ListField, StringField

from backend.errors import NotFound
from models.identity.actors import Staff
from models.messaging import fields, notice_kinds, template

MOST_PARAMETERS, LONGEST_PARAMETER = 12, 35
"""What a template of the service takes."""
_BRACKETS = str.maketrans("【】", "「」")


class SmsTemplate(Document):
    """The id is our name, for example `visit_changed`; without `parameters` those of the notice's kind are used."""

    meta = {"collection": "sms_templates", "auto_create_index": False}
    id = StringField(primary_key=True)
    template_id = StringField(required=True)
    parameters = ListField(StringField())


def named(name: str) -> dict[str, Any] | None:
    """Return an SMS template, None when the county has not registered one."""
    return SmsTemplate._get_collection().find_one({"_id": name})


def filled(about: Mapping[str, Any], kind: notice_kinds.NoticeKind, values: Mapping[str, str]) -> list[str]:
    """Return the parameters of an SMS, shortened to what the service takes; its brackets are the sign name's alone."""
    told = (text.format_map(values) for text in about.get("parameters") or kind.parameters)
    return [fields.shortened(" ".join(one.translate(_BRACKETS).split()), LONGEST_PARAMETER) for one in told]


def seed(name: str, template_id: str) -> None:
    """Put the SMS template behind a name where none is registered."""
    SmsTemplate._get_collection().update_one({"_id": name}, {"$setOnInsert": {"template_id": template_id}}, upsert=True)


def set_by_staff(actor: Staff, name: str, *, template_id: str, parameters: Sequence[str]) -> dict[str, Any]:
    """Register the SMS template behind a name, with its parameters in order; return it.

    Raises:
        NotFound: there is no such name.
        TemplateWrong: a parameter is wrong.
    """
    actor.require(template.OPERATION)
    if name not in notice_kinds.SMS_ZH:
        raise NotFound
    allowed = notice_kinds.common(notice_kinds.of_sms(name))
    for text in parameters:
        template.require_names("parameters", text, allowed)
    told = {"template_id": template_id, "parameters": list(parameters)}
    template.write(actor, SmsTemplate, "sms_template", name, told)
    return {"_id": name, **told}


def listed() -> list[dict[str, Any]]:
    """Return every SMS name with what is registered behind it."""
    there = {one["_id"]: one for one in SmsTemplate._get_collection().find({"_id": {"$gte": ""}})}
    return [
        template.shown(name, zh, there.get(name), notice_kinds.of_sms(name)) for name, zh in notice_kinds.SMS_ZH.items()
    ]
