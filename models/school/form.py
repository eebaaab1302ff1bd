"""What a family says in an application: on what the district rests, what it adds to points, how it can be reached.

    {"basis": {"kind", "fact_id", "address", "village", "number"}, "told": [{"point", "text", "files"}],
     "phone", "other_guardian"}

A form is sealed whole. Its parts have names, so that who was slower learns what another one changed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import Conflict, Unprocessable
from models.school import application, points
from models.school.application import ApplicationMoved
from models.school.application_states import EDITABLE

T = TypeVar("T")
TRIES = 4

PART_ZH = {
    "basis": "居住依据",
    "choices": "志愿",
    "accepts_coordination": "是否服从统筹安排",
    "told": "补充说明和材料",
    "phone": "联系电话",
    "other_guardian": "另一位监护人",
    "state": "办理状态",
    "group": "捆绑",
}
SEALED = ("basis", "told", "phone", "other_guardian")
CLEAR = ("choices", "accepts_coordination")
MOST_FILES = 30
NO_SUCH_BASIS_ZH = "所选的登记信息不存在或已更新,请在最新的登记信息中重新选择,或手工填写住址。"


class FormChanged(Conflict):
    """409: the application was changed meanwhile; the fields say which parts, and by whom."""

    code = "school_form_changed"
    zh = "申请内容已被更新(现为第 {seq} 版),本次未保存;请刷新,在最新内容上修改后再提交。"
    en = "The application was changed meanwhile (it is version {seq}). Nothing was saved: refresh and try again."


class FormWrong(Unprocessable):
    """422: something in the form cannot be so."""

    code = "school_form_wrong"
    zh = "申请内容有误,请按提示修改。"
    en = "Something in the application does not fit. Correct what is named."


class NotEditable(Conflict):
    """409: the application stands where nothing in it is changed."""

    code = "school_not_editable"
    zh = "该申请目前为「{state_zh}」,不能直接修改;报名期间可先点“更正”再修改,报名结束后请联系受理单位。"
    en = "The application is in the state {state}. Take it back to correct it while the window is open."


def parts(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parts of an application's form, opened."""
    return {**application.opened(found), **{name: found[name] for name in CLEAR if name in found}}


def differing(found: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    """Return which parts a new form changes; what is empty and what is absent are the same."""
    known = parts(found)
    return [name for name in (*SEALED, *CLEAR) if (known.get(name) or None) != (told.get(name) or None)]


def require_editable(found: Mapping[str, Any]) -> None:
    """Check that the form may be changed.

    Raises:
        NotEditable: the application stands elsewhere.
    """
    if found["state"] not in EDITABLE:
        state_zh = application.STATES[found["state"]]
        raise NotEditable(state=found["state"], state_zh=state_zh)


def require_seen(found: Mapping[str, Any], seq: int, by: str) -> None:
    """Check that nobody edited an application since somebody saw it at `seq`; what a review notes in it is no edit.

    Raises:
        FormChanged: somebody did.
    """
    edited = max((one.get("seq", 0) for one in found.get("history", []) if one.get("fields")), default=0)
    if not edited <= seq <= found["seq"]:
        raise changed(found, seq, by)


def again(attempt: Callable[[], T]) -> T:
    """Run a change that reads first, and anew where something moved between reading and writing.

    Raises:
        ApplicationMoved: it moved each time.
    """
    for _ in range(TRIES - 1):
        with suppress(ApplicationMoved):
            return attempt()
    return attempt()


def changed(found: Mapping[str, Any], seq: int, by: str) -> FormChanged:
    """Return the refusal of who saw an application as it was at `seq`: what changed since, and through whom."""
    fields: dict[str, list[str]] = {}
    for line in found.get("history", []):
        if line.get("seq", 0) > seq:
            who = "您在另一台设备上" if line["by"] == by else _who(line["by"])
            for part in line.get("fields") or ["state"]:
                fields[part] = [f"“{PART_ZH.get(part, part)}”已由{who}更新。"]
    fields["seq"] = [f"最新为第 {found['seq']} 版。"]
    return FormChanged(seq=found["seq"], fields=fields)


def _who(by: str) -> str:
    return {"resident": "另一位监护人", "staff": "工作人员"}.get(by.partition(":")[0], "系统")


def line(what: str, by: str, seq: int, fields: Iterable[str]) -> dict[str, Any]:
    """Return the line of a change that leads to `seq`, with the parts that it changed."""
    return application.event(what, by, seq=seq, fields=sorted(fields))


def edit(
    seen: Mapping[str, Any],
    told: Mapping[str, Any],
    line: Mapping[str, Any],
    session: ClientSession,
    *,
    unset: Sequence[str] = (),
) -> None:
    """Change an application as it was seen, where it can be edited, within a transaction.

    Raises:
        ApplicationMoved: it was changed meanwhile, or stands elsewhere.
    """
    guard = {"state": {"$in": list(EDITABLE)}, "seq": seen["seq"]}
    application.change(seen["_id"], guard, told, unset=unset, line=line, session=session)


def require_whole(told: Mapping[str, Any]) -> None:
    """Check what the shape of a form cannot say.

    Raises:
        FormWrong: a point is told twice, there are too many files, or the basis names nothing.
    """
    wrong: dict[str, list[str]] = {}
    named = [one["point"] for one in told.get("told", ())]
    for number, point in enumerate(named):
        if point in named[:number]:
            wrong[f"told.{number}.point"] = [f"“{points.POINT_ZH[point]}”只填写一次,请合并说明和材料。"]
    if sum(len(one.get("files", ())) for one in told.get("told", ())) > MOST_FILES:
        wrong["told"] = [f"材料最多 {MOST_FILES} 份,请去掉重复的。"]
    basis = told.get("basis") or {}
    if basis.get("fact_id") and not ObjectId.is_valid(basis["fact_id"]):
        wrong["basis.fact_id"] = [NO_SUCH_BASIS_ZH]
    if basis and not basis.get("fact_id") and not basis.get("address", "").strip():
        wrong["basis.address"] = ["请选择登记信息中的一项,或填写详细住址(到门牌号)。"]
    if wrong:
        raise FormWrong(fields=wrong)
