"""Beginning a review: a case for each point that is new or was changed, all at once, at the unit of each register.

An application that raises no question is decided at once, unless it was drawn for two persons' review; the draw is a
keyed hash of its id, so that nobody chooses and a repetition draws the same. Beginning again opens nothing twice: a
point and its case come together in one transaction, and a case's matter is unique while it runs.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import runtime
from backend.store import read_once, transactions
from models.affairs import open_case, overtake
from models.affairs.case import Case
from models.affairs.case_errors import AlreadyOpen
from models.affairs.kind import Kind
from models.affairs.open_case import Matter, Opener
from models.school import application, decide, kinds, points, review, signals
from models.school import round as rounds

SYSTEM = "system:school"
_SHARES = 10_000


class PointMoved(application.ApplicationMoved):
    """409: the application was submitted anew, or left the review, at the same moment."""

    code = "school_point_moved"


def begin(application_id: ObjectId) -> None:
    """Begin, or go on with, the review of an application that was submitted; of one that left, end the cases."""
    with read_once.span():
        _begin(application_id)


def _begin(application_id: ObjectId) -> None:
    found = application.read(application_id)
    if found["state"] != "submitted":
        if found["state"] != "to_correct":
            end_cases(application_id)
        return
    number = review.run(found)
    noticed = signals.notice(found)
    held = review.prepare(found, number, noticed.papers, noticed.employers)
    found = _with_signals(found, noticed.found)
    found = _sampled(found, held)
    for point in found["points"]:
        _begin_point(found, held, point, number)
    _end_others(found, held)
    decide.decide(application_id)


def _with_signals(found: dict[str, Any], noticed: list[dict[str, Any]]) -> dict[str, Any]:
    if found.get("signals", []) == noticed:
        return found
    guard = {"state": "submitted", "seq": found["seq"]}
    return application.change(found["_id"], guard, {"signals": noticed})


def _sampled(found: dict[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """Add the point `double` to an application without a question that was drawn, or that a signal speaks about."""
    why = "sampled" if not found["points"] and sampled(found) else ""
    why = why or ("signal" if any(one["weight"] >= signals.HEAVY for one in found.get("signals", ())) else "")
    if not why or any(one["code"] == "double" for one in found["points"]):
        return found
    if why == "sampled":
        review.SchoolReview._get_collection().update_one({"_id": held["_id"]}, {"$set": {"sampled": True}})
    guard = {"state": "submitted", "seq": found["seq"]}
    return application.change(found["_id"], guard, {"points": [*found["points"], points.new("double", why)]})


def sampled(found: Mapping[str, Any]) -> bool:
    """Tell whether an application is drawn for review by two persons; the same every time."""
    percent = rounds.read(found["round"])["double_review_percent"]
    drawn = runtime.current().sealer.blind("school_reviews.sample", str(found["_id"]))
    return int.from_bytes(drawn[:8]) % _SHARES < percent * _SHARES // 100


def _begin_point(found: dict[str, Any], held: Mapping[str, Any], point: dict[str, Any], number: int) -> None:
    if point.get("case") and (point["state"] != "differs" or point.get("difference")):
        return
    known, digest = review.latest(held).get(point["code"]), rests_on(found, point)
    if point["state"] == "differs":
        _open_difference(found, held, point, number)
    elif known and known["digest"] == digest and known["state"] in (*points.SETTLED, "open", "differs"):
        _carry_over(found, point, known)
    else:
        if known and known["state"] in review.RUNNING:
            _overtake(held["_id"], known)
        _open(found, point["code"], number, digest=digest)


def rests_on(found: Mapping[str, Any], point: Mapping[str, Any]) -> bytes:
    """Return a digest of what a point rests on: why it is there, and what the family said and showed for it."""
    form = application.opened(found)
    told = [one for one in form.get("told") or () if one.get("point") == point["code"]]
    basis = form.get("basis") or {}
    where = basis if point["code"] in {basis.get("kind"), "address", "guardianship"} else {}
    content = {"why": point["why"], "facts": point.get("facts", []), "told": told, "basis": where}
    if point["code"] == "double":
        content |= {"form": form, "choices": found.get("choices", [])}
    return review.digest(found["_id"], content)


def _carry_over(found: dict[str, Any], point: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Keep what was checked, or is being checked, of a point that the new submission leaves as it was.

    The review is written too: so a decision of the case at the same moment is seen here, or sees this.
    """
    case_id, number = known["case"], review.run(found)

    def carry(session: ClientSession) -> None:
        held = review.carry(found["_id"], case_id, number, session)
        check = review.check_of(held, case_id)
        told: dict[str, Any] = {
            name: check[name] for name in ("state", "case", "number", "difference") if name in check
        }
        review.point(found["_id"], point["code"], told, session, guard={"case": {"$exists": False}})

    transactions.run(carry)


