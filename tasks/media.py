"""What follows uploads and imports of sheets."""

from bson import ObjectId

from backend import outbox, periodic
from models.benefits import line_sheet
from models.eldercare import duty_sheet, measured_sheet, record_sheet
from models.identity import staff_sheet, unit_sheet
from models.media import file, sheet_job
from models.places import place_sheets, plan_sheets, resource_sheets
from models.school import address_sheet, application_sheet, roster_sheet

_PLACES = (*place_sheets.KINDS, *plan_sheets.KINDS, *resource_sheets.KINDS)
_SCHOOL = (address_sheet.KIND, application_sheet.KIND, roster_sheet.KIND)
_HEALTH = (duty_sheet.KIND, measured_sheet.KIND, record_sheet.KIND)
_ALL = (unit_sheet.KIND, staff_sheet.KIND, line_sheet.KIND, *_SCHOOL, *_PLACES, *_HEALTH)
KINDS = {kind.sheet.name: kind for kind in _ALL}


@outbox.function("media.wipe")
def wipe(file_id: str) -> None:
    """Delete the bytes of a deleted file."""
    file.wipe(ObjectId(file_id))


@outbox.function("media.import_rows")
def import_rows(job: str) -> None:
    """Write the next rows of an import."""
    sheet_job.work(ObjectId(job), KINDS)


@outbox.function("media.forget_import")
def forget_import(import_id: str) -> None:
    """Delete what an import holds of its sheet."""
    sheet_job.forget(ObjectId(import_id))


@periodic.every("media.sweep", queue="trust", seconds=600)
def sweep() -> None:
    """Delete what was uploaded and never used."""
    file.sweep()
