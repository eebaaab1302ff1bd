"""Records as a sheet: problems, medicines, allergies, visits, services; one a row.

A record's name among those of a unit is its elder, kind, day and title; the title enters the key under the blind index,
because keys lie in the clear and a title may be a diagnosis.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from backend import clock, runtime
from backend.errors import NotFound
from backend.sheets.columns import Column, Sheet
from models.eldercare import enter, record, record_forms, sheet_elders
from models.eldercare.enter import EndsBefore, SourceNotYours, Written
from models.eldercare.observation import MeasuredInFuture
from models.eldercare.reader import Reader
from models.eldercare.record import HealthRecord
from models.eldercare.record_forms import HealthWrittenBody
from models.eldercare.sheet_elders import FactStands
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.media.sheet_import import Kind, Problem, Rows

ICD = "http://hl7.org/fhir/sid/icd-10"
KEY = "health_records.key"
KEY_BYTES = 12
_TITLE = 100
_SAID = (
    Column("text", "说明", personal=True, example="2019 年确诊,规律服药"),
    Column("dosage_zh", "用量", most=_TITLE, personal=True, example="5 毫克"),
    Column("frequency_zh", "频次", most=_TITLE, personal=True, example="每日一次"),
    Column("reaction_zh", "过敏反应", most=_TITLE, personal=True, example="皮疹"),
    Column(
        "criticality", "过敏严重程度", "choice", choices={zh: one for one, zh in record_forms.CRITICALITY_ZH.items()}
    ),
    Column("place_zh", "地点", most=_TITLE, personal=True, example="于都县人民医院"),
    Column("outcome_zh", "结果", most=_TITLE, personal=True, example="血压控制平稳"),
    Column("due_on", "下次日期", "date", example="2026-12-20"),
    Column("meal", "餐次", "choice", choices={zh: one for one, zh in record_forms.MEAL_ZH.items()}),
    Column("eaten", "进食情况", "choice", choices={zh: one for one, zh in record_forms.EATEN_ZH.items()}),
    Column("minutes", "时长(分钟)", "int", most=1440),
)
"""Columns whose key is a field of the content."""
SHEET = Sheet(
    "health-records",
    "健康记录",
    (
        sheet_elders.NUMBER,
        sheet_elders.NAME,
        Column(
            "kind", "类别", "choice", required=True, choices={record.KINDS[one]: one for one in record_forms.MAY_SAY},
            example="用药",
        ),
        Column("title_zh", "名称", required=True, aliases=("标题",), most=_TITLE, personal=True, example="氨氯地平片"),
        Column("day", "日期", "date", required=True, aliases=("开始日期", "发生日期"), example="2026-11-01"),
        Column("last_day", "结束日期", "date"),
        Column(
            "icd", "疾病编码(ICD-10)", "code", aliases=("疾病编码",), pattern=r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,6})?",
            pattern_zh="应为 ICD-10 编码,例如 I10。", personal=True,
        ),
        *_SAID,
        sheet_elders.SOURCE,
    ),
    unique=("number", "kind", "title_zh", "day"),
)  # fmt: skip


def check(actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name rows whose elder is not in one's care, that say what their kind does not, or something else than before."""
    found = sheet_elders.readers(actor, [told for _, told in rows])
    for (row, told), reader in zip(rows, found, strict=True):
        if reader is None:
            yield row, "number", sheet_elders.NOT_YOURS
        else:
            yield from ((row, *one) for one in _problems(actor, reader, told))


def _problems(actor: Staff, reader: Reader, told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    body = {"kind": told["kind"], "content": _content(told)}
    wrong: Any = HealthWrittenBody().validate(body)
    if wrong:
        named = wrong.get("content", {})
        columns = [name if name in told else "" for name in named] or [""]
        yield from ((name, "此类别没有这一列,或内容不合要求。") for name in columns)
        return
    try:
        enter.check_times(*_times(told))
        wanted = _written(actor, reader, told)
    except MeasuredInFuture:
        yield "day", "日期晚于今天,请核对。"
    except EndsBefore as refused:
        yield "last_day", refused.message()
    except SourceNotYours as refused:
        yield "source", refused.message()
    else:
        if (stands := _stands(actor, reader, told)) and (why := _why(stands, wanted)):
            yield "title_zh", why


def _content(told: Mapping[str, Any]) -> dict[str, Any]:
    said = {column.key: told[column.key] for column in _SAID if told[column.key] is not None}
    coding = [{"system": ICD, "code": told["icd"], "display": told["title_zh"]}] if told["icd"] else None
    return {"title_zh": told["title_zh"], **said, **({"coding": coding} if coding else {})}


def _times(told: Mapping[str, Any]) -> tuple[datetime, datetime | None]:
    first, last = (clock.at(clock.date_of(one), 0) if one else None for one in (told["day"], told["last_day"]))
    assert first is not None
    return first, last


def _keys(actor: Staff, reader: Reader, told: Mapping[str, Any]) -> list[str]:
    """Return the keys under which a row may be stored, that for a new one first."""
    unit = enter.source_of(actor, reader, told["source"] or "").unit
    about = f"sheet:{reader.subject_id}:{unit}:{told['kind']}:{told['day']}"
    titles = runtime.current().sealer.blinds(KEY, f"{about}:{told['title_zh']}")
    return [f"{about}:{one[:KEY_BYTES].hex()}" for one in titles]


def _written(actor: Staff, reader: Reader, told: Mapping[str, Any]) -> Written:
    at, until = _times(told)
    return Written(told["kind"], _content(told), at, until, _keys(actor, reader, told)[0])


def _stands(actor: Staff, reader: Reader, told: Mapping[str, Any]) -> dict[str, Any] | None:
    query = {"key": {"$in": _keys(actor, reader, told)}}
    return HealthRecord._get_collection().find_one(query, {"content": 1, "state": 1, "until": 1})


def _why(stands: Mapping[str, Any], wanted: Written) -> str:
    """Return why what stands is not the same as what is told, empty where it is."""
    if stands["state"] == "entered_in_error":
        return sheet_elders.WITHDRAWN
    same = record.content(stands) == wanted.content and stands.get("until") == wanted.until
    return "" if same else sheet_elders.DIFFERS


def apply(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    """Enter one row's record; one that stands already is left as it is.

    Raises:
        NotFound: the elder is not in one's care any more.
        FactStands: another content was entered meanwhile.
    """
    (reader,) = sheet_elders.readers(actor, [told])
    if reader is None:
        raise NotFound
    wanted = _written(actor, reader, told)
    try:
        if not (stands := _stands(actor, reader, told)):
            enter.written(actor, reader.subject_id, wanted, source_kind=told["source"] or "")
    except DuplicateKeyError:  # the same sheet is worked on at this moment
        stands = _stands(actor, reader, told)
    if stands and _why(stands, wanted):
        raise FactStands


KIND = Kind(SHEET, enter.OPERATION, check, apply, sheet_actor.acting, sheet_actor.audit)
