"""Sending at once: one message of one template to one account, when the user granted it.

What is told as a notice (`notice.tell`) has more ways to its person; this is for what lies in the inbox anyway.
"""

import structlog
from bson import ObjectId

from backend import runtime
from backend.errors import CityError
from backend.store import transactions
from backend.wechat.errors import MessageNotGranted
from models.identity import account
from models.messaging import fields, grant, template

log = structlog.get_logger()


def notify(account_id: ObjectId, name: str, wanted: dict[str, str]) -> bool:
    """Send a message if there is a template and a grant; return whether it went out.

    Raises:
        WeChatFailure: WeChat did not take it; the queue repeats it.
        NotFound: the account was closed.
    """
    about = template.named(name)
    if about is None:
        return False
    openid, key = account.openid(account_id), str(ObjectId())
    try:
        data = fields.fitted(wanted)
    except fields.FieldUnfit as unfit:
        log.warning("message_field_unfit", template=name, field=unfit.field)
        return False
    if not grant.use(openid, about["template_id"], key=key):
        return False
    try:
        runtime.current().mini_program.send_subscribe_message(openid, about["template_id"], data, page=about["page"])
    except MessageNotGranted:
        log.info("message_not_granted", template=name)
        return False
    except CityError:
        transactions.run(grant.refund(openid, about["template_id"], key))  # the queue's next try needs it
        raise
    return True
