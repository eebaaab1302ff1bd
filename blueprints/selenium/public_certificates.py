"""Certificates and commitments for anybody who holds the goods: by number, as JSON, page, picture and paper."""

from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Response, request

from backend import runtime
from backend.codes import qr
from backend.http import pages
from backend.http.access import ANYONE
from backend.http.downloads import attachment
from backend.http.limits import guard
from backend.http.surface import Surface
from models.selenium import certificate, certification_forms, certification_papers, certification_views, commitment

LIMIT = 240
"""Requests of one address in a minute: many phones share the address of their mobile network."""

certificates = Surface(
    "public certificates",
    __name__,
    url_prefix="/public/v1/selenium",
    description="富硒证书和承诺达标合格证查询",
    template_folder="templates",
)


@certificates.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"certificates:{request.remote_addr}", per_minute=LIMIT)


@certificates.after_request
def not_kept(answer: Response) -> Response:
    """Let nobody keep an answer: a certificate may be suspended at any time."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


@certificates.get("/certificate-keys", access=ANYONE)
@certificates.answer(200, certification_forms.CertificateKeyList)
def list_certificate_keys() -> dict[str, Any]:
    """The public keys with which certificates are verified."""
    items = [
        {
            "key_id": key_id,
            "algorithm": "Ed25519",
            "public_key": b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode(),
        }
        for key_id, key in sorted(runtime.current().certificate_keys.public.items())
    ]
    return {"items": items, "next": None}


@certificates.get("/certificates/<number>", access=ANYONE)
@certificates.answer(200, certification_forms.CertificateView)
def read_certificate(number: str) -> dict[str, Any]:
    """A certificate: what was signed, the signature, and whether it holds today."""
    return certification_views.certificate_shown(certificate.read(number))


@certificates.get("/certificates/<number>/page", access=ANYONE)
@certificates.response(200, content_type="text/html")
def certificate_page(number: str) -> Response:
    """The same as a page: where the code on a certificate leads."""
    shown = certification_views.certificate_shown(certificate.read(number))
    return pages.page("certificate.html", title="富硒农产品认定证书", one=shown)


@certificates.get("/certificates/<number>/file", access=ANYONE)
@certificates.response(200, content_type="application/pdf")
def certificate_file(number: str) -> Response:
    """The certificate on paper."""
    paper = certification_papers.certificate_paper(certificate.read(number))
    return attachment(paper, name=f"{number}.pdf", media_type="application/pdf")


@certificates.get("/certificates/<number>/qr", access=ANYONE)
@certificates.response(200, content_type="image/png")
def certificate_code(number: str) -> Response:
    """The code that leads to the page, for packages and sales pages."""
    found = certificate.read(number)
    return attachment(qr.png(certification_views.page_url(found["_id"])), name=f"{number}.png", media_type="image/png")


@certificates.get("/commitments/<number>", access=ANYONE)
@certificates.answer(200, certification_forms.CommitmentView)
def read_commitment(number: str) -> dict[str, Any]:
    """A commitment certificate, with the phone number masked."""
    return certification_views.commitment_shown(commitment.read(number))


@certificates.get("/commitments/<number>/page", access=ANYONE)
@certificates.response(200, content_type="text/html")
def commitment_page(number: str) -> Response:
    """The same as a page; an electronic one counts as the paper."""
    shown = certification_views.commitment_shown(commitment.read(number))
    return pages.page("commitment.html", title=commitment.TITLE_ZH, one=shown)


@certificates.get("/commitments/<number>/file", access=ANYONE)
@certificates.arguments(certification_forms.PaperQuery, location="query")
@certificates.response(200, content_type="application/pdf")
def commitment_file(query: dict[str, str], number: str) -> Response:
    """A commitment certificate on paper or as a label, with the phone number masked."""
    paper = certification_papers.commitment_public(commitment.read(number), query["paper"])
    return attachment(paper, name=f"{number}.pdf", media_type="application/pdf")


@certificates.get("/commitments/<number>/qr", access=ANYONE)
@certificates.response(200, content_type="image/png")
def commitment_code(number: str) -> Response:
    """The code that leads to the page of a commitment certificate."""
    url = certification_views.page_url(commitment.read(number)["_id"], "commitments")
    return attachment(qr.png(url), name=f"{number}.png", media_type="image/png")
