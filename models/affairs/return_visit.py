"""The return visit (回访) after a bad rating: a case of its own with a clock, which only a person ends.

Nobody who worked on the rated case may take it. It names no applicant, so that nobody withdraws it: the rated case, in
`about`, does. Two working days to call and five in all are a house rule: 国办发〔2019〕51 号 names no
days.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.store import transactions
from models.affairs import applicant, carry_out, case, open_case, rating
from models.affairs.carry_out import Turn
from models.affairs.case_errors import AlreadyOpen
from models.affairs.kind import Kind, Level, Limit, Outcome, Step, Stop, put
from models.affairs.open_case import Matter, Opener
from models.affairs.rating import Told
from models.identity.actors import Member, Resident

SETTLES = "affairs.return_visit"
OPENER = Opener("system:affairs", None)
_ENDS = (
    Outcome("mended", "已整改,申请人认可"),
    Outcome("explained", "已解释说明,申请人认可"),
    Outcome("unreachable", "多次联系未果"),
)
KIND = put(
    Kind(
        code="return_visit",
        version=1,
        zh="差评回访",
        prefix="HF",
        law="国务院办公厅关于建立政务服务“好差评”制度提高政务服务水平的意见(国办发〔2019〕51号)",
        limit=Limit(5),
        steps=(
            Step(
                "visit",
                "回访核实",
                "case_handler",
                Limit(2),
                (*_ENDS, Outcome("unsatisfied", "申请人仍不满意,转督办", "supervise")),
                another_person=True,
            ),
            Step(
                "supervise",
                "督办整改",
                "case_supervisor",
                Limit(3),
                (*_ENDS, Outcome("disputed", "经核实不属实,书面答复申请人")),
                another_person=True,
            ),
        ),
        stops=(Stop("waiting_for_other_unit", "等待其他单位协助", Limit(5), once=True),),
        remind=1,
        levels=(Level(0, "case_supervisor"), Level(2, "privacy_officer")),
        appeal=None,
        settles=SETTLES,
    )
)


def rate(actor: Resident | Member, case_id: ObjectId, told: Told) -> dict[str, Any]:
    """Rate one's decided case and return the rating; a bad one opens a return visit with it.

    Raises:
        NotFound: not the applicant's case.
        CaseStateWrong: there is no decision.
        RatingNotOpen: cases of this item are not rated.
        TagsDoNotFit: the tags say the opposite of the stars.
        AlreadyRated: it was rated.
    """
    found = case.read(case_id)
    applicant.own(actor, found)
    rating.require_ratable(found)
    made = rating.record(found, told)
    if told.stars in rating.BAD:
        _rate_badly(found, made)
    else:
        transactions.run(lambda session: rating.add(made, session))
    return made


def _rate_badly(found: Mapping[str, Any], made: dict[str, Any]) -> None:
    if rating.find(found["_id"]):
        raise rating.AlreadyRated
    workers = {*found["workers"], *(one["by"] for one in found["decisions"])}
    about = {"rated": found["_id"], "stars": str(made["stars"])}
    matter = Matter(
        made["unit"],
        area=found.get("area", ""),
        about=about,
        once=f"visit:{found['_id']}",
        not_by=tuple(sorted(workers)),
    )
    try:
        open_case.open_case(OPENER, KIND, matter, within=lambda session: rating.add(made, session))
    except AlreadyOpen:
        raise rating.AlreadyRated from None


@carry_out.settles(SETTLES)
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Let the rating say what came of its return visit, in the transaction of the outcome."""
    told = {"case": found["_id"], "outcome": turn.outcome, "by": turn.by, "at": clock.now()}
    rating.visited(found["about"]["rated"], told, session)
