"""What follows each turn of a case that is a service item: its result on paper, the place that was kept for it.

A turn is a change of state, or one more decision. What follows runs from the queue, reads the case as it is then, and
may run twice; the names are those of `carry_out.does`.
"""

from collections.abc import Mapping
from typing import Any

from backend import outbox
from models.affairs import service_item

RESULT = "affairs.result"
SLOT = "affairs.slot"


def entries(found: Mapping[str, Any], state: str, *, decided: bool) -> tuple[dict[str, Any], ...]:
    """Return the entries that follow a move of a case to `state`, with one more decision or without."""
    if state == found["state"] and not decided:
        return ()
    item = service_item.of_case(found)
    if item is None:
        return ()
    wanted = {RESULT: item.get("result"), SLOT: item.get("slot")}
    return tuple(
        outbox.entry("affairs", "affairs.carry_out", case=str(found["_id"]), name=name)
        for name, told in wanted.items()
        if told
    )
