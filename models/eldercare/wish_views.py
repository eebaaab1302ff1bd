"""Wishes before the staff whose units wrote them down. Plain dicts; each look leaves its access line."""

from collections.abc import Mapping
from typing import Any

from models.eldercare import wish
from models.eldercare.hide import WORDS_ZH
from models.eldercare.item_views import wire
from models.eldercare.reader import Reader
from models.identity import unit

FIELD = "health.wishes"


def one(reader: Reader, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return one wish."""
    return _shown(reader, [found])[0]


def page(reader: Reader, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the wishes that the reader's units wrote down, the latest first."""
    found, following = wish.page(reader, cursor=cursor, limit=limit)
    return _shown(reader, found), following


def _shown(reader: Reader, found: list[Mapping[str, Any]] | list[dict[str, Any]]) -> list[dict[str, Any]]:
    reader.looked(FIELD)
    veils = {one["id"] for one in reader.subject.get("hidden", ())}
    names = unit.names({code for one in found for code in (*one["units"], one["unit"])})
    return [_wish(one, names, in_force=one["veil"] in veils) for one in found]


def _wish(found: Mapping[str, Any], names: Mapping[str, str], *, in_force: bool) -> dict[str, Any]:
    told: dict[str, Any] = {name: found[name] for name in ("word", "family", "units", "paper", "unit")}
    told |= {"id": str(found["_id"]), "word_zh": WORDS_ZH[found["word"]], "in_force": in_force}
    told |= {"units_zh": [names.get(code, "") for code in found["units"]], "unit_zh": names.get(found["unit"], "")}
    told |= {"witness": wish.witness_of(found), "at": wire(found["at"])}
    told |= {"item_id": str(found["item"])} if "item" in found else {}
    if lifted := found.get("lifted"):
        told |= {"lifted_at": wire(lifted["at"]), "lifted_paper": lifted["paper"]}
    return told
