"""One's no-shows, and an objection to one: a case of the unit of the place; upheld, it lifts the mark at once."""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound
from models.affairs import carry_out, kind_table, open_case
from models.affairs.carry_out import Turn
from models.affairs.kind import Kind, Level, Limit, Outcome, Step, Stop, put
from models.affairs.open_case import Matter
from models.booking import no_show
from models.identity.actors import Resident
from models.places import place
from models.places.no_show_office import NotStanding, shown

_LAW = "景区预约规则(爽约处理须可申诉);个人信息保护法第二十四条"
OBJECTION = put(
    Kind(
        code="no_show_objection",
        version=1,
        zh="爽约记录申诉",
        prefix="NOSH",
        law=_LAW,
        limit=Limit(10),
        steps=(
            Step(
                "handle",
                "核实",
                "case_handler",
                Limit(3),
                (Outcome("lifted", "情况属实,解除爽约记录"), Outcome("kept", "维持爽约记录")),
            ),
        ),
        stops=(Stop("waiting_for_applicant", "等待申请人答复", Limit(10), asks=True),),
        remind=1,
        levels=(Level(0, "case_supervisor"), Level(2, "privacy_officer")),
        appeal=None,
        settles="places.no_show_objection",
    )
)


def of_resident(resident: Resident) -> dict[str, Any]:
    """Return a resident's no-shows, newest first, and until when they limit free booking."""
    person = open_case.require_person(resident)
    items = [shown(one) for one in no_show.of_person(person)]
    limit = no_show.of([person]).get(person)
    told = {"limited_until": clock.civil(limit.until).isoformat(timespec="seconds")} if limit else {}
    return {"items": items, "next": None, **told}


def object_to(resident: Resident, mark: str, text: str) -> dict[str, Any]:
    """Say that a no-show of one's own should not count, and return the case.

    Raises:
        NotFound: not one's own.
        NotStanding: it counts no longer.
        AlreadyOpen: it is being looked into.
    """
    person = open_case.require_person(resident)
    found = no_show.read(mark)
    if found.get("person") != person:
        raise NotFound
    if found["state"] != "stands":
        raise NotStanding
    unit = place.read(found["place"]).get("unit") or kind_table.DATA_UNIT
    matter = Matter(unit, text, about={"no_show": mark, "place": found["place"]}, once=f"no_show:{mark}")
    return open_case.open_case(open_case.by(resident), OBJECTION, matter)


@carry_out.settles("places.no_show_objection")
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Lift the mark with the decision that upholds the objection; one that a gate undid meanwhile stays undone."""
    if turn.outcome == "lifted":
        no_show.lift(found["about"]["no_show"], turn.by, OBJECTION.zh, session)
