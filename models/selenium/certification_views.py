"""Certifications, samples, results, certificates and commitments as they are read. Plain dicts."""

from base64 import b64encode, urlsafe_b64encode
from typing import Any

from backend import clock, runtime
from backend.identity_documents import mask_phone
from backend.store import paging
from models.audit import access_line
from models.identity.actors import Staff
from models.selenium import certificate, certification, commitment, lab_result, lot, producer, sample, standard_check
from models.selenium.certificate import Certificate
from models.selenium.certification import Certification
from models.selenium.commitment import Commitment
from models.selenium.office_views import PURPOSE
from models.selenium.producer import Grower
from models.selenium.standard_views import verdict_shown

Page = tuple[list[dict[str, Any]], str | None]


def _time(at: Any) -> str:
    return clock.civil(at).isoformat(timespec="seconds")


def certification_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a certification with what the standards said."""
    told = {name: found[name] for name in ("case_number", "product", "item_zh", "lots", "standards", "state")}
    told |= {
        "id": str(found["_id"]),
        "case_id": str(found["case"]),
        "state_zh": certification.STATE_ZH[found["state"]],
        "created_at": _time(found["created_at"]),
        "verdicts": [verdict_shown(one) for one in found.get("verdicts", [])],
        "met": found.get("met", []),
        "unsafe": found.get("unsafe", []),
    }
    return told | {name: found[name] for name in ("sample", "report", "certificate") if name in found}


def own_certifications(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's certifications, newest first."""
    query = {"producer": grower.producer_id}
    found, following = paging.page(Certification._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    return [certification_shown(one) for one in found], following


def certifications(actor: Staff, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the certifications that the actor reaches, by village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("certification.read")
    query = producer.areas(actor, "certification.read") or {"village": {"$gt": ""}}
    found, following = paging.page(
        Certification._get_collection(), query, sort=("village", 1), cursor=cursor, limit=limit
    )
    _seen(actor, found)
    return [certification_shown(one) for one in found], following


def certification_read(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return a certification to a member of the staff, who is noted as its reader."""
    _seen(actor, [found])
    return certification_shown(found)


def _seen(actor: Staff, found: list[dict[str, Any]]) -> None:
    growers = producer.several([one["producer"] for one in found]).values()
    persons = sorted({one["person"] for one in growers if "person" in one})
    if persons:
        access_line.record(actor, purpose=PURPOSE, subjects=persons, fields=["lots"])


def sample_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a sample with its chain of custody."""
    told = {name: found[name] for name in ("lot", "grams", "retained_grams", "state", "at_lab")}
    steps = [{**one, "at": _time(one["at"])} for one in found["custody"]]
    return told | {
        "seal": found["_id"],
        "certification_id": str(found["certification"]),
        "state_zh": sample.STATE_ZH[found["state"]],
        "custody": steps,
    }


def result_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a laboratory's result."""
    same = ("sample", "lab_zh", "cma", "report_number", "report_date", "basis", "state")
    shares = ("moisture_permille", "organic_permille")
    return {name: found[name] for name in same} | {
        "id": str(found["_id"]),
        "state_zh": lab_result.STATE_ZH[found["state"]],
        "analytes": [
            {
                "code": one["code"],
                "name_zh": lab_result.ANALYTE_ZH[one["code"]],
                "mg_per_kg": standard_check.in_mg(one["ug_per_kg"]),
                "method": one["method"],
                "conforms": one["conforms"],
            }
            for one in found["analytes"]
        ],
        **{name: found[name] for name in shares if name in found},
    }


def page_url(number: str, what: str = "certificates") -> str:
    """Return the address of a public page."""
    return f"{runtime.current().settings.public_base_url}/public/v1/selenium/{what}/{number}/page"


def qr_text(found: dict[str, Any]) -> str:
    """Return what the code of a certificate says: its page, and behind `#` statement and signature for offline use."""
    told = [certificate.canonical(found["statement"]), found["signature"]]
    return f"{page_url(found['_id'])}#" + ".".join(urlsafe_b64encode(one).rstrip(b"=").decode() for one in told)


def certificate_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a certificate as anybody may check it."""
    state, signed = certificate.state(found), found["statement"]
    told = {name: signed[name] for name in ("number", "holder", "product", "lots", "plots", "standards", "report")}
    told |= {
        "state": state,
        "state_zh": certificate.STATE_ZH[state],
        "valid_from": signed["valid_from"],
        "valid_to": signed["valid_to"],
        "statement": certificate.canonical(signed).decode(),
        "signature": b64encode(found["signature"]).decode(),
        "key_id": found["key_id"],
        "page_url": page_url(found["_id"]),
    }
    reason, reason_zh = certificate.reason_zh(found)
    return told | ({"reason": reason, "reason_zh": reason_zh} if reason else {})


def own_certificates(grower: Grower) -> list[dict[str, Any]]:
    """Return the newest certificates of a producer."""
    return [certificate_shown(one) for one in certificate.producer_certificates(grower.producer_id)]


def certificates(actor: Staff, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the certificates that the actor reaches, by village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("certificate.read")
    query = producer.areas(actor, "certificate.read") or {"village": {"$gt": ""}}
    found, following = paging.page(
        Certificate._get_collection(), query, sort=("village", 1), cursor=cursor, limit=limit
    )
    return [certificate_shown(one) for one in found], following


def commitment_phone(found: dict[str, Any]) -> str:
    """Return the phone number of who committed, for what they print themselves."""
    if "phone" not in found:
        return ""
    return runtime.current().sealer.open(f"{commitment.COLLECTION}.phone", found["_id"], found["phone"])


def commitment_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a commitment certificate as anybody may read it: the phone number is masked."""
    phone, of_lot = commitment_phone(found), lot.several([found["lot"]])[found["lot"]]
    told = {name: found[name] for name in ("lot", "product_zh", "grams", "origin_zh", "party_zh", "replaces")}
    state = commitment.state(found, of_lot["state"])
    told |= {
        "number": found["_id"],
        "state": state,
        "title_zh": commitment.TITLE_ZH,
        "phone": mask_phone(phone) if phone else "",
        "ticks": [
            {"code": code, "name_zh": zh, "ticked": code in found["ticks"]} for code, zh in commitment.TICK_ZH.items()
        ],
        "promises_zh": list(commitment.PROMISES_ZH),
        "because": found["because"],
        "because_zh": commitment.BECAUSE_ZH[found["because"]],
        "state_zh": commitment.STATE_ZH[state],
        "lot_state": of_lot["state"],
        "lot_state_zh": lot.STATE_ZH[of_lot["state"]],
        "issued_at": _time(found["issued_at"]),
        "page_url": page_url(found["_id"], "commitments"),
    }
    reason = found.get("reason", "")
    return told | ({"reason": reason, "reason_zh": commitment.VOID_ZH[reason]} if reason else {})


def commitments(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's commitment certificates, newest first."""
    query = {"producer": grower.producer_id}
    found, following = paging.page(Commitment._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    return [commitment_shown(one) for one in found], following
