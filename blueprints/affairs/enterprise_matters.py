"""A firm's results on paper, ratings and materials."""

from backend.http.route_set import member_for
from backend.http.surface import Surface
from models.affairs.matter_routes import ROUTES

matters = Surface(
    "enterprise matters", __name__, url_prefix="/enterprise/v1", description="企业事项:结果文书、评价、免交材料"
)
ROUTES.serve(matters, member_for("matters"))
