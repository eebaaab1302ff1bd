"""What WeChat, WeChat Pay and those who call in their name can do wrong.

    OutsideFailure 502
    ├── WeChatFailure              a call of the mini-program failed; `errcode` is WeChat's number
    │   ├── WeChatBusy             busy, over the quota, or not answering: later it may work
    │   ├── MessageNotGranted      the person did not subscribe, or the grant is used up
    │   └── MessageFieldRefused    a field breaks the template's type rule; `field` names it
    └── PaymentGatewayFailure      the payment gateway failed; `errcode` is its word
        ├── PaymentRefused         it said no: nothing was done
        └── PaymentUnknown         nobody knows whether it was done: ask, or repeat with the same number
    BadInput 400      WeChatCodeRefused ── WeChatLoginCodeRefused, WeChatPhoneCodeRefused
    NotAllowed 403    WeChatUserBlocked
    TooMany 429       WeChatTooOften
    NotLoggedIn 401   NoticeRefused (payment notices), PushRefused (message push)

`reason` is a short English word or two for the log. No error carries a secret, a token or a login code.
"""

from typing import Any

from backend.errors import BadInput, NotAllowed, NotLoggedIn, OutsideFailure, TooMany


class WeChatFailure(OutsideFailure):
    """502: a call of the mini-program's server interface failed; `errcode` None means no answer to read."""

    code = "wechat_failed"
    zh = "微信接口暂时出错,请稍后再试。"
    en = "WeChat answered with an error. Please try again later."

    def __init__(self, *, errcode: int | None = None, reason: str = "", **details: Any) -> None:
        super().__init__(**details)
        self.errcode = errcode
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code} (errcode {self.errcode}{', ' if self.reason else ''}{self.reason})"


class WeChatBusy(WeChatFailure):
    """502: WeChat is busy, its quota is used up, or it does not answer."""

    code = "wechat_busy"
    zh = "微信服务繁忙,请过一会儿再试。"
    en = "WeChat is busy. Please try again in a while."


class MessageNotGranted(WeChatFailure):
    """502: no subscription left for this template; send it another way."""

    code = "wechat_message_not_granted"
    zh = "用户没有订阅这条消息,请改用短信或站内消息通知。"
    en = "The person did not subscribe to this message. Use SMS or the inbox instead."


class MessageFieldRefused(WeChatFailure):
    """502: a field of a subscription message breaks its type rule; `field` names it where WeChat does."""

    code = "wechat_message_field_refused"
    zh = "订阅消息的内容不符合模板要求,请检查模板字段。"
    en = "The message does not fit its template. Check the template's fields."

    def __init__(self, *, field: str = "", **details: Any) -> None:
        super().__init__(**details)
        self.field = field


class WeChatCodeRefused(BadInput):
    """400: a one-time code from the mini-program is wrong, used or over five minutes old."""

    code = "wechat_code_invalid"
    zh = "微信登录凭证已失效,请关闭小程序后重新打开。"
    en = "The WeChat login code is no longer valid. Close the mini program and open it again."
    errcode: int | None = None

    def __init__(self, *, errcode: int | None = None, **details: Any) -> None:
        super().__init__(**details)
        self.errcode = errcode


class WeChatLoginCodeRefused(WeChatCodeRefused):
    """400: the code of wx.login is wrong, used or expired."""


class WeChatPhoneCodeRefused(WeChatCodeRefused):
    """400: the code of the phone-number button is wrong, used or expired."""

    code = "wechat_phone_code_invalid"
    zh = "手机号授权已失效,请重新点击“获取手机号”按钮。"
    en = "The phone number permission has expired. Tap the button again."


class WeChatUserBlocked(NotAllowed):
    """403: WeChat holds this user for a high risk and refuses the login."""

    code = "wechat_user_blocked"
    zh = "微信判定该账号存在风险,暂时不能登录;请在微信中申诉,或到服务窗口办理。"
    en = "WeChat has blocked this account as risky. Appeal in WeChat, or visit a service counter."
    errcode = 40226


class WeChatTooOften(TooMany):
    """429: this user logged in over a hundred times within a minute."""

    code = "wechat_too_often"
    errcode = 45011


class PaymentGatewayFailure(OutsideFailure):
    """502: the payment gateway failed; `errcode` is its own code where it gave one."""

    code = "payment_gateway_failed"
    zh = "微信支付暂时出错,请稍后再试。"
    en = "WeChat Pay answered with an error. Please try again later."

    def __init__(self, *, errcode: str = "", reason: str = "", **details: Any) -> None:
        super().__init__(**details)
        self.errcode = errcode
        self.reason = reason

    def __str__(self) -> str:
        return " ".join(part for part in (self.code, self.errcode, self.reason) if part)


class PaymentRefused(PaymentGatewayFailure):
    """502: the gateway answered no (HTTP 4xx with a code); nothing was done."""

    passing = False
    code = "payment_refused"
    zh = "微信支付没有受理这笔请求,请刷新订单后再试。"
    en = "WeChat Pay refused the request. Refresh the order and try again."


class PaymentUnknown(PaymentGatewayFailure):
    """502: no trustworthy answer came, so it may or may not have been done."""

    code = "payment_unknown"
    zh = "支付结果还在确认中,请不要重复付款,稍后刷新查看。"
    en = "The outcome of the payment is not known yet. Do not pay again; refresh in a while."


class NoticeRefused(NotLoggedIn):
    """401: a payment notice that cannot be proved to come from WeChat Pay, or is not for this merchant.

    `probe` is true for the gateway's own signature probes: refuse them without an alarm.
    """

    code = "notice_refused"
    zh = "通知未通过验证。"
    en = "The notice could not be verified."

    def __init__(self, *, reason: str = "", probe: bool = False, **details: Any) -> None:
        super().__init__(**details)
        self.reason = reason
        self.probe = probe


class PushRefused(NotLoggedIn):
    """401: a message push that cannot be proved to come from WeChat."""

    code = "push_refused"
    zh = "推送未通过验证。"
    en = "The push could not be verified."

    def __init__(self, *, reason: str = "", **details: Any) -> None:
        super().__init__(**details)
        self.reason = reason
