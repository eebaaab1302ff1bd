"""Certifications in the hands of the office and of laboratories: samples, results, certificates.

Checking the documents and deciding is done on the case (/office/v1/cases); the certificate comes with the decision.
"""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from models.selenium import certificate, certification, lab_result, sample, standard_check
from models.selenium import certification_forms as schemas
from models.selenium import certification_views as views
from models.selenium.grower_forms import PageQuery
from models.selenium.lab_result import Analyte, Report
from models.selenium.office_views import PURPOSE
from models.selenium.sample import Taking

certifications = Surface(
    "office certifications", __name__, url_prefix="/office/v1", description="富硒认定、抽样检测和证书"
)


@certifications.get("/certifications", access=staff("certification.read", PURPOSE))
@certifications.arguments(PageQuery, location="query")
@certifications.answer(200, schemas.CertificationList)
def list_certifications(query: dict[str, Any]) -> dict[str, Any]:
    """The certifications in one's area, by village."""
    items, following = views.certifications(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@certifications.get("/certifications/<certification_id>", access=staff("certification.read", PURPOSE))
@certifications.answer(200, schemas.CertificationView)
def read_certification(certification_id: str) -> dict[str, Any]:
    """One certification, with the report and what the standards said."""
    found = certification.in_reach(g.actor, "certification.read", object_ids.read(certification_id))
    return views.certification_read(g.actor, found)


@certifications.post(
    "/certifications/<certification_id>/samples", access=staff("certification.sample", PURPOSE), parameters=[PARAMETER]
)
@idempotent
@certifications.arguments(schemas.SampleBody)
@certifications.answer(201, schemas.SampleView)
def take_sample(body: dict[str, Any], certification_id: str) -> dict[str, Any]:
    """Take a sample under a seal."""
    return views.sample_shown(sample.take(g.actor, object_ids.read(certification_id), Taking(**body)))


@certifications.get("/samples/<seal>", access=staff("sample.hand"))
@certifications.answer(200, schemas.SampleView)
def read_sample(seal: str) -> dict[str, Any]:
    """A sample with its chain of custody."""
    return views.sample_shown(sample.near(g.actor, seal))


@certifications.post("/samples/<seal>/hand", access=staff("sample.hand"))
@certifications.arguments(schemas.HandBody)
@certifications.answer(200, schemas.SampleView)
def hand(body: dict[str, str], seal: str) -> dict[str, Any]:
    """Hand a sample over to a colleague."""
    return views.sample_shown(sample.hand(g.actor, seal, object_ids.read(body["to"])))


@certifications.post("/samples/<seal>/receive", access=staff("sample.hand"))
@certifications.arguments(schemas.ReceiveBody)
@certifications.answer(200, schemas.SampleView)
def receive(body: dict[str, Any], seal: str) -> dict[str, Any]:
    """Receive a sample that was handed over; a broken seal or a wrong weight ends it."""
    return views.sample_shown(sample.receive(g.actor, seal, body["grams"], intact=body["intact"]))


@certifications.post("/samples/<seal>/results", access=staff("lab.enter"), parameters=[PARAMETER])
@idempotent
@certifications.arguments(schemas.LabResultBody)
@certifications.answer(201, schemas.LabResultView)
def enter_result(body: dict[str, Any], seal: str) -> dict[str, Any]:
    """Enter the laboratory's result of a sample."""
    analytes = tuple(_analyte(one) for one in body["analytes"])
    return views.result_shown(lab_result.enter(g.actor, seal, Report(**{**body, "analytes": analytes})))


def _analyte(body: dict[str, Any]) -> Analyte:
    value = body["value"]
    content = None if value is None else standard_check.micrograms(value, body["unit"], "analytes")
    return Analyte(body["code"], content, body["method"], body["conforms"])


@certifications.get("/lab-results/<result_id>", access=staff("lab.confirm"))
@certifications.answer(200, schemas.LabResultView)
def read_result(result_id: str) -> dict[str, Any]:
    """A result of one's laboratory."""
    return views.result_shown(lab_result.of_lab(g.actor, object_ids.read(result_id)))


@certifications.post("/lab-results/<result_id>/confirm", access=staff("lab.confirm"))
@certifications.answer(200, schemas.LabResultView)
def confirm_result(result_id: str) -> dict[str, Any]:
    """Confirm a result that somebody else entered; the standards judge it at once."""
    return views.result_shown(lab_result.confirm(g.actor, object_ids.read(result_id)))


@certifications.post("/lab-results/<result_id>/return", access=staff("lab.confirm"))
@certifications.answer(200, schemas.LabResultView)
def return_result(result_id: str) -> dict[str, Any]:
    """Return a result that has a slip; it is entered anew."""
    return views.result_shown(lab_result.send_back(g.actor, object_ids.read(result_id)))


@certifications.get("/certificates", access=staff("certificate.read"))
@certifications.arguments(PageQuery, location="query")
@certifications.answer(200, schemas.CertificateList)
def list_certificates(query: dict[str, Any]) -> dict[str, Any]:
    """The certificates in one's area, by village."""
    items, following = views.certificates(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@certifications.post("/certificates/<certificate_no>/suspend", access=staff("certificate.suspend"))
@certifications.arguments(schemas.CertificateReasonBody)
@certifications.answer(200, schemas.CertificateView)
def suspend(body: dict[str, str], certificate_no: str) -> dict[str, Any]:
    """Suspend a certificate; its page says so at once."""
    return views.certificate_shown(certificate.suspend(g.actor, certificate_no, body["reason"]))


@certifications.post("/certificates/<certificate_no>/lift", access=staff("certificate.suspend"))
@certifications.answer(200, schemas.CertificateView)
def lift(certificate_no: str) -> dict[str, Any]:
    """Lift a suspension."""
    return views.certificate_shown(certificate.lift(g.actor, certificate_no))


@certifications.post("/certificates/<certificate_no>/revoke", access=staff("certificate.suspend"))
@certifications.arguments(schemas.CertificateReasonBody)
@certifications.answer(200, schemas.CertificateView)
def revoke(body: dict[str, str], certificate_no: str) -> dict[str, Any]:
    """Revoke a certificate for good."""
    return views.certificate_shown(certificate.revoke(g.actor, certificate_no, body["reason"]))
