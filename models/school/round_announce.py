"""Announcing a round: it is checked whole, and opens only when nothing blocks it and somebody accepts the warnings."""

from typing import Any

from backend import clock
from backend.errors import Conflict, Unprocessable
from models.identity.actors import Staff
from models.school import district_report
from models.school import round as rounds
from models.school.district_finding import Finding

_TOLD = 50


class RoundNotReady(Unprocessable):
    """422: something must be put right first."""

    code = "school_round_not_ready"
    zh = "有 {count} 项须先处理的问题,不能公告:{first} 请查看检查报告。"
    en = "{count} findings keep the round from being announced. Look at the report."

    def __init__(self, found: list[Finding]) -> None:
        fields = {"findings": [one.zh for one in found[:_TOLD]]}
        super().__init__(count=len(found), first=found[0].zh, fields=fields)


class WarningsOpen(Conflict):
    """409: there are warnings, and nobody accepted them."""

    code = "school_warnings_open"
    zh = "检查报告中有 {count} 条提醒,请逐条核对,确认后再公告。"
    en = "The report holds {count} warnings. Look at each, and accept them to announce the round."

    def __init__(self, found: list[Finding]) -> None:
        super().__init__(count=len(found), fields={"accept_warnings": [one.zh for one in found[:_TOLD]]})


def announce(actor: Staff, round_code: str, *, accept_warnings: bool) -> dict[str, Any]:
    """Announce a round and return it; who accepted which warnings stays in its history.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
        RoundStateWrong: it is not being prepared, or its districts changed while it was checked.
        RoundWrong: its window is over.
        RoundNotReady: something must be put right first.
        WarningsOpen: there are warnings that nobody accepted.
    """
    actor.require("school.plan")
    told = rounds.read(round_code)
    rounds.require_state(told, ("preparing",))
    if told["closes_at"] <= clock.now():
        raise rounds.RoundWrong(fields={"closes_at": ["报名截止时间已过,请先改为将来的时间。"]})
    report = district_report.of_round(round_code)
    if report.blocking:
        raise RoundNotReady(report.blocking)
    if report.warnings and not accept_warnings:
        raise WarningsOpen(report.warnings)
    accepted = [{"code": one.code, "about": list(one.about), "zh": one.zh} for one in report.warnings[:_TOLD]]
    return rounds.move(
        round_code,
        ("preparing",),
        "open",
        actor=actor,
        what="announced",
        guard={"districts.generation": report.generation, "touched": told.get("touched")},
        noted={"accepted": accepted, "warnings": len(report.warnings)},
        told={"announced_at": clock.now()},
    )


def recall(actor: Staff, round_code: str) -> dict[str, Any]:
    """Take back the announcement of a round whose window has not begun, and return it.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
        RoundStateWrong: it is not announced, or its window has begun.
    """
    actor.require("school.plan")
    guard = {"opens_at": {"$gt": clock.now()}}
    return rounds.move(round_code, ("open",), "preparing", actor=actor, what="recalled", guard=guard)
