"""The admission notice (入学通知书) as PDF: for the family with the child's whole name, once the place was accepted."""

from io import BytesIO
from typing import Any

from bson import ObjectId

from backend import clock
from backend.codes import qr
from backend.documents.document import Document
from backend.documents.table import Column
from backend.errors import Conflict
from models.audit import access_line
from models.identity import minor_approval, person
from models.identity.actors import Resident, Staff
from models.school import notice_code, offer, offer_answer, report_day, school
from models.school import round as rounds

PURPOSE = "school_enrolment"
TITLE = "入学通知书"


class NoticeNotYet(Conflict):
    """409: a notice is given out once the place was accepted, and while it is held."""

    code = "school_notice_not_yet"
    zh = "确认录取后才能领取入学通知书;已放弃或让出的录取不再出具。"
    en = "The notice is given out once the offer was accepted, while the place is held."


def own(resident: Resident, offer_id: ObjectId) -> tuple[str, bytes]:
    """Return number and paper of one's own child's notice.

    Raises:
        NotFound: not one's own offer.
        NoticeNotYet: it was not accepted, or is held no longer.
        ReportDayMissing: nobody set the day on which children report.
    """
    found = offer_answer.own(resident, offer_id)
    return _number(found), paper(found)


def for_school(actor: Staff, offer_id: ObjectId) -> tuple[str, bytes]:
    """Return number and paper of a notice, after an access line: the whole name stands on it.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such offer, or of a school outside the actor's scope.
        NoticeNotYet: it was not accepted, or is held no longer.
        ReportDayMissing: nobody set the day on which children report.
        MinorApprovalNeeded: there is no approval to see this child.
    """
    found = offer_answer.reach(actor, "school.offer", offer_id)
    number = _number(found)
    minor_approval.require(actor, found["child"])
    access_line.record(
        actor, purpose=PURPOSE, subjects=[found["child"]], fields=["person.name", "school.offer"], case=number
    )
    return number, paper(found)


def _number(found: dict[str, Any]) -> str:
    if found["state"] not in offer.HELD:
        raise NoticeNotYet
    return str(found["number"])


def paper(found: dict[str, Any]) -> bytes:
    """Return the notice on a page.

    Raises:
        NoticeNotYet: the place is not held.
        ReportDayMissing: nobody set the day on which children report.
    """
    number, found_round, out = _number(found), rounds.read(found["round"]), BytesIO()
    name, day = school.names([found["school"]])[found["school"]], report_day.required(found_round)
    rows = [
        ("通知书编号", number),
        ("姓名", person.read(found["child"]).name),
        ("录取学校", name),
        ("招生批次", found_round["name"]),
        ("入学年级", rounds.STAGE_ZH[found_round["stage"]]),
        ("报到日", day),
        ("确认日期", clock.civil(found["answered_at"]).date().isoformat()),
    ]
    with Document(out, title=TITLE, created=clock.now(), running=f"编号 {number}") as page:
        page.heading(TITLE, align="center")
        page.paragraph(f"经审核和派位,您的孩子被{name}录取。请于{day}到校办理入学手续。", indent=True)
        page.table([Column("项目"), Column("内容", 3)], rows)
        page.picture(qr.png(notice_code.url(found)), 40)
        page.paragraph("扫码核验本通知书;二维码内含签名(Ed25519),不含姓名和证件号码。", size=8.5, align="center")
    return out.getvalue()
