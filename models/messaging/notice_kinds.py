"""The kinds of notices (通知): one literal table. Every text is filled from the notice's values by `{name}`.

`fields` are what a subscribe message holds until the staff say otherwise for the template that they registered at
WeChat; `parameters` the same for SMS. What is `prompt` answers what the person did this moment, so it wakes nobody.
"""

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PLACE_DAY = {"thing1": "{place}", "date2": "{day}"}
VISIT = {"thing1": "{place}", "time2": "{day} {time}", "number3": "{places}"}
HEALTH = {"time1": "{day} {time}", "thing2": "请打开“健康提醒”查看"}
HEALTH_FILE = {"time1": "{day} {time}", "thing2": "请打开“健康档案”查看"}
CHANGED = {"thing1": "{place}", "time2": "{day} {time}", "thing3": "{reason}"}


@dataclass(frozen=True)
class NoticeKind:
    """Title and sentence for the inbox, and the templates' names. What is `optional` can be switched off.

    `given` are values that are the same for every notice of the kind, unless who tells it says otherwise.
    """

    zh: str
    sentence: str
    template: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    sms: str = ""
    parameters: tuple[str, ...] = ()
    optional: bool = True
    prompt: bool = False
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the values that a notice of this kind has."""
        return placeholders((self.sentence, *self.fields.values(), *self.parameters)) | set(self.given)


def placeholders(texts: Iterable[str]) -> frozenset[str]:
    """Return the names in braces of some texts.

    Raises:
        ValueError: a text is no such template, or asks for more than plain names.
    """
    found = set()
    for text in texts:
        for _, name, spec, conversion in string.Formatter().parse(text):
            if name is None:
                continue
            if not name.isidentifier() or spec or conversion:
                raise ValueError(text)
            found.add(name)
    return frozenset(found)


KINDS = {
    "order_issued": NoticeKind(
        "预约成功",
        "您已预约“{place}”,{day} {time},共 {places} 人。请按时段入园,门票在“我的订单”中查看。",
        template="order_issued",
        fields={**PLACE_DAY, "number3": "{places}"},
        prompt=True,
    ),
    "school_submitted": NoticeKind(
        "入学申请已提交",
        "您的{round}入学申请已提交,受理编号 {receipt}。{no_advantage}进度可在“我的入学申请”中查看。",
        template="school_submitted",
        fields={"thing1": "{round}", "character_string2": "{receipt}"},
        optional=False,
        prompt=True,
    ),
    "visit_reminder": NoticeKind(
        "游览提醒",
        "您预约了“{place}”,{day} {time},共 {places} 人,请按时前往;不能前往请提前取消,把名额留给他人。",
        template="visit_reminder",
        fields=VISIT,
        sms="visit_reminder",
        parameters=("{place}", "{day} {time}"),
    ),
    "slot_closed": NoticeKind(
        "时段关闭",
        "“{place}” {day} {time} 的时段已关闭:{reason}。您的订单已取消,已付款项全额退回。",
        template="visit_changed",
        fields=CHANGED,
        sms="visit_changed",
        parameters=("{place}", "{day} {time}"),
        optional=False,
    ),
    "place_closed": NoticeKind(
        "场所关闭",
        "“{place}” {day} 关闭:{reason}。您的订单({time})已取消,已付款项全额退回。",
        template="visit_changed",
        fields=CHANGED,
        sms="visit_changed",
        parameters=("{place}", "{day} {time}"),
        optional=False,
    ),
    "extra_closed": NoticeKind(
        "附加项目取消",
        "您为“{place}” {day} {time} 另约的“{extra}”已取消:{reason}。参观预约照常有效,该项费用 {yuan} 元全额退回。",
        template="visit_changed",
        fields=CHANGED,
        sms="visit_changed",
        parameters=("{place}", "{day} {time}"),
        optional=False,
    ),
    "weather_closed": NoticeKind(
        "天气关闭",
        "“{place}” {day} {time} 因天气原因关闭:{reason}。您的订单已取消,已付款项全额退回。",
        template="visit_changed",
        fields=CHANGED,
        sms="visit_changed",
        parameters=("{place}", "{day} {time}"),
        optional=False,
    ),
    "crowd_warning": NoticeKind(
        "客流提示",
        "“{place}” {day} {time} 客流较大:{reason}。请错峰前往,听从现场引导。",
        template="visit_changed",
        fields=CHANGED,
    ),
    "waiting_offer": NoticeKind(
        "候补机会",
        "您候补的“{place}” {day} {time} 有名额了,请在 {until} 前确认,过时自动转给下一位。",
        template="waiting_offer",
        fields={"thing1": "{place}", "time2": "{day} {time}", "time3": "{until}"},
        sms="waiting_offer",
        parameters=("{place}", "{day} {time}", "{until}"),
    ),
    "waiting_ended": NoticeKind(
        "候补结束",
        "您候补的“{place}” {day} {time} 已结束:{reason}。",
        template="visit_changed",
        fields=CHANGED,
    ),
    "no_show": NoticeKind(
        "爽约提示",
        "您预约的“{place}” {day} {time} 未按时到场,名额已释放。多次爽约将暂停预约。",
        template="visit_changed",
        fields=CHANGED,
        given={"reason": "未按时到场,名额已释放"},
    ),
    "booking_limited": NoticeKind(
        "预约受限",
        "因 {count} 次预约后未到场,您在 {until} 前不能预约免费门票。如有异议,请拨打 12345。",
        template="booking_limited",
        fields={"number1": "{count}", "date2": "{until}"},
    ),
    "refund_done": NoticeKind(
        "退款到账",
        "您在“{place}” {day} 的订单已退款 {yuan} 元,原路退回支付账户。",
        template="refund_done",
        fields={"thing1": "{place}", "amount2": "{yuan}元"},
    ),
    "lot_held": NoticeKind(
        "批次冻结",
        "您的批次 {lot}({product})已冻结:{reason}。冻结期间不得销售,相关证书和合格证同时暂停,解除后自动恢复。",
        optional=False,
    ),
    "lot_released": NoticeKind(
        "批次解除冻结",
        "您的批次 {lot}({product})已解除冻结,相关证书随之恢复(另有暂停决定的除外)。",
        optional=False,
    ),
    "lot_recalled": NoticeKind(
        "批次召回",
        "您的批次 {lot}({product})已列入召回 {recall}:{reason}。请立即停止销售,通知购买者退货,并登记收回数量。",
        sms="produce_recalled",
        parameters=("{product}", "{recall}"),
        optional=False,
    ),
    "goods_recalled": NoticeKind(
        "产品召回",
        "您购入的“{product}”(批次 {lot})已召回,编号 {recall}:{reason}。请立即停止销售和食用,封存后联系供货方退货。",
        sms="produce_recalled",
        parameters=("{product}", "{recall}"),
        optional=False,
    ),
    "school_result": NoticeKind(
        "派位结果公布",
        "{round}派位结果已公布,请在小程序“入学申请”中查看结果、本人序号和各校录取线。",
        sms="school_result",
        parameters=("{round}",),
        optional=False,
    ),
    "school_offered": NoticeKind(
        "录取待确认",
        "申请 {number} 的孩子已被“{school}”录取,请在 {until} 前确认;逾期未确认视为放弃,名额转给候补的孩子。",
        template="case_progress",
        fields={"character_string1": "{number}", "thing2": "{school}", "thing3": "录取结果待确认"},
        optional=False,
    ),
    "school_reminder": NoticeKind(
        "录取即将到期",
        "申请 {number} 的孩子被“{school}”录取,您还没有确认,请在 {until} 前办理;逾期视为放弃。",
        template="case_progress",
        fields={"character_string1": "{number}", "thing2": "{school}", "thing3": "录取即将到期"},
        optional=False,
    ),
    "school_lapsed": NoticeKind(
        "录取已失效",
        "申请 {number} 的孩子被“{school}”录取,在 {until} 前没有确认,名额已转给候补的孩子。有特殊情况请联系县教科体局。",
        template="case_progress",
        fields={"character_string1": "{number}", "thing2": "{school}", "thing3": "逾期未确认"},
        optional=False,
    ),
    "school_report_day": NoticeKind(
        "报到日通知",
        "申请 {number} 的孩子在“{school}”的报到日为 {day},请按时到校;此前领取的入学通知书上日期不同的,以此为准。",
        template="case_progress",
        fields={"character_string1": "{number}", "thing2": "{school}", "thing3": "报到日已更新"},
        sms="school_progress",
        parameters=("{number}",),
        optional=False,
    ),
    "school_found": NoticeKind(
        "入学报名",
        "{child} 可报名 {school}({tier});还缺:{missing};报名时间 {window}。先后提交不影响结果。",
        sms="school_found",
        parameters=("{school}", "{window}"),
        optional=False,
    ),
    "school_asked": NoticeKind(
        "入学申请待更正",
        "入学申请 {number} 需要更正或补充材料。请打开“入学申请”查看要求,修改后重新提交;逾期未提交的,按原申请继续审核。",
        template="case_progress",
        fields={"character_string1": "{number}", "thing2": "入学申请", "thing3": "请更正或补充材料"},
        sms="school_progress",
        parameters=("{number}",),
        optional=False,
    ),
    "school_qualified": NoticeKind(
        "入学申请审核通过",
        "入学申请 {number} 已审核通过。先后提交不影响结果,请等待派位结果公布;在“入学申请”中可查看审核决定。",
        template="case_progress",
        fields={"character_string1": "{number}", "thing2": "入学申请", "thing3": "已作出审核决定"},
        sms="school_progress",
        parameters=("{number}",),
        optional=False,
    ),
    "school_refused": NoticeKind(
        "入学申请审核结果",
        "入学申请 {number} 已作出审核决定。请打开“入学申请”查看书面理由、依据条款和申诉办法;也可到县教科体局窗口咨询。",
        template="case_progress",
        fields={"character_string1": "{number}", "thing2": "入学申请", "thing3": "已作出审核决定"},
        sms="school_progress",
        parameters=("{number}",),
        optional=False,
    ),
    "health_alert": NoticeKind(
        "健康提醒",
        "您 {day} {time} 的健康数据需要留意,照护人员会与您联系。感觉不舒服请马上告诉身边的人,情况危急请拨打 120。",
        template="health_alert",
        fields=HEALTH,
        sms="health_alert",
        parameters=("{day} {time}",),
        optional=False,
    ),
    "health_alert_family": NoticeKind(
        "家人的健康提醒",
        "您家老人 {day} {time} 有一条健康提醒,照护人员正在处理。请打开“健康提醒”查看;情况危急请拨打 120。",
        template="health_alert",
        fields=HEALTH,
        sms="health_alert",
        parameters=("{day} {time}",),
        optional=False,
    ),
    "health_alert_waiting": NoticeKind(
        "健康提醒待处理",
        "您家老人 {day} {time} 的健康提醒还没有处理完,请尽快联系或到身边看看,并在“健康提醒”中回复;情况危急请拨打 120。",
        template="health_alert",
        fields=HEALTH,
        sms="health_alert",
        parameters=("{day} {time}",),
        optional=False,
    ),
    "policy_offered": NoticeKind(
        "惠企政策待确认",
        "经比对,贵单位符合“{policy}”,可享受{what}。请打开“惠企政策”核对并确认,无需提交申请;确认截止:{until}。",
        template="policy_offer",
        fields={"thing1": "{policy}", "thing2": "{what}", "thing3": "{until}"},
        sms="policy_offer",
        parameters=("{policy}", "{what}"),
    ),
    "policy_reminder": NoticeKind(
        "惠企政策即将截止",
        "贵单位符合“{policy}”,可享受{what},尚未确认。请在 {until} 前打开“惠企政策”确认,逾期不再兑现。",
        template="policy_offer",
        fields={"thing1": "{policy}", "thing2": "{what}", "thing3": "{until}"},
        sms="policy_offer",
        parameters=("{policy}", "{what}"),
    ),
    "policy_lacking": NoticeKind(
        "惠企政策缺少数据",
        "因缺少数据,暂不能判断贵单位是否符合“{policy}”:{lacks}。请打开“企业档案”重新查询,或联系相应部门。",
    ),
    "health_alert_closed": NoticeKind(
        "健康提醒已有结果",
        "您家老人 {day} {time} 的健康提醒已登记结果,请打开“健康提醒”查看。",
        template="health_alert",
        fields=HEALTH,
    ),
    "health_unit_added": NoticeKind(
        "健康照护单位变更",
        "自 {day} {time} 起,“{unit}”为您提供健康照护,可以查看健康档案。有疑问请联系该单位,或到村(社区)卫生室核对。",
        template="health_alert",
        fields=HEALTH_FILE,
        optional=False,
    ),
    "health_unit_added_family": NoticeKind(
        "家人的健康照护单位变更",
        "自 {day} {time} 起,“{unit}”为您家老人提供健康照护,可以查看健康档案。有疑问请联系该单位核对。",
        template="health_alert",
        fields=HEALTH_FILE,
        optional=False,
    ),
    "health_wish": NoticeKind(
        "健康信息公开范围变更",
        "“{unit}”已按您的意愿,于 {day} {time} 登记了健康信息的隐藏范围。不是本人意愿的,请联系该单位更正。",
        template="health_alert",
        fields=HEALTH_FILE,
        optional=False,
    ),
    "health_wish_family": NoticeKind(
        "家人的健康信息公开范围变更",
        "“{unit}”已按您家老人的意愿,于 {day} {time} 登记了健康信息的隐藏范围。不是本人意愿的,请联系该单位更正。",
        template="health_alert",
        fields=HEALTH_FILE,
        optional=False,
    ),
    "health_wish_lifted": NoticeKind(
        "健康信息公开范围变更",
        "“{unit}”已按您的意愿,于 {day} {time} 恢复显示此前隐藏的健康信息。不是本人意愿的,请联系该单位更正。",
        template="health_alert",
        fields=HEALTH_FILE,
        optional=False,
    ),
    "health_wish_lifted_family": NoticeKind(
        "家人的健康信息公开范围变更",
        "“{unit}”已按您家老人的意愿,于 {day} {time} 恢复显示此前隐藏的健康信息。不是本人意愿的,请联系该单位更正。",
        template="health_alert",
        fields=HEALTH_FILE,
        optional=False,
    ),
}
MOMENTS = {
    "order": ("order_issued", "visit_reminder", "visit_changed"),
    "waiting": ("waiting_offer", "visit_reminder", "visit_changed"),
    "refund": ("refund_done",),
    "case": ("case_progress",),
    "identity": ("identity_changed",),
    "health": ("health_alert",),
    "enterprise": ("policy_offer",),
}
"""Which templates are worth asking for at a tap; WeChat takes at most three."""
MOST_AT_A_TAP = 3
TEMPLATE_ZH = {
    "order_issued": "预约成功通知",
    "visit_reminder": "游览提醒",
    "visit_changed": "行程变更通知",
    "waiting_offer": "候补机会通知",
    "booking_limited": "预约受限通知",
    "refund_done": "退款通知",
    "case_progress": "办件进度通知",
    "identity_changed": "身份绑定变更通知",
    "school_submitted": "入学申请提交通知",
    "health_alert": "健康提醒通知",
    "policy_offer": "惠企政策兑现通知",
}
SMS_ZH = {"visit_reminder": "游览提醒短信", "visit_changed": "行程变更短信", "waiting_offer": "候补机会短信"} | {
    "produce_recalled": "产品召回短信",
    "school_found": "入学报名短信",
    "school_progress": "入学申请进度短信",
    "school_result": "派位结果公布短信",
    "health_alert": "健康提醒短信",
    "policy_offer": "惠企政策兑现短信",
}


def of_template(name: str) -> list[NoticeKind]:
    """Return the kinds that go by a subscribe template."""
    return [kind for kind in KINDS.values() if kind.template == name]


def of_sms(name: str) -> list[NoticeKind]:
    """Return the kinds that go by an SMS template."""
    return [kind for kind in KINDS.values() if kind.sms == name]


def common(kinds: Iterable[NoticeKind]) -> frozenset[str]:
    """Return the names of the values that all of these kinds have."""
    names = [kind.names for kind in kinds]
    return frozenset.intersection(*names) if names else frozenset()
