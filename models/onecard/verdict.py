"""What a scanner is told of a code, and in which words."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from backend.codes.code_kinds import Checked

KIND_ZH = {"identity": "身份凭证", "medical": "就医购药", "transit": "乘车", "venue": "入馆入园", "payment": "付款"}
SCANNER_ZH = {
    "identity": "服务窗口",
    "medical": "医疗机构",
    "transit": "公共交通",
    "venue": "场馆景区",
    "payment": "收银",
}
PRINTED_AGAIN = "请持身份证到政务服务窗口补打"
SENTENCES = {
    "accepted": "核验通过。",
    "wrong_kind": "这是“{kind_zh}”码,这里要用“{here_zh}”码,请在“一卡通”里切换后再出示。",
    "wrong_kind_printed": "打印卡不能在{scanner_zh}使用,请改用手机码或其他方式。",
    "wrong_scanner": "这个码是给{for_zh}看的,请在“一卡通”里选“{here_zh}”后再出示。",
    "expired": "手机里的一卡通凭证已过有效期,请打开网络进入“一卡通”更新后再出示。",
    "expired_printed": f"这张打印卡已过有效期,{PRINTED_AGAIN}。",
    "fast": "您的手机时间快了约 {how_much},请打开网络后点“校准时间”,再出示新的码。",
    "slow": "此码是约 {how_much}前的,请勿使用截图;如果是刚打开的,说明您的手机时间慢了约 {how_much},"
    "请打开网络后点“校准时间”,再出示新的码。",
    "replayed": "此码已在 {first} 使用过,请等下一个码出现(不超过 30 秒)再出示。",
    "limit_reached": "这张打印卡刚刚用过或今天使用次数已满,请稍等几分钟再试,或请工作人员核对身份证。",
    "revoked": "此码已作废(已在另一部手机领取,或卡片已挂失、冻结),请打开网络进入“一卡通”查看。",
    "revoked_printed": f"这张打印卡已作废,请使用最新的一张,或{PRINTED_AGAIN}。",
    "card_not_active": "这张社会保障卡目前不能使用(挂失、冻结或注销),请到政务服务窗口办理。",
    "too_late": "这条离线记录补传得太晚,已无法核对是否重复用码,请工作人员核对。",
    "idempotency_key_reused": "终端把同一流水号用于了两个码,请工作人员核对是谁用了码。",
    "not_ours": "这不是本平台的一卡通码,请打开“一卡通”出示正确的码,或请工作人员核对身份证。",
}
_MINUTE, _HOUR, _DAY = (timedelta(**{unit: 1}).total_seconds() for unit in ("minutes", "hours", "days"))


@dataclass(frozen=True)
class Verdict:
    """The answer: `handle` (hex) and ids where the code is genuine, `offset_seconds` by how much a phone is fast."""

    result: str
    message: str
    kind: str = ""
    handle: str = ""
    credential: ObjectId | None = None
    person_id: ObjectId | None = None
    card_id: ObjectId | None = None
    offset_seconds: int = 0
    medium: str = ""

    @property
    def accepted(self) -> bool:
        """Tell whether the code holds."""
        return self.result == "accepted"


def of(result: str, checked: Checked, scanner_class: str, *, first: datetime | None = None) -> Verdict:
    """Return a verdict with its sentence."""
    words = {
        "kind_zh": KIND_ZH.get(checked.kind, ""),
        "here_zh": KIND_ZH[scanner_class],
        "for_zh": SCANNER_ZH.get(checked.scanner_class, ""),
        "scanner_zh": SCANNER_ZH[scanner_class],
        "how_much": how_much(checked.offset_seconds),
        "first": f"{clock.civil(first):%H:%M:%S}" if first else "",
    }
    return Verdict(
        result,
        SENTENCES[_sentence(result, checked)].format(**words),
        kind=checked.kind,
        handle=checked.handle.hex(),
        offset_seconds=checked.offset_seconds,
        medium=checked.medium,
    )


def whose(verdict: Verdict, found: dict[str, Any]) -> Verdict:
    """Return the verdict with the ids of the credential."""
    ids = {"credential": found["_id"], "person_id": found["person"], "card_id": found["card"]}
    return replace(verdict, medium=found["medium"], **ids)


def _sentence(result: str, checked: Checked) -> str:
    if result == "clock_off":
        return "fast" if checked.offset_seconds > 0 else "slow"
    printed = f"{result}_printed"
    return printed if checked.medium == "printed" and printed in SENTENCES else result


def how_much(seconds: int) -> str:
    """Return a length of time in words, as exact as a person needs it."""
    off = abs(seconds)
    if off < _HOUR:
        return f"{max(1, round(off / _MINUTE))} 分钟"
    if off < 2 * _DAY:
        return f"{round(off / _HOUR)} 小时"
    return f"{round(off / _DAY)} 天"
