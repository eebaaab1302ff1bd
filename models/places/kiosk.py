"""A kiosk (自助机): an ID card on the reader gives a free ticket, printed on paper, to who has no phone.

Only free types are given: nobody is there to take money. The nonce of the signed request is the key of the order.
"""

import hashlib
from typing import Any

from backend.errors import Conflict, NotFound
from models.booking import checkout, issuing, order, slot, ticket
from models.booking.gate_document import require_reader
from models.booking.order import OrderStateWrong
from models.identity.actors import Device
from models.places import counter_sale
from models.places.counter_sale import Guest


class CostsMoney(Conflict):
    """409: the ticket type is not free."""

    code = "kiosk_costs_money"
    zh = "自助机只办理免费票,请到售票窗口或用小程序购买。"
    en = "This machine gives free tickets only. Buy this one at the window or in the mini-program."


def give(device: Device, slot_id: str, guest: Guest, body: bytes) -> dict[str, Any]:
    """Book a free ticket for whose card lies on the reader and return it to be printed; repeating gives the same.

    Raises:
        NotFound: no slot of the kiosk's place.
        ReaderNeeded: the device reads no documents.
        CostsMoney: the ticket type is not free.
        TicketTypeUnknown, AgeRefused, DocumentRefused, ConcessionRefused: the type is not for this visitor.
        SlotSoldOut, SlotClosed, SlotOver, SlotBusy, AlreadyBooked, KeyReused: see `checkout.place`.
        OrderStateWrong: it was cancelled meanwhile.
    """
    require_reader(device)
    key = hashlib.sha256(f"{device.device_id}\x00{device.nonce}".encode()).digest()
    wanted = slot.read(slot_id)
    if wanted["place"] != device.place:
        raise NotFound
    made = checkout.earlier(key, body)
    if made is None:
        visitors = counter_sale.visitors_of(wanted, [guest])
        if counter_sale.price_fen(wanted, visitors, ()):
            raise CostsMoney
        buyer = checkout.Buyer(device.key, channel="kiosk")
        made = counter_sale.place(buyer, wanted, visitors, key=key, body=body)
    issuing.issue(made["_id"])
    return _shown(order.read(made["_id"]))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return what the kiosk prints: the code and what the gate will want to see, no name."""
    if found["state"] != "issued":
        raise OrderStateWrong(state=found["state"])
    given = ticket.of_order(found["_id"])[0]
    return {
        "order_id": str(found["_id"]),
        "ticket_id": given["_id"],
        "code": ticket.code(given),
        "day": found["day"],
        "start": f"{found['start'] // 60:02d}:{found['start'] % 60:02d}",
        "end": f"{found['end'] // 60:02d}:{found['end'] % 60:02d}",
        "inspect": given.get("inspect") or "",
        "message": "预约成功,请取走门票;凭票或身份证入园。",
    }
