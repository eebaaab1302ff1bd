"""Where an application's child belongs: what the registers say, on which of it the family rests, and its district."""

from collections.abc import Collection, Mapping
from typing import Any

from bson import ObjectId

from backend.store import object_ids
from models.school import applying, child_facts, place_words
from models.school import basis as bases
from models.school.basis import Basis
from models.school.child_facts import Gathered
from models.school.form import NO_SUCH_BASIS_ZH, FormWrong
from models.school.locate import Located

SECONDS = 4.0
"""How long a parent's screen waits for registers; what does not come by then is missing, with the reason."""


def gathered(in_round: Mapping[str, Any], found: Mapping[str, Any], *, ask: bool) -> Gathered:
    """Return what registers say about the child of an application and its guardians."""
    about = sorted({found["guardian"], *applying.guardians(found["child"])})
    return child_facts.gather(in_round, found["child"], about, seconds=SECONDS, ask=ask)


def of(
    in_round: Mapping[str, Any],
    found: Mapping[str, Any],
    told: Mapping[str, Any] | None,
    *,
    ask: bool,
    known: Gathered | None = None,
) -> Located | None:
    """Return where the child belongs by a basis of the form; without one, by all that the registers know.

    `known` is what they said a moment ago, for who asked them already.

    Raises:
        FormWrong: the registers do not, or not any more, show the basis.
    """
    if told and not told.get("fact_id"):
        return _by_hand(in_round, told).located
    known = known or gathered(in_round, found, ask=ask)
    chosen = basis(in_round, known, told)
    if told and chosen is None:
        raise FormWrong(fields={"basis.fact_id": [NO_SUCH_BASIS_ZH]})
    return located(known, chosen)


def located(known: Gathered, chosen: Basis | None, clear: Collection[ObjectId] = ()) -> Located | None:
    """Return where a basis lies; without one, all that the registers' addresses say, None where they say nothing.

    The reason names no house, but for the entries in `clear` (`place_words.readable`).
    """
    some = known.bases if chosen is None else (chosen,)
    return _together([place_words.for_reader(one, clear) for one in some])


def basis(in_round: Mapping[str, Any], known: Gathered, told: Mapping[str, Any] | None) -> Basis | None:
    """Return the basis that a form names: of the registers, or by hand; None where it names none that there is."""
    if not told:
        return None
    if not told.get("fact_id"):
        return _by_hand(in_round, told)
    wanted = object_ids.read(told["fact_id"])
    return next((one for one in known.bases if one.fact_id == wanted), None)


def _by_hand(in_round: Mapping[str, Any], told: Mapping[str, Any]) -> Basis:
    """Return a basis that the family wrote down; without a number it is locked by its address."""
    address = told.get("address", "").strip()
    number = told.get("number", "").strip() or f"住址:{address.casefold()}"
    return bases.by_hand(in_round["_id"], told["kind"], address, village=told.get("village", ""), number=number)


def _together(several: list[Located]) -> Located | None:
    if not several:
        return None
    return Located(
        districts=tuple(dict.fromkeys(code for one in several for code in one.districts)),
        schools=tuple(dict.fromkeys(code for one in several for code in one.schools)),
        certain=all(one.certain for one in several),
        how=several[0].how,
        distance_m=several[0].distance_m,
        why_zh=";".join(dict.fromkeys(one.why_zh for one in several)),
        overflow=tuple(dict.fromkeys(code for one in several for code in one.overflow)),
    )
