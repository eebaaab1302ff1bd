"""The verdict on a code that somebody scanned or typed.

    code → the roll that reserved its serial → tag over the roll's scope → pack, lot, papers → record, counted → verdict

What somebody who guesses may not tell apart has one answer: a wrong tag on an issued serial and a serial that was never
issued are both `unknown`, after the same reads and the same number of HMACs.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from backend import gtin, runtime
from backend.codes import product_code
from backend.codes.product_code import CheckWrong, NoCode, Read
from models.selenium import code, covering, ordered, unbound

ZH = {
    "genuine": "正品,查验通过",
    "sold": "正品,已登记售出",
    "not_active": "标签尚未启用",
    "unissued": "该码未发放",
    "moved": "该码属于另一产品",
    "old_key": "旧版标签,已停用",
    "changed": "码读错了一个字符",
    "frozen": "暂停销售,请勿食用",
    "recalled": "已召回,请勿食用",
    "void": "标签已作废",
    "unknown": "查无此码",
}
ADVICE_ZH = {
    "genuine": "首次查验时间和次数见下方;若不是您本人首次查验,请留意包装是否完好。",
    "sold": "首次查验时间和次数见下方;若刚买到而次数已很多,请联系卖家核实。",
    "not_active": "标签已印制,但生产者尚未启用。若商品已在出售,请勿购买,并拨打 12345 反映。",
    "unissued": "该码校验正确,但没有发放记录。请勿购买,并拨打 12345 反映。",
    "moved": "该码登记在另一种产品上,标签可能被移用。请勿购买,并拨打 12345 反映。",
    "old_key": "该批标签的校验密钥已停用,无法确认真伪。请联系卖家更换,或拨打 12345 咨询。",
    "changed": "请重新扫码,或对照标签逐字重新输入。",
    "frozen": "该批产品正在核查。请勿食用,留好包装,等候通知。",
    "recalled": "该批产品已召回。请勿食用,持包装到购买处退货。",
    "void": "该标签已登记作废,不应出现在商品上。请勿购买,并拨打 12345 反映。",
    "unknown": "请核对是否扫全、输对;确认无误仍查不到的,商品可能是假冒,请拨打 12345 反映。",
}
BECAUSE_ZH = {
    "copied": "该码疑似被复制,无法确认手中的商品是真品。请勿购买,并拨打 12345 反映。",
    "lost": "该标签已登记遗失或被盗,不应出现在商品上。请勿购买,并拨打 12345 反映。",
}
"""What is told instead, where the reason says more than the state."""
LEVEL = {"genuine": "green", "sold": "green", "not_active": "amber", "old_key": "amber", "changed": "amber"}
"""How a verdict is shown; the others are red."""
COUNTED = frozenset({"genuine", "sold", "frozen", "recalled"})
"""What a scan counts for: labels before they are on the market are not first scanned by who packs them."""
_DUMMY = product_code.item_scope("none", "0" * 24)
_PACK_STATES = {"bound": "not_active", "active": "genuine", "sold": "sold", "frozen": "frozen", "void": "void"}
_LOT_STATES = {"recalled": "recalled", "held": "frozen"}
_HEAVIER = ("void", "recalled", "frozen")
"""The first of them that holds for package, lot or code is told."""
_ONE = 1


@dataclass(frozen=True)
class Verdict:
    """What a code is, and what is known of the package when that may be told; `record` is the code's own."""

    kind: str
    head: str = ""
    key_id: int = 0
    found: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def counted(self) -> bool:
        """Tell whether a scan of it counts."""
        return self.kind in COUNTED


UNKNOWN, CHANGED = Verdict("unknown"), Verdict("changed")


def look(text: str, number: str = "", *, count: bool = False) -> Verdict:
    """Return the verdict on a code, which came under a GTIN or under none; with `count` a scan of it counts."""
    try:
        told = product_code.read(text)
        number = gtin.parse(number) if number else ""
    except (CheckWrong, gtin.GtinWrong):
        return CHANGED
    except NoCode:
        return UNKNOWN
    return _judged(told, number, count=count)


def _judged(told: Read, number: str, *, count: bool) -> Verdict:
    """Judge by the roll that reserved the serial: its scope proves the tag before the store is asked for more."""
    keys, counter = runtime.current().product_keys, ordered.counter(told)
    reserved = kept = ordered.kept(told, counter)
    if kept is None:
        reserved = ordered.fresh(told, counter)
    wrong = keys.wrong(told, reserved["scope"] if reserved else _DUMMY)
    wrong_there = keys.wrong(told, product_code.gtin_scope(number) if number else _DUMMY)
    if reserved is None or wrong:
        again = ordered.fresh(told, counter) if kept else reserved
        if again != reserved:
            return _judged(told, number, count=count)
        return _refused(told, wrong, claimed=bool(number) and not wrong_there)
    return _right(told, number, reserved | {"n": counter - reserved["first_counter"] + 1}, count=count)


def _refused(told: Read, wrong: int, *, claimed: bool) -> Verdict:
    """Return the verdict on a code without a record that fits; the same reads and HMACs whatever is missing."""
    if code.read(told.head) is None:
        return Verdict("unissued") if claimed else UNKNOWN
    if claimed:
        return Verdict("moved")
    return CHANGED if wrong == _ONE else UNKNOWN


def _right(told: Read, number: str, reserved: dict[str, Any], *, count: bool) -> Verdict:
    """Return the verdict on a code whose tag is right: how its package stands, and what its own record says."""
    moved = bool(number) and reserved["scope"] != product_code.gtin_scope(number)
    old = told.key_id in runtime.current().product_keys.retired
    stands = _package(reserved)
    counts = count and stands.kind in COUNTED and not moved and not old
    record = (code.count_scan(told.head, reserved["_id"], reserved["n"]) if counts else None) or code.read(told.head)
    if record is None:
        return Verdict("unissued")
    if (record["roll"], record["n"]) != (reserved["_id"], reserved["n"]):
        again = ordered.fresh(told, ordered.counter(told))
        known = again is not None and again["_id"] != reserved["_id"]
        return _judged(told, number, count=count) if known else Verdict("unissued")
    if moved:
        return Verdict("moved")
    found = Verdict("old_key") if old else _marked(stands, record.get("mark", {}))
    return replace(found, head=told.head, key_id=told.key_id, record=record)


def _package(reserved: dict[str, Any]) -> Verdict:
    """Return how a label stands by the pack and the lot that it is on, or by its roll when it is on none."""
    number, n = reserved["_id"], reserved["n"]
    found = covering.read(number, n)
    if found is None:
        kind, reason = unbound.of_label(number, n)
        return Verdict(kind, reason=reason)
    kind = _PACK_STATES[found["state"]]
    return Verdict(
        _heavier(kind, _LOT_STATES.get(found["the_lot"]["state"], kind)), found=found | {"the_roll": reserved}
    )


def _marked(stands: Verdict, mark: dict[str, str]) -> Verdict:
    """Return the verdict with what the office said of this one code."""
    if not mark:
        return stands
    kind = _heavier(stands.kind, mark["state"])
    return replace(stands, kind=kind, reason=stands.reason or mark["reason"] if kind in {"frozen", "void"} else "")


def _heavier(*kinds: str) -> str:
    return next((one for one in _HEAVIER if one in kinds), kinds[0])
