"""The templates that the county registered at WeChat and at the SMS service."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.messaging import schemas
from models.messaging import sms_template, template

templates = Surface("office message templates", __name__, url_prefix="/office/v1", description="消息模板")


@templates.get("/message-templates", access=staff("message.manage"))
@templates.answer(200, schemas.OfficeTemplateList)
def list_templates() -> dict[str, Any]:
    """Every subscribe-message name with the template behind it, and the values that may fill it."""
    return {"items": template.listed(), "next": None}


@templates.put("/message-templates/<name>", access=staff("message.manage"))
@templates.arguments(schemas.OfficeTemplateBody)
@templates.response(204)
def set_template(body: dict[str, Any], name: str) -> None:
    """Register the WeChat template behind a name."""
    told = {"template_id": body["template_id"], "page": body["page"]}
    template.set_by_staff(g.actor, name, **told, chosen=body.get("fields_", {}))


@templates.get("/sms-templates", access=staff("message.manage"))
@templates.answer(200, schemas.OfficeSmsTemplateList)
def list_sms_templates() -> dict[str, Any]:
    """Every SMS name with the template behind it, and the values that may fill it."""
    return {"items": sms_template.listed(), "next": None}


@templates.put("/sms-templates/<name>", access=staff("message.manage"))
@templates.arguments(schemas.OfficeSmsTemplateBody)
@templates.response(204)
def set_sms_template(body: dict[str, Any], name: str) -> None:
    """Register the SMS template behind a name."""
    sms_template.set_by_staff(g.actor, name, template_id=body["template_id"], parameters=body["parameters"])
