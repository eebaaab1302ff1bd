"""The inbox (站内消息): what a resident finds in the app at the next opening, whether WeChat delivered it or not.

A message is a kind and plain values, never personal data of somebody else; the sentence is made when it is read.
"""

from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ObjectIdField, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import NotFound
from backend.store import paging
from models.messaging import notice_kinds

KINDS = {
    **{code: (kind.zh, kind.sentence) for code, kind in notice_kinds.KINDS.items()},
    "owner_added": (
        "单位负责人变动",
        "您负责的单位新增了一名负责人。如非本单位办理,请在“单位成员”中核对,或拨打 12345。",
    ),
    "owner_questioned": (
        "单位负责人变动",
        "市场主体登记中您负责的单位的法定代表人已变更,您暂不能以该单位名义办理。请重新认领单位,或持营业执照到政务服务窗口核实。",
    ),
    "binding_gained": ("身份绑定", "您的账号已在政务服务窗口完成实人核验。如非本人办理,请立即拨打 12345。"),
    "binding_lost": (
        "身份绑定",
        "您账号上的实名绑定已结束:该身份已由本人核验到其他账号,或在窗口解除。登录和已有订单不受影响;如有疑问,请持身份证到窗口办理。",
    ),
    "relation_proposed": ("代办授权", "有人请您代为办理事项,请在“代办与监护”中查看并确认。"),
    "relation_active": ("代办授权", "一项代办或监护关系已生效或更新,请在“代办与监护”中查看。如非本人意愿,可随时撤销。"),
    "privacy_copy": ("个人信息副本", "您申请的个人信息副本已就绪,请在“我的信息”中下载。"),
    "privacy_waits": ("账号注销", "您还有未了结的{what},办结或取消后系统将自动完成注销。"),
    "case_asked": ("我的事项", "您的事项 {number} 需要您补充或答复,请在“我的事项”中查看并按期答复。"),
    "case_decided": ("我的事项", "您的事项 {number} 已作出决定,请在“我的事项”中查看;如不服,可按其中提示申请复核。"),
    "case_result": ("我的事项", "您的事项 {number} 的结果文书已出具,请在“我的事项”中下载,或选择窗口领取、邮寄。"),
    "result_ready": ("我的事项", "您的结果文书 {number} 已可领取,请打开“我的事项”查看领取码,到窗口出示。"),
    "result_sent": ("我的事项", "您的结果文书 {number} 已寄出({carrier} {tracking}),收到后请在“我的事项”中确认。"),
    "card_issued": ("一卡通", "您的社会保障卡已发卡,完成激活后即可使用。"),
    "card_refused": ("一卡通", "您的社会保障卡申请未通过,请持身份证到窗口咨询,或拨打 12333。"),
    "card_active": ("一卡通", "您的社会保障卡已激活。如非本人办理,请立即挂失或拨打 12333。"),
    "card_lost": ("一卡通", "您的社会保障卡已挂失,全部码已停用,余额保留。找到卡片或需要补卡,请持身份证到窗口办理。"),
    "card_frozen": ("一卡通", "您的社会保障卡已冻结,全部码已停用,余额保留。如有疑问,请拨打 12333。"),
    "card_unfrozen": ("一卡通", "您的社会保障卡已恢复使用,请重新领取各类码。如非本人办理,请立即挂失。"),
    "card_replaced": ("一卡通", "您的社会保障卡已补换,旧卡作废,新卡发卡后请激活并重新领取各类码。"),
    "card_cancelled": ("一卡通", "您的社会保障卡已注销。如非本人意愿,请持身份证到窗口办理。"),
    "card_death_reported": (
        "一卡通",
        "收到一条与您有关的死亡登记信息,社会保障卡已暂时冻结,等待核实。如信息有误,请在“一卡通”中点“我健在”,或持身份证到窗口办理。",
    ),
    "card_death_refuted": ("一卡通", "经核实,与您有关的死亡登记信息有误,社会保障卡已恢复。给您带来不便,敬请谅解。"),
    "family_offered": ("亲情卡", "有亲友请您代为携带其一卡通码,请在“亲情卡”中查看并确认。"),
    "family_active": ("亲情卡", "一张亲情卡已生效,请在“亲情卡”中查看。如非本人意愿,可随时撤销。"),
    "family_ended": ("亲情卡", "一张亲情卡已结束,其中的码已停用。"),
    "benefit_paid": ("补贴发放", "您的“{item}”({period})补贴 {yuan} 元已发放到您{account}。"),
    "benefit_failed": (
        "补贴发放",
        "您的“{item}”({period})补贴 {yuan} 元未能发放到{account}:{why}。{what}请在“我的补贴”中办理,更正后将自动重发。",
    ),
    "wallet_topped_up": (
        "钱包",
        "您的钱包已在窗口以现金充值 {yuan} 元,收据号 {number}。如金额不符或非本人办理,请持收据到窗口或拨打 12345。",
    ),
    "wallet_cash_returned": (
        "钱包",
        "您在窗口的现金充值(收据号 {number})已退还现金 {yuan} 元,钱包余额相应减少。如非本人办理,请立即拨打 12345。",
    ),
    "refund_waits": (
        "退款",
        "您的退款 {yuan} 元未能退回原支付账户,工作人员正在核实办理,无需重复申请;如有疑问请拨打 12345。",
    ),
    "refund_sent_again": ("退款", "您的退款 {yuan} 元已重新办理,预计 1–3 个工作日到账,请留意微信支付通知。"),
    "refund_paid_elsewhere": (
        "退款",
        "您的退款 {yuan} 元已以{how}方式办结(凭证号 {number})。如未收到,请拨打 12345。",
    ),
    "refund_arrived": ("退款", "您的退款 {yuan} 元已到账。"),
    "wallet_frozen": ("钱包", "您的钱包已冻结,只收不付,余额不变。如有疑问,请持身份证到窗口或拨打 12345。"),
    "wallet_unfrozen": ("钱包", "您的钱包已解冻,可以正常付款。"),
    "benefit_upheld": (
        "补贴发放",
        (
            "您的“{item}”({period})补贴 {yuan} 元不予发放:经核查,公示期间对此条提出的异议成立。"
            "如不服,可依法申请行政复议,或向主管部门了解情况。"
        ),
    ),
    "benefit_lapsed": (
        "补贴发放",
        (
            "您的“{item}”({period})补贴 {yuan} 元未能入账,在期限内没有更正账户,已退回资金专户。"
            "如仍应享受,请持身份证和本人银行卡到乡镇便民服务中心申请列入下一批次。"
        ),
    ),
    "relation_ended": ("代办授权", "一项代办或监护关系已结束,请在“代办与监护”中查看。"),
}
"""Each kind with its title and sentence; `{name}` is filled from the message's values."""


