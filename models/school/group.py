"""Tying (捆绑): twins, or children of one guardian who apply in the same round, share their choices and their fate.

The id of the application that leads names the group. A tie needs all of them where they can be edited; a change of the
choices of one is a change of all, in one transaction. Who withdraws leaves; a group of one is none.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import Unprocessable
from backend.store import transactions
from models.school import application, applying, choices, form, locality
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.applying import Applying

MOST = 4


class TieWrong(Unprocessable):
    """422: these applications cannot be tied."""

    code = "school_tie_wrong"
    zh = "这些申请不能捆绑,请按提示处理。"
    en = "These applications cannot be tied. Correct what is named."


def members(found: Mapping[str, Any], session: ClientSession | None = None) -> list[dict[str, Any]]:
    """Return the other applications that are tied to one."""
    if not found.get("group"):
        return []
    query = {"round": found["round"], "group": found["group"], "live": True}
    tied = SchoolApplication._get_collection().find(query, {"outbox": 0}, session=session).sort("_id", 1)
    return [one for one in tied if one["_id"] != found["_id"]]


def tie(who: Applying, application_id: ObjectId, others: Sequence[ObjectId], seq: int) -> dict[str, Any]:
    """Tie an application with exactly these others, without others untie it, and return it.

    All take over its choices. The same again changes nothing.

    Raises:
        NotFound: one is no application of theirs.
        TieWrong: of another round, too many, or tied with one that is not named.
        NotEditable: one stands where nothing is changed.
        FormChanged: one was changed meanwhile.
        FormWrong: the choices do not fit another child's address.
        RoundStateWrong: the list of the round is frozen.
    """
    return form.again(lambda: _tie(who, application_id, others, seq))


def untie(who: Applying, application_id: ObjectId, seq: int | None = None) -> dict[str, Any]:
    """Let an application go on by itself and return it; with `seq` only if nobody changed it since.

    Raises:
        NotFound: no such application of theirs.
        NotEditable, FormChanged, RoundStateWrong: as for a tie.
    """
    seen = applying.own(who, application_id)["seq"] if seq is None else seq
    return tie(who, application_id, [], seen)


def _tie(who: Applying, application_id: ObjectId, others: Sequence[ObjectId], seq: int) -> dict[str, Any]:
    found = applying.own(who, application_id)
    wanted = [applying.own(who, one) for one in dict.fromkeys(others) if one != application_id]
    tied = members(found)
    if {one["_id"] for one in wanted} == {one["_id"] for one in tied}:
        return found
    form.require_seen(found, seq, who.key)
    in_round = rounds.read(found["round"])
    rounds.require_state(in_round, ("open",))
    _require_tieable(found, wanted)
    for one in (found, *wanted, *tied):
        form.require_editable(one)
    for one in wanted:
        where = locality.of(in_round, one, application.opened(one).get("basis"), ask=applying.may_ask(who))
        choices.require(in_round, found["choices"], where)
    _store(who, found, wanted, tied)
    return applying.own(who, application_id)


def _require_tieable(found: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> None:
    together = {found["_id"], *(one["_id"] for one in wanted)}
    sentence = ""
    if len(together) > MOST:
        sentence = f"最多捆绑 {MOST} 个孩子的申请。"
    elif any(one["round"] != found["round"] for one in wanted):
        sentence = "只有同一招生批次的申请可以捆绑。"
    elif any(one["group"] != found.get("group") for one in wanted if one.get("group")):
        sentence = "其中一个孩子已与其他申请捆绑,请先解除原来的捆绑。"
    if sentence:
        raise TieWrong(fields={"applications": [sentence]})


def _store(
    who: Applying,
    found: Mapping[str, Any],
    wanted: Sequence[Mapping[str, Any]],
    tied: Sequence[Mapping[str, Any]],
) -> None:
    staying = {one["_id"] for one in wanted}
    leaving = [one for one in tied if one["_id"] not in staying]
    shared = {name: found[name] for name in form.CLEAR}

    def write(session: ClientSession) -> None:
        if wanted:
            for one in (found, *wanted):
                _set(who, one, {"group": found["_id"], **shared}, session)
        else:
            _unset(who, found, session)
        if len(leaving) == 1 or wanted:
            for one in leaving:
                _unset(who, one, session)
        else:
            _lead_anew(who, leaving, session)

    transactions.run(write)


def _lead_anew(who: Applying, staying: Sequence[Mapping[str, Any]], session: ClientSession) -> None:
    for one in staying:
        _set(who, one, {"group": staying[0]["_id"]}, session)


def _set(who: Applying, one: Mapping[str, Any], told: Mapping[str, Any], session: ClientSession) -> None:
    fields = ("group", *form.CLEAR) if "choices" in told else ("group",)
    form.edit(one, told, form.line("tied", who.key, one["seq"] + 1, fields), session)


def _unset(who: Applying, one: Mapping[str, Any], session: ClientSession) -> None:
    line = form.line("untied", who.key, one["seq"] + 1, ("group",))
    form.edit(one, {"live": True}, line, session, unset=("group",))


def leave(found: Mapping[str, Any], by: str, session: ClientSession) -> None:
    """Take an application that goes out of its group, within a transaction; a group of one that stays is none."""
    staying = members(found, session)
    alone = len(staying) == 1
    for one in staying:
        line = form.line("untied" if alone else "tied", by, one["seq"] + 1, ("group",))
        told = {"live": True} if alone else {"group": staying[0]["_id"]}
        unset = ("group",) if alone else ()
        application.change(one["_id"], {"seq": one["seq"]}, told, unset=unset, line=line, session=session)
