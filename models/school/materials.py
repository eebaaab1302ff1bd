"""Files that go with an application: sent in parts beforehand, tied to it and to one point when the form is saved.

A file that was named belongs to the application from that moment, in the same transaction. What a draft leaves out
again is let go, and deleted like any file that belongs to nothing; what was submitted once is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import NotFound, Unprocessable
from backend.store import object_ids
from models.media import file
from models.media.file import Content
from models.school import points
from models.school.applying import Applying

PURPOSE = "school_material"


class BadMaterial(Unprocessable):
    """422: a file is not there, not whole, not one's own, or belongs to something else."""

    code = "school_material_wrong"
    zh = "材料“{file}”没有传完、已被删除或不是您上传的;请重新上传后再保存,其他内容没有丢失。"
    en = "The file {file} is not complete, was deleted or is not yours. Send it again, then save."

    def __init__(self, where: str, file_id: str) -> None:
        super().__init__(file=file_id, fields={where: [self.zh.format(file=file_id)]})


def place(application_id: ObjectId) -> str:
    """Return how files name the application that they belong to."""
    return f"school_application:{application_id}"


def attaching(
    who: Applying, found: Mapping[str, Any], told: Sequence[Mapping[str, Any]]
) -> Callable[[ClientSession], list[dict[str, Any]]]:
    """Return what ties the files of a form to its application, and returns the rows that the application keeps.

    Raises:
        BadMaterial: what is named is no file's id. When it runs, also for a file that is not whole or not theirs.
    """
    rows = _rows(told)
    known = {one["id"] for one in found.get("files", ())}
    gone = [] if found.get("submitted_at") else sorted(known - {one["id"] for one in rows})

    def attach(session: ClientSession) -> list[dict[str, Any]]:
        for where, row in zip(_places(told), rows, strict=True):
            if row["id"] not in known:
                _attach(who, found["_id"], row["id"], where, session)
        for one in gone:
            file.detach(one, attached_to=place(found["_id"]), session=session)
        return _kept(found, rows)

    return attach


def _rows(told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for where, (point, file_id) in zip(_places(told), _named(told), strict=True):
        try:
            rows.append({"id": object_ids.read(file_id), "point": point})
        except NotFound:
            raise BadMaterial(where, file_id) from None
    return rows


def _named(told: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(one["point"], file_id) for one in told for file_id in one.get("files", ())]


def _places(told: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"told.{a}.files.{b}" for a, one in enumerate(told) for b, _ in enumerate(one.get("files", ()))]


def _attach(who: Applying, application_id: ObjectId, file_id: ObjectId, where: str, session: ClientSession) -> None:
    try:
        file.attach([file_id], who.key, to=place(application_id), purpose=PURPOSE, session=session)
    except NotFound:
        raise BadMaterial(where, str(file_id)) from None


def _kept(found: Mapping[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the form, and those of files that an earlier submission named."""
    if not found.get("submitted_at"):
        return list(rows)
    named = {one["id"] for one in rows}
    earlier = [{**one, "earlier": True} for one in found.get("files", ()) if one["id"] not in named]
    return [*rows, *earlier]


def listed(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the files of an application for the wire."""
    records = {one["_id"]: file.told(one) for one in file.of_object(place(found["_id"]))}
    return [
        {
            "id": str(one["id"]),
            "point": one["point"],
            "point_zh": points.POINT_ZH[one["point"]],
            "earlier": bool(one.get("earlier")),
            **{name: records[one["id"]][name] for name in ("name", "media_type", "size", "created_at")},
        }
        for one in found.get("files", ())
        if one["id"] in records
    ]


def content(found: Mapping[str, Any], file_id: ObjectId) -> Content:
    """Return a file of an application that the caller may see.

    Raises:
        NotFound: it has no such file.
    """
    return file.content(file_id, attached_to=place(found["_id"]))