class InboxMessage(Document):
    """One message to one account; `key` makes it once however often it is put."""

    meta = {
        "collection": "inbox_messages",
        "auto_create_index": False,
        "indexes": [{"fields": ["key"], "unique": True}, {"fields": ["account", "-_id"]}],
    }
    account = ObjectIdField(required=True)
    kind = StringField(choices=tuple(KINDS), required=True)
    values = DictField()
    key = StringField(required=True)
    at = DateTimeField(required=True)
    read_at = DateTimeField()


personal_data.declare(personal_data.Holding("inbox_messages", zh="站内消息", accounts=("account",)))


def put(account_id: ObjectId, kind: str, *, key: str, **values: str) -> bool:
    """Leave a message; return False where the same one lies there already."""
    record = {"account": account_id, "kind": kind, "values": values, "key": f"{kind}:{account_id}:{key}"}
    try:
        InboxMessage._get_collection().insert_one(record | {"at": clock.now()})
    except DuplicateKeyError:
        return False
    return True


def listed(account_id: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of an account's messages, newest first."""
    found, following = paging.page(
        InboxMessage._get_collection(), {"account": account_id}, sort=("_id", -1), cursor=cursor, limit=limit
    )
    return [_line(one) for one in found], following


def _line(found: dict[str, Any]) -> dict[str, Any]:
    title, sentence = KINDS[found["kind"]]
    return {
        "id": str(found["_id"]),
        "kind": found["kind"],
        "title_zh": title,
        "text_zh": sentence.format(**found["values"]),
        "at": clock.civil(found["at"]).isoformat(timespec="seconds"),
        "read": "read_at" in found,
    }


def mark_read(account_id: ObjectId, message_id: ObjectId) -> None:
    """Note that a message was read; repeating it changes nothing.

    Raises:
        NotFound: not a message of this account.
    """
    query, change = {"_id": message_id, "account": account_id}, {"$min": {"read_at": clock.now()}}
    if not InboxMessage._get_collection().update_one(query, change).matched_count:
        raise NotFound
