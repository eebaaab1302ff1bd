"""What growers ask for: certifications, certificates, commitments; the same for persons and for organisations."""

from typing import Any

from backend.http.downloads import attachment
from backend.http.route_set import Caller, RouteSet
from backend.store import object_ids
from models.selenium import certification, certification_papers, commitment
from models.selenium import certification_forms as schemas
from models.selenium import certification_views as views
from models.selenium.certification import Wish
from models.selenium.grower_forms import PageQuery
from models.selenium.producer import acting

ROUTES = RouteSet()


@ROUTES.post(
    "/certifications", takes=schemas.CertificationBody, answers=schemas.CertificationView, status=201, once=True
)
def apply(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Apply for a selenium certificate for lots of one product."""
    wish = Wish(tuple(body["lots"]), tuple(body["standards"]), body["item_zh"])
    return views.certification_shown(certification.apply(caller.actor, wish))


@ROUTES.get("/certifications", query=PageQuery, answers=schemas.CertificationList)
def list_certifications(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's own applications, newest first."""
    items, following = views.own_certifications(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.get("/certifications/<certification_id>", answers=schemas.CertificationView)
def read_certification(caller: Caller, certification_id: str) -> dict[str, Any]:
    """One of one's applications, with what the standards said."""
    return views.certification_shown(certification.own(acting(caller.actor), object_ids.read(certification_id)))


@ROUTES.get("/certificates", answers=schemas.CertificateList)
def list_certificates(caller: Caller) -> dict[str, Any]:
    """One's newest certificates."""
    return {"items": views.own_certificates(acting(caller.actor)), "next": None}


@ROUTES.post("/commitments", takes=schemas.CommitmentBody, answers=schemas.CommitmentView, status=201, once=True)
def issue_commitment(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Issue a commitment certificate for a lot."""
    told = commitment.Told(**{**body, "ticks": tuple(body["ticks"]), "replaces": tuple(body["replaces"])})
    return views.commitment_shown(commitment.issue(acting(caller.actor), told))


@ROUTES.get("/commitments", query=PageQuery, answers=schemas.CommitmentList)
def list_commitments(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """One's commitment certificates, newest first."""
    items, following = views.commitments(acting(caller.actor), **query)
    return {"items": items, "next": following}


@ROUTES.post("/commitments/<commitment_no>/void", takes=schemas.VoidBody, answers=schemas.CommitmentView)
def void_commitment(caller: Caller, body: dict[str, str], commitment_no: str) -> dict[str, Any]:
    """Void a commitment certificate."""
    return views.commitment_shown(commitment.void(acting(caller.actor), commitment_no, body["reason"]))


@ROUTES.get("/commitments/<commitment_no>/file", query=schemas.PaperQuery, file="application/pdf")
def commitment_file(caller: Caller, query: dict[str, str], commitment_no: str) -> Any:
    """A commitment certificate to be printed, with one's phone number in full."""
    paper = certification_papers.commitment_own(commitment.own(acting(caller.actor), commitment_no), query["paper"])
    return attachment(paper, name=f"{commitment_no}.pdf", media_type="application/pdf")
