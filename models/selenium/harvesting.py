"""How lots come to be: harvested from plots, or graded out of other lots."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.selenium import lot, plot, product, seasons, uri
from models.selenium.producer import Grower

MOST_PARENTS = 50
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM = 8


class PlotsWrong(Unprocessable):
    """422: the lot names plots that are not the producer's, given up, or do not grow the product."""

    code = "lot_plots_wrong"
    zh = "所选地块须是本生产主体在用、并种植该产品的地块。"
    en = "Choose plots of this producer that are in use and grow the product."

    def __init__(self) -> None:
        super().__init__(fields={"plots": [self.zh]})


class HarvestDayWrong(Unprocessable):
    """422: the harvest lies in the future, or too far back."""

    code = "harvest_day_wrong"
    zh = "采收日期不能晚于今天,也不能早于一年前。"
    en = "The harvest cannot be later than today, nor more than a year ago."

    def __init__(self) -> None:
        super().__init__(fields={"harvested_on": [self.zh]})


class ParentsWrong(Unprocessable):
    """422: these lots cannot be graded together."""

    code = "lot_parents_wrong"
    zh = "分级须来自本生产主体同一产品、同一产季的在用批次。"
    en = "Grade open lots of one product and season of this producer."

    def __init__(self) -> None:
        super().__init__(fields={"parents": [self.zh]})


@dataclass(frozen=True)
class Harvest:
    """What was harvested."""

    product: str
    plots: tuple[ObjectId, ...]
    grams: int
    harvested_on: date


def new_number() -> str:
    """Return a lot number that nobody can count from."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return f"{clock.today():%Y%m%d}{letters}"


@dataclass(frozen=True)
class Draft:
    """Lots that are checked and not stored yet, what is taken out of others for them, and their audit entries."""

    lots: tuple[dict[str, Any], ...]
    lines: tuple[dict[str, Any], ...]
    taken: Mapping[str, int] = field(default_factory=dict)

    def store(self, session: ClientSession) -> None:
        """Store them within a transaction, which may run twice.

        Raises:
            LotNotOpen, LotTooSmall: a lot cannot give that much.
        """
        for number, grams in self.taken.items():
            lot.use(number, grams, session)
        lot.Lot._get_collection().insert_many([dict(one) for one in self.lots], session=session)
        entry.write_all([dict(one) for one in self.lines], session)


def create(grower: Grower, told: Harvest) -> dict[str, Any]:
    """Register what was harvested as a lot.

    Raises:
        ProductUnknown, PlotsWrong, HarvestDayWrong: it cannot have been harvested like this.
    """
    drafted = harvest(grower, told)
    transactions.run(drafted.store)
    return drafted.lots[0]


def harvest(grower: Grower, told: Harvest) -> Draft:
    """Return the lot of a harvest, to be stored with what else follows from it.

    Raises:
        ProductUnknown: no such product.
        PlotsWrong: a plot is another's, given up, or grows something else.
        HarvestDayWrong: the day is not one of the last year.
    """
    found = product.require(told.product)
    if not 0 <= (clock.today() - told.harvested_on).days <= 366:  # noqa: PLR2004 - a year, leap or not
        raise HarvestDayWrong
    grown = _grown(grower, told)
    made = _record(grower, "harvest", told.product, told.grams) | {
        "village": grown[0]["village"],
        "season": seasons.of(found, told.harvested_on),
        "plots": sorted(set(told.plots)),
        "parents": [],
        "harvested_on": told.harvested_on.isoformat(),
    }
    return Draft((made,), (lot.line(grower.actor_key, "lot.create", made["_id"], grower.unit, grams=told.grams),))


def _grown(grower: Grower, told: Harvest) -> list[dict[str, Any]]:
    found = list(plot.several(list(told.plots)).values())
    fits = [one for one in found if one["producer"] == grower.producer_id and told.product in one["products"]]
    if not told.plots or len(fits) != len(set(told.plots)) or any(one["state"] == "ended" for one in fits):
        raise PlotsWrong
    return fits


def grade(grower: Grower, taken: Mapping[str, int], into: Sequence[tuple[str, int]]) -> Draft:
    """Return the lots that grading makes out of others, to be stored with its event; what is lost is lost.

    `taken` maps lot numbers to grams, `into` lists grade and grams of each new lot.

    Raises:
        NotFound: a lot is none of the producer's.
        ParentsWrong: they are of several products or seasons, or less goes in than comes out.
        LotNotOpen: a lot is held, recalled or closed.
    """
    if not 0 < len(taken) <= MOST_PARENTS or sum(taken.values()) < sum(grams for _, grams in into):
        raise ParentsWrong
    sources = [lot.own(grower, number) for number in taken]
    if len({(one["product"], one["season"]) for one in sources}) != 1:
        raise ParentsWrong
    if any(one["state"] != "open" for one in sources):
        raise lot.LotNotOpen
    earliest = min(sources, key=lambda one: one["harvested_on"])
    shared = {name: earliest[name] for name in ("village", "season", "harvested_on")}
    shared |= {"plots": sorted({each for one in sources for each in one["plots"]}), "parents": sorted(taken)}
    made = tuple(
        _record(grower, "graded", earliest["product"], grams) | shared | {"grade": name} for name, grams in into
    )
    lines = tuple(
        lot.line(grower.actor_key, "lot.grade", one["_id"], grower.unit, grams=one["grams"], parents=sorted(taken))
        for one in made
    )
    return Draft(made, lines, dict(taken))


def _record(grower: Grower, kind: str, product_id: str, grams: int) -> dict[str, Any]:
    number = new_number()
    return {
        "_id": number,
        "uri": uri.lot(number),
        "kind": kind,
        "producer": grower.producer_id,
        "product": product_id,
        "grams": grams,
        "left_grams": grams,
        "state": "open",
        "created_at": clock.now(),
        "created_by": grower.actor_key,
    }
