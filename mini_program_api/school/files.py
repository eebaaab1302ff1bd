"""The papers of an application. They are sent in parts at /mini/v1/files, and belong to it once the form names them."""

from flask import Response

from backend.http.access import resident
from backend.http.downloads import attachment
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.school.applications import acting
from models.school import application_views

files = Surface("school materials", __name__, url_prefix="/mini/v1/school", description="入学申请材料")


@files.get("/applications/<application_id>/files/<file_id>", access=resident("matched"))
@files.response(200, content_type="application/octet-stream")
def download_material(application_id: str, file_id: str) -> Response:
    """A paper of one's child's application, whichever guardian sent it."""
    found = application_views.material(acting(), object_ids.read(application_id), object_ids.read(file_id))
    return attachment(found.data, name=found.name, media_type=found.media_type)
