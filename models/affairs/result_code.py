"""The signed code of a result paper, and what anybody may know by it.

Kind, key, the paper and a digest of its number under one Ed25519 signature, as the last part of a link
(`backend.codes.link_code`). Whether the paper counts, the store says: an appeal may have taken its decision back.
"""

from collections.abc import Mapping
from typing import Any

from backend import clock, runtime
from backend.codes import compact, link_code
from backend.errors import NotFound, Unavailable
from backend.identity_documents import mask_name
from models.affairs import case, result_paper
from models.identity import unit

KIND = 0x52
"""First byte of every code of a result, "R"."""
TAIL = 9
STATE_ZH = {"authentic": "真实有效", "revoked": "已撤销", "unknown": "查无此文书"}


class NoResultKey(Unavailable):
    """503: this deployment has no key to sign results with; the queue asks again."""

    code = "result_key_missing"
    zh = "尚未配置证书签名密钥,暂不能出具结果文书,请联系系统管理员。"
    en = "No key to sign results is set (CERTIFICATE_KEYS). Ask the administrator."


def code(paper: Mapping[str, Any]) -> str:
    """Return the code of a paper; it is the same at every call.

    Raises:
        NoResultKey: there is no key to sign with.
    """
    keys = runtime.current().certificate_keys
    if not keys.private:
        raise NoResultKey
    payload = link_code.of_paper(paper["_id"], paper["number"])
    return link_code.sign(KIND, keys.current, payload, keys.private[keys.current])


def url(paper: Mapping[str, Any]) -> str:
    """Return where the code on a paper leads."""
    return f"{runtime.current().settings.public_base_url}/r/{code(paper)}"


def look(text: str) -> dict[str, Any]:
    """Return whether the paper behind a code counts, what it is, of which unit and day, masked name and number's tail.

    With it the SHA-256 of the file, so that an electronic copy can be compared.
    """
    paper = _paper(text)
    if paper is None:
        return {"state": "unknown", "state_zh": STATE_ZH["unknown"]}
    state = "authentic" if result_paper.counts(paper, case.read(paper["case"])) else "revoked"
    told = {
        "state": state,
        "state_zh": STATE_ZH[state],
        "zh": paper["zh"],
        "unit": paper["unit"],
        "unit_zh": unit.names([paper["unit"]]).get(paper["unit"], ""),
        "day": clock.civil(paper["made_at"]).date().isoformat(),
        "holder": masked(paper),
        "number_tail": paper["number"][-TAIL:],
        "sha256": paper.get("sha256", ""),
    }
    if state == "revoked":
        told["reason_zh"] = result_paper.REASON_ZH[paper.get("reason", "reopened")]
    return told


def holder(paper: Mapping[str, Any]) -> str:
    """Return the name on a paper, empty where it is being made."""
    sealed = paper.get("holder")
    return runtime.current().sealer.open("result_papers.holder", paper["_id"], sealed) if sealed else ""


def masked(paper: Mapping[str, Any]) -> str:
    """Return the name on a paper as anybody may see it: a firm's whole, a person's masked."""
    name = holder(paper)
    return name if paper.get("firm") or not name else mask_name(name)


def _paper(text: str) -> dict[str, Any] | None:
    try:
        payload = link_code.verify(text, KIND, link_code.PAPER_BYTES, runtime.current().certificate_keys.public)
        paper = result_paper.read(link_code.paper_id(payload))
    except (compact.BadCode, NotFound):
        return None
    same = paper["state"] != "making" and link_code.of_paper(paper["_id"], paper["number"]) == payload
    return paper if same else None
