"""What the figures count: elders with where they belong, and the keys of the tally."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from models.eldercare import figure

Key = tuple[str, str, str, str]
"""Place, figure, period, word."""
TOWN_DIGITS = 9


@dataclass(frozen=True)
class Elder:
    """An elder as the figures see them: nobody by name. `birth_year` is 0 where it is not known."""

    id: ObjectId
    town: str
    units: tuple[str, ...] = ()
    birth_year: int = 0

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Elder":
        """Return the elder of a subject's document."""
        units = tuple(sorted({one["unit"] for one in found.get("units", ())}))
        return cls(found["_id"], town_of(found.get("area", "")), units, found.get("birth_year") or 0)

    @property
    def areas(self) -> tuple[str, ...]:
        """Return the places by which the county counts this elder."""
        return (figure.COUNTY, figure.town(self.town))

    @property
    def places(self) -> tuple[str, ...]:
        """Return all places that count this elder: the county's, and those of the units that care."""
        return (*self.areas, *(figure.unit(one) for one in self.units))


def town_of(area: str) -> str:
    """Return the code of the town in which an area lies, empty for what is wider than a town."""
    return area[:TOWN_DIGITS] if len(area) >= TOWN_DIGITS else ""
