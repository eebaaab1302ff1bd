"""The signed code of an admission notice, and what its check comes to.

Kind, key, the offer and a digest of the notice's number under one Ed25519 signature, written for a link
(`backend.codes.link_code`). Whether the notice still counts, the store says: a place that was given up makes it void.
"""

from typing import Any

from backend import runtime
from backend.codes import compact, link_code
from backend.errors import NotFound, Unavailable
from backend.identity_documents import mask_name
from models.identity import person
from models.school import offer, school
from models.school import round as rounds

KIND = 0x4E
"""First byte of every code of a notice, "N"."""
TAIL = 6
STATE_ZH = {"authentic": "真实有效", "revoked": "已失效", "unknown": "查无此通知书"}


class NoNoticeKey(Unavailable):
    """503: this deployment has no key to sign notices with."""

    code = "school_notice_key_missing"
    zh = "尚未配置证书签名密钥,暂不能出具录取通知书,请联系系统管理员。"
    en = "No key to sign notices is set (CERTIFICATE_KEYS). Ask the administrator."


def code(found: dict[str, Any]) -> str:
    """Return the code of an offer's notice; it is the same at every call.

    Raises:
        NoNoticeKey: there is no key to sign with.
    """
    keys = runtime.current().certificate_keys
    if not keys.private:
        raise NoNoticeKey
    payload = link_code.of_paper(found["_id"], found["number"])
    return link_code.sign(KIND, keys.current, payload, keys.private[keys.current])


def url(found: dict[str, Any]) -> str:
    """Return where the code on the paper leads."""
    return f"{runtime.current().settings.public_base_url}/n/{code(found)}"


def look(text: str) -> dict[str, Any]:
    """Return what anybody may know of the notice behind a code: whether it counts, school, round, masked name, tail."""
    found = _offer(text)
    if found is None:
        return {"state": "unknown", "state_zh": STATE_ZH["unknown"]}
    state = "authentic" if found["state"] in offer.HELD else "revoked"
    found_round = rounds.read(found["round"])
    try:
        name = mask_name(person.read(found["child"]).name)
    except NotFound:
        name = ""
    return {
        "state": state,
        "state_zh": STATE_ZH[state],
        "school_zh": school.names([found["school"]])[found["school"]],
        "round_zh": found_round["name"],
        "report_zh": rounds.report_zh(found_round),
        "name": name,
        "number_tail": found["number"][-TAIL:],
    }


def _offer(text: str) -> dict[str, Any] | None:
    try:
        payload = link_code.verify(text, KIND, link_code.PAPER_BYTES, runtime.current().certificate_keys.public)
        found = offer.read(link_code.paper_id(payload))
    except (compact.BadCode, NotFound):
        return None
    same = bool(found.get("number")) and link_code.of_paper(found["_id"], found["number"]) == payload
    return found if same else None
