"""Where a health fact comes from, and how far it is trusted.

Where two sources say different things about the same, that of the higher trust is used, and within one trust the later;
a person may settle it otherwise (`settle`). The order of trust is a rule of the house, told wherever two are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SOURCES = {
    "hospital": ("医院", 5),
    "village_clinic": ("村卫生室", 4),
    "check_up": ("体检", 4),
    "kiosk": ("自助体检机", 3),
    "care_home": ("养老机构", 3),
    "nursing": ("上门护理", 3),
    "rehabilitation": ("康复", 3),
    "wearable": ("穿戴设备", 2),
    "meals": ("助餐", 2),
    "social_work": ("社工", 2),
    "self": ("本人或家属填报", 1),
}
"""Kind of source → (Chinese, trust from 1, the own word, to 5, a hospital's)."""
TRUST_ZH = {5: "医疗机构诊断", 4: "医务人员记录", 3: "专业设备或人员记录", 2: "一般设备或服务记录", 1: "本人陈述"}
RULE_ZH = "同一事项以可信等级较高的来源为准,等级相同以较晚的记录为准;经人工核定的以核定结果为准。"


@dataclass(frozen=True)
class Source:
    """Who says it: `unit` is the unit's code, `device` the device's id, `by` the actor's key."""

    kind: str
    unit: str = ""
    device: str = ""
    by: str = ""

    def stored(self) -> dict[str, Any]:
        """Return the source as a document holds it, with its trust."""
        told = {"kind": self.kind, "unit": self.unit, "device": self.device, "by": self.by}
        return {name: value for name, value in told.items() if value} | {"trust": SOURCES[self.kind][1]}


def zh(kind: str) -> str:
    """Return the Chinese word of a kind of source."""
    return SOURCES[kind][0]


def weight(found: Mapping[str, Any]) -> tuple[bool, int, datetime]:
    """Return what decides which of several records about the same is used: settled by a person, trust, then time."""
    return bool(found.get("settled")), found["source"]["trust"], found["at"]
