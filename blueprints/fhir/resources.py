"""Resources: read, earlier version, search, create, correct; Bundles of them; what the server can do."""

from flask import Response, g, request

from backend.errors import CityError
from backend.http.access import ANYONE
from blueprints.fhir import described
from blueprints.fhir.surface import MOST_BODY_BYTES, READ, WRITE, answer, body, fhir, outcome_of, plain, resource
from models.eldercare import fhir_batch, fhir_read, fhir_types, fhir_write
from models.fhir import bundle, capability

JSON = "application/fhir+json"
ACTING = [described.ACTING_FOR]


@fhir.get("/metadata", access=ANYONE)
@fhir.doc(parameters=described.FORMAT)
@fhir.response(200, content_type=JSON)
def read_capabilities() -> Response:
    """The CapabilityStatement: types, parameters, operations."""
    plain()
    return answer(capability.statement(fhir_types.base(), fhir_types.OFFERED))


@fhir.post("/", access=WRITE, most_body_bytes=MOST_BODY_BYTES, strict_slashes=False)
@fhir.doc(
    requestBody=described.body(described.BUNDLE, "transaction(全部成功或全部不变)或 batch(逐项办理)类型的 Bundle")
)
@fhir.response(200, content_type=JSON)
def carry_out() -> Response:
    """A transaction Bundle, all of it or nothing; or a batch, each entry by itself."""
    told = body()
    kind, base = bundle.kind(told), fhir_types.base()
    done = (fhir_batch.carry_out if kind == "batch" else fhir_write.transaction)(g.actor, told)
    entries = [
        bundle.refused(one.status, outcome_of(one))
        if isinstance(one, CityError)
        else bundle.stored(one.resource, one.status, base)
        for one in done
    ]
    return answer(bundle.done(entries, kind))


@fhir.get("/<string:resource_type>", access=READ, parameters=ACTING)
@fhir.doc(parameters=described.SEARCH)
@fhir.response(200, content_type=JSON)
def search(resource_type: str) -> Response:
    """Resources of one type about one patient, the newest first; of Patient, those in reach."""
    return _found(resource_type, list(request.args.items(multi=True)))


@fhir.post("/<string:resource_type>/_search", access=READ, parameters=ACTING)
@fhir.doc(parameters=described.SEARCH)
@fhir.response(200, content_type=JSON)
def search_by_form(resource_type: str) -> Response:
    """The same search with its parameters in a form."""
    told = [*request.args.items(multi=True), *request.form.items(multi=True)]
    return _found(resource_type, told)


def _found(resource_type: str, pairs: list[tuple[str, str]]) -> Response:
    page = fhir_read.search(g.actor, resource_type, pairs)
    return paged(page, resource_type, pairs)


def paged(page: fhir_read.Page, path: str, pairs: list[tuple[str, str]]) -> Response:
    """Return the Bundle of a page."""
    return answer(bundle.page(page.found, base=fhir_types.base(), path=path, asked=pairs, cursor=page.cursor))


@fhir.post("/<string:resource_type>", access=WRITE, parameters=[described.IF_NONE_EXIST])
@fhir.doc(requestBody=described.body(described.OBSERVATION, "一个 FHIR R4 资源"))
@fhir.response(201, content_type=JSON)
def create(resource_type: str) -> Response:
    """Create a resource; with If-None-Exist one that is stored already is answered by 200."""
    done = fhir_write.create(g.actor, resource_type, body(), request.headers.get("If-None-Exist"))
    return resource(done.resource, int(done.status[:3]))


@fhir.get("/<string:resource_type>/<string:resource_id>", access=READ, parameters=ACTING)
@fhir.doc(parameters=described.FORMAT)
@fhir.response(200, content_type=JSON)
def read(resource_type: str, resource_id: str) -> Response:
    """One resource as it stands."""
    plain()
    return resource(fhir_read.one(g.actor, resource_type, resource_id))


@fhir.get("/<string:resource_type>/<string:resource_id>/_history/<string:version_id>", access=READ, parameters=ACTING)
@fhir.doc(parameters=described.FORMAT)
@fhir.response(200, content_type=JSON)
def read_version(resource_type: str, resource_id: str, version_id: str) -> Response:
    """One resource as it stood in an earlier version, or stands."""
    plain()
    return resource(fhir_read.one(g.actor, resource_type, resource_id, version_id))


@fhir.put("/<string:resource_type>/<string:resource_id>", access=WRITE, parameters=[described.IF_MATCH])
@fhir.doc(requestBody=described.body(described.OBSERVATION, "更正后的资源,id 与路径一致"))
@fhir.response(200, content_type=JSON)
def correct(resource_type: str, resource_id: str) -> Response:
    """Correct a resource of the version that If-Match names; what stood before is kept."""
    if_match = request.headers.get("If-Match")
    return resource(fhir_write.update(g.actor, resource_type, resource_id, body(), if_match).resource)


@fhir.delete("/<string:resource_type>/<string:resource_id>", access=WRITE, parameters=[described.IF_MATCH])
@fhir.response(204)
def delete(resource_type: str, resource_id: str) -> None:
    """Withdraw a resource: afterwards it is a 410 and no search finds it; its earlier versions are kept."""
    fhir_write.delete(g.actor, resource_type, resource_id, request.headers.get("If-Match"))
