"""Operations on a patient: everything by pages, and the summary as a document."""

from flask import Response, g, request

from blueprints.fhir import described
from blueprints.fhir.resources import ACTING, JSON, paged
from blueprints.fhir.surface import READ, answer, fhir, plain
from models.eldercare import fhir_read, fhir_summary


@fhir.get("/Patient/<string:patient_id>/$everything", access=READ, parameters=ACTING)
@fhir.doc(parameters=described.PAGE)
@fhir.response(200, content_type=JSON)
def read_everything(patient_id: str) -> Response:
    """All that is known of one patient, page by page."""
    pairs = list(request.args.items(multi=True))
    page = fhir_read.everything(g.actor, patient_id, pairs)
    return paged(page, f"Patient/{patient_id}/$everything", pairs)


@fhir.get("/Patient/<string:patient_id>/$summary", access=READ, parameters=ACTING)
@fhir.doc(parameters=described.FORMAT)
@fhir.response(200, content_type=JSON)
def read_summary(patient_id: str) -> Response:
    """The summary of one patient, a document of the International Patient Summary."""
    plain()
    return answer(fhir_summary.of(g.actor, patient_id))
