"""Sending: one message of one template to one account, when the user granted it."""

import structlog
from bson import ObjectId

from backend import runtime
from backend.errors import CityError
from backend.wechat.errors import MessageNotGranted
from models.identity import account
from models.messaging import grant, template

log = structlog.get_logger()

THING = 20
"""WeChat's limit of a `thing` field, in characters."""


def notify(account_id: ObjectId, name: str, fields: dict[str, str]) -> bool:
    """Send a message if there is a template and a grant; return whether it went out.

    Raises:
        WeChatFailure: WeChat did not take it; the queue repeats it.
    """
    about = template.named(name)
    if about is None:
        return False
    openid = account.openid(account_id)
    if not grant.use(openid, about["template_id"]):
        return False
    data = {key: value[:THING] if key.startswith("thing") else value for key, value in fields.items()}
    try:
        runtime.current().mini_program.send_subscribe_message(openid, about["template_id"], data, page=about["page"])
    except MessageNotGranted:
        log.info("message_not_granted", template=name)
        return False
    except CityError:
        grant.add(openid, about["template_id"])  # nothing went out: the queue's next try needs it
        raise
    return True