def _open(found: dict[str, Any], code: str, number: int, *, digest: bytes) -> None:
    once = f"school:{found['_id']}:{code}:{number}"
    told = kinds.KINDS[code]

    def bind(session: ClientSession) -> None:
        made = _case(once, session)
        check = {"code": code, "case": made["_id"], "number": made["number"], "run": number, "digest": digest}
        review.add(found["_id"], check | {"state": "open"}, session)
        bound = {"case": made["_id"], "number": made["number"], "state": "open"}
        _point(found, code, bound, session, guard={"case": {"$exists": False}})

    _opened(told, _matter(found, code, once), bind)


def _open_difference(found: dict[str, Any], held: Mapping[str, Any], point: Mapping[str, Any], number: int) -> None:
    """Let the manager decide where two persons disagree; neither of them may."""
    known = review.check_of(held, point["case"])
    once = f"school:{found['_id']}:{kinds.DIFFERENCE}:{number}:{known['case']}"

    def bind(session: ClientSession) -> None:
        made = _case(once, session)
        check = {"code": "double", "case": made["_id"], "number": made["number"], "run": number}
        check |= {"digest": known["digest"], "state": "differs", "difference": True}
        review.add(found["_id"], check, session)
        review.mark(found["_id"], known["case"], "overtaken", session)
        bound = {"case": made["_id"], "number": made["number"], "difference": True}
        _point(found, "double", bound, session, guard={"case": known["case"]})

    matter = _matter(found, "double", once, not_by=tuple(known.get("workers", ())))
    _opened(kinds.KINDS[kinds.DIFFERENCE], matter, bind)


def _matter(found: Mapping[str, Any], code: str, once: str, *, not_by: tuple[str, ...] = ()) -> Matter:
    about = {"application": found["_id"], "round": found["round"], "point": code}
    return Matter(points.UNITS[code], question(found, code), about=about, once=once, not_by=not_by)


def _opened(told: Kind, matter: Matter, bind: Callable[[ClientSession], None]) -> None:
    try:
        open_case.open_case(Opener(SYSTEM, None), told, matter, within=bind)
    except AlreadyOpen:
        return


def question(found: Mapping[str, Any], code: str) -> str:
    """Return what a reviewer is asked, without anything about a person."""
    point = next(one for one in found["points"] if one["code"] == code)
    why = ";".join(points.WHY_ZH[one] for one in point["why"])
    return f"请核验入学申请的“{points.POINT_ZH[code]}”:{why}。"


def _case(once: str, session: ClientSession) -> dict[str, Any]:
    found: dict[str, Any] | None = Case._get_collection().find_one({"once": once}, session=session)
    assert found is not None, "it was stored in this transaction"
    return found


def _point(found: Mapping[str, Any], code: str, told: dict[str, Any], session: ClientSession, *, guard: Any) -> None:
    line = application.event("point_opened", SYSTEM, point=code)
    if not review.point(found["_id"], code, told, session, guard=guard, line=line):
        raise PointMoved(application.read(found["_id"], session))


def _overtake(application_id: ObjectId, known: Mapping[str, Any]) -> None:
    overtake.overtake(known["case"], SYSTEM)
    review.mark(application_id, known["case"], "overtaken")


def _end_others(found: Mapping[str, Any], held: Mapping[str, Any]) -> None:
    """End the cases of points that the application has no more."""
    codes = {one["code"] for one in found["points"]}
    for code, known in review.latest(held).items():
        if code not in codes and known["state"] in review.RUNNING:
            _overtake(held["_id"], known)


def end_cases(application_id: ObjectId) -> None:
    """End all cases of an application that left the review: it was withdrawn, or decided otherwise."""
    held = review.find(application_id)
    for known in held["checks"] if held else ():
        if known["state"] in review.RUNNING:
            _overtake(application_id, known)
    review.over(application_id)
