"""The concessions for staff."""

from typing import Any

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.onecard import concession_schemas
from models.onecard import entitlement_views

concessions = Surface("office concessions", __name__, url_prefix="/office/v1", description="优待目录")


@concessions.get("/concessions", access=staff("concession.read"))
@concessions.answer(200, concession_schemas.ConcessionList)
def list_concessions() -> dict[str, Any]:
    """Every version of every concession: rule in words, document to look at, where and since when, legal basis."""
    return entitlement_views.concessions()
