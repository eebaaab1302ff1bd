"""Subscribe-message templates: WeChat's template id and page behind a name of ours. Data, set by staff or the seed."""

from typing import Any

from mongoengine import Document, StringField


class MessageTemplate(Document):
    """The id is our name, for example `order_issued`."""

    meta = {"collection": "message_templates", "auto_create_index": False}
    id = StringField(primary_key=True)
    template_id = StringField(required=True)
    page = StringField(required=True)


def named(name: str) -> dict[str, Any] | None:
    """Return a template, None when the county has not registered one."""
    return MessageTemplate._get_collection().find_one({"_id": name})


def put(name: str, template_id: str, page: str) -> None:
    """Set the WeChat template behind a name."""
    change = {"$set": {"template_id": template_id, "page": page}}
    MessageTemplate._get_collection().update_one({"_id": name}, change, upsert=True)
