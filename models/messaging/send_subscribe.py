"""One try of a notice's subscribe message: the grant is used first, and given back where surely nothing went out.

no grant                        not_granted
it went out                     sent; WeChat's event says later that it came (delivered), or the end below
refused meanwhile (event)       not_granted, otherwise failed: the notice goes on to the next channel
WeChat knows no grant (43101)   not_granted; after a try whose end is unknown `sent`, presumed: that try used it up
a field refused (47003), other  failed, with a problem for a person
busy, over the quota (45009)    the grant returns; the queue repeats it, at last failed
no answer                       unknown: repeated on the same grant, at last failed
"""

from functools import partial
from typing import Any

from backend import outbox, runtime
from backend.errors import CityError, NotFound
from backend.wechat.errors import MessageFieldRefused, MessageNotGranted, WeChatBusy, WeChatFailure
from models.identity import account
from models.messaging import fields, grant, notice, template
from models.messaging.notice_kinds import NoticeKind

CHANNEL = "subscribe"


def send(found: dict[str, Any], kind: NoticeKind) -> None:
    """Try to send a notice's subscribe message and note what came of it.

    Raises:
        outbox.Later: another worker is at it.
        OutsideFailure, Unavailable: it is to be repeated.
    """
    about = template.named(kind.template) if kind.template else None
    if about is None:
        notice.end(found, CHANNEL, "none")
        return
    try:
        data = fields.fitted(template.filled(about, kind, found["values"]))
        openid = account.openid(found["account"])
    except fields.FieldUnfit as unfit:
        notice.end(found, CHANNEL, "failed", problem={"code": unfit.code, "field": unfit.field})
    except NotFound:  # who closed the account is not told
        notice.end(found, CHANNEL, "none")
    else:
        _try(found, about, openid, data)


def _try(found: dict[str, Any], about: dict[str, Any], openid: str, data: dict[str, str]) -> None:
    before = notice.claim(found, CHANNEL)
    used = f"{found['_id']}:{before.get('refunds', 0)}"
    if not grant.use(openid, about["template_id"], key=used):
        notice.end(found, CHANNEL, "not_granted")
        return
    unsure = before.get("state") in ("sending", "unknown")
    back = partial(_refunded, found, before, grant.refund(openid, about["template_id"], used))
    try:
        mini = runtime.current().mini_program
        msgid = mini.send_subscribe_message(openid, about["template_id"], data, page=about["page"])
    except MessageNotGranted:
        if unsure:
            notice.end(found, CHANNEL, "sent", presumed=True)
        else:
            notice.end(found, CHANNEL, "not_granted", reason="43101")
            grant.withdraw(openid, about["template_id"], what="denied")
    except MessageFieldRefused as refusal:
        back("failed", problem={"code": refusal.code, "field": refusal.field})
    except WeChatBusy as busy:
        _later(found, before, busy, back)
    except WeChatFailure as failure:
        back("failed", problem={"code": failure.code, "field": ""}, reason=str(failure.errcode))
    except CityError:  # the token's keeper is away: nothing left this house
        back("busy")
        raise
    else:
        told: dict[str, Any] = {"msgid": msgid} if msgid else {}
        notice.end(found, CHANNEL, "sent", **told)


def result(openid: str, msgid: str, template_id: str, *, refused: bool, reason: str) -> bool:
    """Take what WeChat tells of a message that it had taken: it came, or the user had refused it meanwhile.

    Returns False where no notice of this user knows the message yet.
    """
    found = notice.by_message(msgid)
    if found is None or not _theirs(found, openid):
        return False
    if reason == "success":
        notice.came(found)
    elif notice.came_back(found, "not_granted" if refused else "failed", reason=reason) and refused:
        grant.withdraw(openid, template_id, what="denied")
    return True


def _theirs(found: dict[str, Any], openid: str) -> bool:
    try:
        return account.openid(found["account"]) == openid
    except NotFound:
        return False


def _refunded(found: dict[str, Any], before: dict[str, Any], refund: Any, state: str, **more: Any) -> None:
    """Give the grant back with the note that nothing went out; a further try uses one anew."""
    if state == "busy":
        notice.again(found, CHANNEL, state, also=refund, refunds=before.get("refunds", 0) + 1)
    else:
        notice.end(found, CHANNEL, state, also=refund, **more)


def _later(found: dict[str, Any], before: dict[str, Any], busy: WeChatBusy, back: Any) -> None:
    last = before["tries"] >= notice.MOST_TRIES
    if busy.errcode is None:  # it may have arrived: the grant stays used
        if last:
            notice.end(found, CHANNEL, "failed", reason="no answer")
            return
        notice.again(found, CHANNEL, "unknown")
    elif last:
        back("failed", reason=str(busy.errcode))
        return
    else:
        back("busy")
    raise outbox.Later(outbox.backoff(before["tries"]))
