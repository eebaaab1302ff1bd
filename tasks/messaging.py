"""The message functions that follow a write."""

from bson import ObjectId

from backend import outbox
from models.booking import order
from models.messaging import push_event, send
from models.places import place


@outbox.function("messaging.apply_push")
def apply_push(event: str) -> None:
    """Carry out an event that WeChat pushed."""
    push_event.apply(event)


@outbox.function("messaging.order_issued")
def order_issued(order: str) -> None:
    """Tell the owner that the tickets are there."""
    tell_issued(ObjectId(order))


def tell_issued(order_id: ObjectId) -> None:
    """Send the message of an issued order, if its owner granted one."""
    found = order.read(order_id)
    fields = {
        "thing1": place.read(found["place"])["name"],
        "date2": found["day"],
        "number3": str(found["places"]),
    }
    send.notify(found["account"], "order_issued", fields)
