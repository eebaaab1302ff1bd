"""Venues of sport: places whose kind says so, and what each of their courts, lanes and pools asks of who books it."""

from dataclasses import dataclass
from typing import Any

from backend.errors import NotFound
from models.booking.checkout import MOST_VISITORS
from models.places import resource
from models.places.place import MOST, Place

KIND_ZH = {
    "sport_stadium": "体育场",
    "sport_ground": "运动场",
    "sport_gymnasium": "体育馆",
    "sport_pool": "游泳馆",
}
USE_ZH = {"whole": "整场预订", "person": "按人预约"}
MOST_PLAYERS = 12
MOST_HOURS = 4


@dataclass(frozen=True)
class Terms:
    """What a resource asks of who books it; `about` of the resource says it, and everybody may read it.

    It is let as a whole (`use` "whole": a court by the hour, for all players together) or by person (a session of the
    pool, free public hours). `guardian_below` is the age under which somebody of full age comes along, in the same
    order. `deep_water` asks for a certificate, which the gate looks at. `water` names the body of water it lies in.
    """

    use: str = "whole"
    least: int = 1
    most: int = 4
    hours: int = MOST_HOURS
    outdoor: bool = False
    guardian_below: int = 0
    deep_water: bool = False
    water: str = ""


def terms_of(found: dict[str, Any]) -> Terms:
    """Return what a stored resource asks."""
    about = found.get("about") or {}
    use = about.get("use", "whole")
    by_person = use == "person"
    return Terms(
        use=use,
        least=about.get("players_least", 1),
        most=min(about.get("players_most", 4), MOST_VISITORS if by_person else MOST_PLAYERS),
        hours=1 if by_person else about.get("hours_most", MOST_HOURS),
        outdoor=about.get("outdoor", False),
        guardian_below=about.get("guardian_below", 0),
        deep_water=about.get("deep_water", False),
        water=about.get("water", ""),
    )


def read(place_id: str) -> dict[str, Any]:
    """Return a venue.

    Raises:
        NotFound: no such place, or none of sport.
    """
    found = Place._get_collection().find_one({"_id": place_id})
    if found is None or found.get("kind") not in KIND_ZH:
        raise NotFound
    return found


def listed() -> list[dict[str, Any]]:
    """Return all venues by rank."""
    query = {"kind": {"$in": sorted(KIND_ZH)}, "rank": {"$gte": 0}}
    return list(Place._get_collection().find(query).sort("rank", 1).limit(MOST))


def resources(place_id: str) -> list[dict[str, Any]]:
    """Return the courts, lanes and pools of a venue that are in use."""
    return [one for one in resource.of_place(place_id) if one["kind"] in resource.OF_SPORT]
