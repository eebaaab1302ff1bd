"""A plain item whose decision is put on paper, the desks for it, and cases decided."""

import io

from pypdf import PdfReader

from tests.affairs import kit
from tests.support import queues
from tests.support.affairs import decide, move, seat
from tests.support.clerk import Clerk

UNIT = "civil_affairs"
FORM = {
    "type": "object",
    "required": ["use"],
    "properties": {"use": {"type": "string", "title": "用途", "maxLength": 40}},
}
FILLED = {"use": "乘车优惠"}
PLAIN = {
    "zh": "优待证办理",
    "area": "",
    "once": False,
    "form": FORM,
    "steps": [
        kit.step("check", ("granted", ""), ("refused", "")),
        kit.step("review", ("upheld", ""), ("overturned", "check"), role="case_supervisor", another_person=True),
    ],
    "appeal": {"limit": {"days": 15, "counted": "calendar"}, "step": "review"},
    "result": {"zh": "优待证明", "paragraphs": ["兹证明{name}符合{item}条件,用途:{form.use}。{nothing}"]},
    "delivery": ["electronic", "counter", "post"],
    "rating": True,
}


class Office:
    """Who works on the item: a handler, another one, a supervisor, the county's officer."""

    def __init__(self, client, unit: str = UNIT):
        self.client = client
        self.clerk = seat(client, "case_handler", unit=unit)
        self.colleague = seat(client, "case_handler", unit=unit)
        self.supervisor = seat(client, "case_supervisor", unit=unit)
        self.officer = seat(client, "privacy_officer")
        self.editor, self.manager = kit.editor(client, unit), kit.manager(client)

    def item(self, **changed) -> str:
        """Publish a new item and return its code."""
        code = kit.new_code()
        kit.published(self.editor, self.manager, code, **PLAIN | changed)
        return code

    def decided(self, who, code: str, outcome: str = "granted", **more) -> str:
        """Open a case, decide it, let the queue run, and return its id."""
        case_id = opened(who, code, **more)
        settle(self.clerk, case_id, outcome)
        return case_id


def opened(who, code: str, **more) -> str:
    return kit.opened(who, code, FILLED, **more)


def settle(clerk: Clerk, case_id: str, outcome: str) -> None:
    move(clerk, case_id, "claim")
    decide(clerk, case_id, outcome)
    queues.drain("affairs")


def words(pdf: bytes) -> str:
    return "".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages).replace(" ", "").replace("\n", "")
