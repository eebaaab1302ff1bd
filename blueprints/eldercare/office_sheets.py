"""Rosters, measured values and records as sheets: template, checks without writing, import."""

from backend.http.surface import Surface
from blueprints.media import sheet_routes
from models.eldercare import duty_sheet, measured_sheet, record_sheet

sheets = Surface("office health sheets", __name__, url_prefix="/office/v1", description="健康值班、测量和记录表格导入")
for _kind in (duty_sheet.KIND, measured_sheet.KIND, record_sheet.KIND):
    sheet_routes.add(sheets, _kind)
