"""The sheet of a collective registration: villages and schools enter what guardians signed on paper."""

from backend.http.surface import Surface
from blueprints.media import sheet_routes
from models.school import application_sheet

sheet = Surface("office school application sheet", __name__, url_prefix="/office/v1", description="集中报名登记")
sheet_routes.add(sheet, application_sheet.KIND)
