"""Telling the owner of an order something about it: the place's name, day and time come from here.

Who bought at a window or kiosk has no account: of a closing they are told by SMS, where they left a number, and the
window finds their order on its list (`window_calls`).
"""

from bson import ObjectId

from models.booking import order
from models.messaging import notice
from models.places import place, window_calls

CLOSINGS = ("slot_closed", "place_closed", "weather_closed", "extra_closed")


def tell(order_id: ObjectId, kind: str, *, key: str = "", urgent: bool = False, **values: str) -> None:
    """Tell the owner of an order, once for each kind and key; who has no account is told of closings only.

    `values` are those that the kind needs beside place, day, time and places.
    """
    found = order.read(order_id)
    tell_found(found, kind, name=place.read(found["place"])["name"], key=key, urgent=urgent, **values)


def tell_found(
    found: dict[str, object], kind: str, *, name: str, key: str = "", urgent: bool = False, **values: str
) -> None:
    """Tell the owner of an order that was read before; `name` is its place's."""
    account, number = found.get("account"), ""
    if not isinstance(account, ObjectId):
        if kind not in CLOSINGS:
            return
        window_calls.note(found, kind, key=key, reason=values.get("reason", ""))
        number = order.contact(found)
        if not number:
            return
        account = ObjectId(str(found["_id"]))
    about = {
        "place": name,
        "day": str(found["day"]),
        "time": hours(found["start"], found["end"]),
        "places": str(found["places"]),
    }
    full = f"{found['_id']}:{key}" if key else str(found["_id"])
    notice.tell(account, kind, key=full, values=about | values, urgent=urgent, number=number)


def hours(start: object, end: object) -> str:
    """Return the hours of a slot, as WeChat's time fields take them too."""
    return "~".join(f"{int(str(one)) // 60:02d}:{int(str(one)) % 60:02d}" for one in (start, end))
