"""Resources, their plans and prices: templates, imports, and the same sheets going out."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.surface import Surface
from backend.sheets import writing
from backend.sheets.columns import Sheet
from blueprints.media import sheet_routes
from models.places import resource_export, resource_sheets

sheets = Surface(
    "office resource sheets", __name__, url_prefix="/office/v1", description="场地、时段、票价表格导入导出"
)
for kind in resource_sheets.KINDS:
    sheet_routes.add(sheets, kind)


def _add_export(sheet: Sheet) -> None:
    """Add the route that hands out a sheet under the headers of its import."""

    def export() -> Response:
        headers = [column.zh for column in sheet.columns]
        data = writing.table(headers, resource_export.lines(g.actor, sheet), title=sheet.zh)
        return attachment(data, name=f"{sheet.zh}.xlsx", media_type=writing.MEDIA_TYPE)

    view: Any = export
    view.__name__, view.__doc__ = f"export_{sheet.name.replace('-', '_')}", f"A sheet of one's scope ({sheet.name})."
    answer = sheets.response(200, content_type=writing.MEDIA_TYPE)(view)
    sheets.get(f"/sheets/{sheet.name}/export.xlsx", access=staff(resource_export.OPERATION))(answer)


for one in resource_export.SHEETS:
    _add_export(one)
