"""Making the result paper of a decision: its PDF with the signed code, kept as a file of the case, once.

The paper is begun before its file is written: a kill in between leaves one that is `making`, and the queue goes on with
the same number, day and file. Whoever comes second finds it standing.
"""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from backend import clock, runtime
from backend.codes import qr
from backend.documents.document import Document
from backend.documents.table import Column
from models.affairs import (
    afterwards,
    attachments,
    carry_out,
    case,
    delivery,
    form_answers,
    kind,
    result_code,
    result_paper,
    service_item,
    tell,
)
from models.identity import organisation, person, unit
from models.media import made
from models.media.made import Made

PURPOSE = "case_result"
OWNER = "system:affairs"
BLANK = "——"
_PLACE = re.compile(r"\{([a-z][a-z0-9_.]*)\}")


@carry_out.does(afterwards.RESULT)
def settle(found: dict[str, Any]) -> None:
    """Let the papers of a case follow its decisions: one for what counts now, and no other that stands.

    Raises:
        NoResultKey: this deployment has no key to sign with; the queue asks again.
    """
    decision = result_paper.granted(found)
    if result_paper.revoke_others(found["_id"], decision["id"] if decision else None):
        delivery.stop(found["_id"], decision["id"] if decision else None)
    if decision:
        paper = result_paper.begin(found, decision)
        if paper["state"] == "making":
            _make(found, decision, paper)


def _make(found: dict[str, Any], decision: Mapping[str, Any], paper: dict[str, Any]) -> None:
    name = _holder(found)
    told = Made(f"{paper['number']}.pdf", "pdf", PURPOSE, attachments.place(found), OWNER)
    digest = made.keep(paper["file"], pdf(found, decision, paper, name), told, account=found.get("account"))
    holder = runtime.current().sealer.seal("result_papers.holder", paper["_id"], name)
    result_paper.finish(paper["_id"], holder, digest, list(tell.entries(found, "case_result")))


def _holder(found: Mapping[str, Any]) -> str:
    if found.get("firm"):
        known = organisation.by_code(found["firm"])
        return str(known["name"]) if known else ""
    known_persons = person.several(case.subjects(dict(found)))
    return next((one.name for one in known_persons.values()), "")


def pdf(found: dict[str, Any], decision: Mapping[str, Any], paper: Mapping[str, Any], name: str) -> bytes:
    """Return the paper as PDF: title, paragraphs of the item, what it rests on, the code that leads to its check."""
    item = service_item.of_case(found)
    assert item is not None
    words, out = _words(found, decision, paper, name), BytesIO()
    title, number = paper["zh"], paper["number"]
    with Document(out, title=title, created=paper["made_at"], running=f"编号 {number}") as page:
        page.heading(title, align="center")
        for paragraph in item["result"]["paragraphs"]:
            page.paragraph(filled(paragraph, words), indent=True)
        rows = [
            ("文书编号", number),
            ("办件编号", found["number"]),
            ("申请人", name),
            ("办理事项", item["zh"]),
            ("办理结果", words["outcome"]),
            ("依据", words["rule"] or item.get("law", "")),
            ("办理单位", words["unit"]),
            ("决定日期", words["day"]),
        ]
        page.table([Column("项目"), Column("内容", 3)], rows)
        page.picture(qr.png(result_code.url(paper)), 40)
        page.paragraph("扫码核验本文书是否有效;二维码内含签名(Ed25519),不含姓名和证件号码。", size=8.5, align="center")
    return out.getvalue()


def _words(found: dict[str, Any], decision: Mapping[str, Any], paper: Mapping[str, Any], name: str) -> dict[str, str]:
    told = kind.read(found["kind"], found["kind_version"])
    outcomes = told.step(decision["step"]).outcomes
    answers = {f"form.{field}": value_zh(value) for field, value in form_answers.of_case(found).items()}
    return answers | {
        "name": name,
        "number": paper["number"],
        "item": told.zh,
        "unit": unit.names([paper["unit"]]).get(paper["unit"], ""),
        "day": clock.civil(decision["at"]).date().isoformat(),
        "outcome": next((one.zh for one in outcomes if one.code == decision["outcome"]), ""),
        "reason": case.opened(found["_id"], "decisions.reason", dict(decision)),
        "rule": decision["rule"],
    }


def filled(paragraph: str, words: Mapping[str, str]) -> str:
    """Return a paragraph with its places filled; one that nothing is known for stays a dash."""
    return _PLACE.sub(lambda met: words.get(met[1]) or BLANK, paragraph)


def value_zh(value: Any) -> str:
    """Return an answer of a form as a paper says it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(str(one) for one in value) if isinstance(value, list) else str(value)
