"""The words of alerts: states, acts, outcomes, what a family answers, the ladder. One literal table each."""

from dataclasses import dataclass

SEVERITIES = ("attention", "urgent", "emergency")
"""From the mildest to the gravest; what is only `info` raises no alert."""
SEVERITY_ZH = {"attention": "需关注", "urgent": "紧急", "emergency": "危急"}
STATE_ZH = {
    "raised": "待接警",
    "acknowledged": "已接警,待处置",
    "acted": "已处置,待登记结果",
    "closed": "已结束",
    "linked": "并入同一提醒",
}
LIVE = ("raised", "acknowledged", "acted")
STEPS = {"raised": "acknowledge", "acknowledged": "act", "acted": "outcome"}
"""State → the step that it waits for, by which the clocks are named."""
STEP_ZH = {"acknowledge": "接警", "act": "处置", "outcome": "登记结果"}


@dataclass(frozen=True)
class Act:
    """Something that staff did; `seen` says that somebody stood before the elder's door."""

    zh: str
    seen: bool = False


ACTS = {
    "phone_call": Act("电话联系"),
    "data_checked": Act("核对数据"),
    "measured_again": Act("复测", seen=True),
    "home_visit": Act("上门查看", seen=True),
    "neighbour_asked": Act("请村组或邻居上门查看", seen=True),
    "advice_given": Act("给予指导"),
    "medication_checked": Act("核对用药"),
    "called_120": Act("已拨打120"),
    "taken_to_hospital": Act("送医", seen=True),
}


@dataclass(frozen=True)
class Outcome:
    """How an alert ends. `after` names what is still to be done then, with its own day."""

    zh: str
    family_zh: str
    after: str = ""
    confirmed: bool = False
    seen: bool = False


OUTCOMES = {
    "resolved": Outcome("已恢复正常", "已恢复,请放心"),
    "treated_at_home": Outcome("居家处理后好转", "已在家处理好转"),
    "referred_hospital": Outcome("转诊医院", "已转到医院", after="referral"),
    "refused": Outcome("本人拒绝处置", "本人暂不愿处理", after="try_again"),
    "false_alarm": Outcome("误报", "是误报,请放心"),
    "unreachable": Outcome("上门仍联系不上", "还没有联系上", after="try_again", seen=True),
    "died": Outcome("去世", "请与村医联系", after="archive", confirmed=True),
}
"""`confirmed`: who enters it says twice that they mean it. `seen`: only after somebody stood before the door."""


@dataclass(frozen=True)
class After:
    """What is to be done after an alert ended, and within how many days, by which parameter."""

    zh: str
    parameter: str


AFTER = {
    "referral": After("询问转诊结果", "health_alert_referral_days"),
    "try_again": After("再次联系", "health_alert_try_again_days"),
    "archive": After("办理健康档案封存", "health_alert_archive_days"),
}


@dataclass(frozen=True)
class Answer:
    """What somebody at a phone answers: `by` whom it may be said, `acts` whether it counts as having acted."""

    zh: str
    by: tuple[str, ...]
    acts: bool = False


ANSWERS = {
    "here": Answer("家属已到身边", ("family",), acts=True),
    "called_120": Answer("已拨打120", ("family", "elder"), acts=True),
    "cannot_come": Answer("家属暂时赶不到", ("family",)),
    "feels_fine": Answer("本人说感觉还好", ("elder",)),
    "needs_help": Answer("本人请求帮助", ("elder",)),
}
CALLS_NEXT = frozenset({"cannot_come", "needs_help"})
"""Answers after which the next rung of the ladder is called at once."""
LADDER = ("family", "backup", "duty_desk")
"""Whom a clock that ran out calls, one after the other; the last one is called again and again."""
RUNG_ZH = {"family": "通知家属", "backup": "通知备班和照护单位", "duty_desk": "转县级值守"}


def graver(one: str, other: str) -> bool:
    """Tell whether a severity is graver than another."""
    return SEVERITIES.index(one) > SEVERITIES.index(other)
