"""Units and accounts of the staff: templates, imports, and the staff list as a workbook."""

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.surface import Surface
from backend.sheets import writing
from blueprints.media import sheet_routes
from models.identity import staff_export, staff_sheet, unit_sheet

sheets = Surface("office identity sheets", __name__, url_prefix="/office/v1", description="组织机构、账号表格导入导出")
sheet_routes.add(sheets, unit_sheet.KIND)
sheet_routes.add(sheets, staff_sheet.KIND)


@sheets.get("/staff/export.xlsx", access=staff("staff.list"))
@sheets.response(200, content_type=writing.MEDIA_TYPE)
def export_staff() -> Response:
    """The members whom one reaches, as a workbook."""
    data = writing.table(staff_export.HEADERS, staff_export.lines(g.actor), title="工作人员")
    return attachment(data, name="工作人员名单.xlsx", media_type=writing.MEDIA_TYPE)
