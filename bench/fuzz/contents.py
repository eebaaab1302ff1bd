"""Files that the service takes: a schema says only that they are bytes, so random ones all end at the first check."""

import csv
import hashlib
import io
from typing import Any

from PIL import Image
from schemathesis.transport.serialization import Binary

from models.identity import staff_sheet, unit_sheet
from models.places import place_sheets


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


def _sheet(kind: Any) -> bytes:
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow([one.zh for one in kind.sheet.columns])
    lines.writerow([one.example for one in kind.sheet.columns])
    return out.getvalue().encode()


SHEETS = {kind.sheet.name: _sheet(kind) for kind in (unit_sheet.KIND, staff_sheet.KIND, *place_sheets.KINDS)}
UPLOADS = {
    "mini": ("图.png", "image/png", "case_attachment", _picture()),
    "office": ("单位.csv", "text/csv", "sheet_import", SHEETS["units"]),
}


def fill(case: Any) -> bool:
    """Give a request that should succeed a real file, or the description of one; tell whether it takes any."""
    label, surface = case.operation.label, case.operation.path.split("/")[1]
    if label.endswith("/v1/files") and label.startswith("POST"):
        name, media_type, purpose, content = UPLOADS[surface]
        digest = hashlib.sha256(content).hexdigest()
        case.body = {"name": name, "media_type": media_type, "purpose": purpose, "size": len(content), "sha256": digest}
    elif label.endswith("/parts/{number}"):
        case.path_parameters["number"] = "0"
        case.body = Binary(UPLOADS[surface][3])
    elif label.startswith("POST") and label.endswith("/imports"):
        case.body = {"file": Binary(SHEETS[case.operation.path.split("/")[4]])}
        case.multipart_content_types = {"file": "text/csv"}
    else:
        return False
    return True
