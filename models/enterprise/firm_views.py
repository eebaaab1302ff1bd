"""The file of a firm (一企一档) as the firm and the office see it: each field with its source and date. Plain dicts."""

from collections.abc import Mapping
from typing import Any

from backend import clock
from models.affairs import case
from models.enterprise import firm
from models.identity.actors import Member
from models.registers import fact_views, fetch
from models.registers.catalogue import EVERY_SOURCE


def own(member: Member) -> dict[str, Any]:
    """Return the file of the firm that a member acts for, whether or not it was taken in."""
    told = member.organisation
    return {"credit_code": told["credit_code"], "name": told["name"], **fact_views.of_firm(told["credit_code"])}


def whole(code: str) -> dict[str, Any]:
    """Return the file of a firm.

    Raises:
        NotFound: no such firm was taken in.
    """
    return brief(firm.read(code)) | fact_views.of_firm(code)


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a firm without its facts."""
    told = {"credit_code": found["_id"], "name": found["name"], "division": found["division"]}
    return told | {"since": clock.civil(found["since"]).isoformat(timespec="seconds")}


def asked(answers: list[fetch.Answer]) -> list[dict[str, Any]]:
    """Return how asking each register went."""
    return [
        {
            "code": one.source,
            "zh": EVERY_SOURCE[one.source].zh,
            "result": one.result,
            "result_zh": fetch.RESULT_ZH[one.result],
        }
        for one in answers
    ]


def disputed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the case of a disputed fact as the firm sees it."""
    told = {"id": str(found["_id"]), "number": found["number"], "state": found["state"]}
    return told | {"state_zh": case.STATES[found["state"]]}
