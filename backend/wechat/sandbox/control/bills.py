"""What a test wants wrong with the bill of a day: lines missing, twice, changed, or too many; the file late."""

from datetime import date
from http import HTTPStatus
from typing import Any

from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import ControlError, Request, Response, as_json

FIELDS: dict[str, type] = {"drop": list, "twice": list, "change": dict, "extra": int, "late": bool, "summary": dict}

routes = Router()


@routes.on("POST", "/sandbox/bills/{day}")
def alter(box: Sandbox, request: Request) -> Response:
    """Set what is wrong with the bill of a day, instead of what was set before; nothing makes it right again."""
    day, wanted = request.args["day"], request.json()
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise ControlError(HTTPStatus.BAD_REQUEST, "bad_day") from error
    wrong = [name for name, value in wanted.items() if not isinstance(value, FIELDS.get(name, ()))]
    if wrong:
        raise ControlError(HTTPStatus.BAD_REQUEST, "bad_bill", f"wrong: {', '.join(wrong)}")
    box.journal.put("bill_changes", day, wanted)
    answer: dict[str, Any] = {"day": day, **wanted}
    return as_json(answer)
