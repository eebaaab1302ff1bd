"""What a kiosk says to the person in front of it: short, and what to do next."""

from collections.abc import Mapping
from typing import Any

from models.eldercare import codes
from models.eldercare.kiosk import Receipt
from models.eldercare.kiosk_upload import EntryReceipt
from models.eldercare.observation import FLAG_ZH

SAYS = {
    "received": "已收到。",
    "duplicate": "已收到过,不用重复上传。",
    "held": "已收到,工作人员核对后计入。",
    "malformed": "这条测量无法读取,请重新测量。",
    "key_reused": "终端编号重复,请联系维护人员。",
    "refused": "本次测量已结束,请重新出示一卡通码。",
}


def reading(told: Receipt) -> dict[str, Any]:
    """Return the receipt of a reading as it goes out."""
    shown = {
        "key": told.key,
        "result": told.result,
        "reason": told.reason,
        "message": _message(told),
        "flags": [{"code": one, "zh": FLAG_ZH[one]} for one in told.flags],
        "again_seconds": told.again_seconds,
        "observation_id": told.observation_id,
        "values": dict(told.values),
    }
    return {name: value for name, value in shown.items() if value or name == "key"}


def entry(told: EntryReceipt) -> dict[str, Any]:
    """Return the receipt of an entry as it goes out."""
    shown = {"key": told.key, "result": told.result, "reason": told.reason}
    shown = {name: value for name, value in shown.items() if value or name == "key"}
    return shown | {"readings": [reading(one) for one in told.readings]}


def _message(told: Receipt) -> str:
    if told.again_seconds:
        rest = f"{told.again_seconds // 60} 分钟" if told.again_seconds % 60 == 0 else f"{told.again_seconds} 秒"
        return f"已收到。请静坐 {rest}后再测一次。"
    return _measured(told.values) if told.observation_id else SAYS[told.result]


def _measured(values: Mapping[str, float]) -> str:
    told = [f"{codes.zh(name)} {value:g} {codes.QUANTITIES[name].unit_zh}" for name, value in values.items()]
    return f"已记录:{','.join(told)}。"
