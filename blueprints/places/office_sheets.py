"""Places, hours, prices and plans of slots: templates and imports."""

from backend.http.surface import Surface
from blueprints.media import sheet_routes
from models.places import place_sheets

sheets = Surface("office place sheets", __name__, url_prefix="/office/v1", description="景点、票价、开放时间表格导入")
for kind in place_sheets.KINDS:
    sheet_routes.add(sheets, kind)
