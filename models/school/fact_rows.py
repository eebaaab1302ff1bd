"""The rows of facts that a guardian sees: each with source, date and state, and whether it can be disputed on the spot.

Of another guardian, and of grandparents, everything stands in part: masked names and numbers, a part of the address.
"""

from collections.abc import Iterator
from typing import Any

from bson import ObjectId

from backend import clock
from models.registers import fact_views
from models.registers.fact import Stated
from models.school.fact_rules import Told
from models.school.register_words import Words

ABOUT_ZH = {"child": "孩子", "guardian": "监护人", "grandparent": "祖辈"}


def entries(told: Told) -> Iterator[tuple[str, Stated]]:
    """Yield every entry that was read, with whom it is about; doubtful ones too."""
    people = [("child", told.of_child), *(("guardian", one) for one in told.of_guardians)]
    people += [("grandparent", one) for one in told.of_grandparents]
    for about, words in people:
        for stated in _of(words):
            yield about, stated


def _of(words: Words) -> Iterator[Stated]:
    for kind in words.kinds:
        word = words.of(kind)
        yield from word.stated
        yield from word.doubtful


def rows(told: Told, *, viewer: ObjectId | None, whole: bool = False) -> list[dict[str, Any]]:
    """Return the rows as one of the guardians sees them; without a `viewer` as nobody's own."""
    return [_row(about, stated, told, viewer, whole=whole) for about, stated in entries(told)]


def _row(about: str, stated: Stated, told: Told, viewer: ObjectId | None, *, whole: bool) -> dict[str, Any]:
    subject = stated.subject.person
    near = subject in (told.child.id, viewer)
    shown = fact_views.shown(stated, whole=whole and near)
    names = ("kind", "kind_zh", "source", "source_zh", "unit_zh", "fetched_at", "state", "state_zh")
    return {
        "fact": shown["id"],
        "about": about,
        "about_zh": ABOUT_ZH[about] + ("(您本人)" if subject == viewer else ""),
        "person": str(subject),
        **{name: shown[name] for name in names},
        "words_zh": shown["value_zh"],
        "date": stated.stated_on or clock.civil(stated.fetched_at).date().isoformat(),
        "disputable": near and stated.state == "current",
    }
