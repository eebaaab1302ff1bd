"""What of an alert the elder hid: all alerts, or what an alert is about, from the family or from units that care.

An entry of a subject's `hidden` names a word (a kind of records, a code of observations, or `alert`) or one item, and
from whom: `family`, `units`. The family does not hear of a hidden alert. Staff see that there is one, and how grave,
without what it says: somebody has to go.
"""

from collections.abc import Mapping
from typing import Any

WORD = "alert"
SENTENCE_ZH = "本人设为不公开的内容,请联系本人;紧急情况可申请应急查看。"


def from_family(elder: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether the elder wants the family not to see an alert."""
    return any(one.get("family") and _covers(one, found) for one in elder.get("hidden", ()))


def from_units(elder: Mapping[str, Any], found: Mapping[str, Any], units: set[str] | None) -> bool:
    """Tell whether the staff of some units do not read what an alert says; who reaches all does."""
    if units is None:
        return False
    return any(units & set(one.get("units", ())) and _covers(one, found) for one in elder.get("hidden", ()))


def _covers(one: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    if "item" in one:
        return one["item"] in found.get("about", ())
    return one.get("word") in {WORD, *found.get("words", ())}
