"""A resident's results on paper, ratings and materials."""

from backend.http.access import Access, resident
from backend.http.surface import Surface
from models.affairs.matter_routes import ROUTES

matters = Surface("matters", __name__, url_prefix="/mini/v1", description="我的事项:结果文书、评价、免交材料")


def own(_roles: tuple[str, ...]) -> Access:
    """Return the rule of a natural person, or of who acts for one in matters."""
    return resident("matched", scope="affairs")


ROUTES.serve(matters, own)
