"""What a phone asks and reports around `wx.requestSubscribeMessage`: which templates, and what came of them."""

from collections.abc import Sequence
from typing import Any

from backend.errors import BadInput
from models.identity import account
from models.identity.actors import Resident
from models.messaging import grant, notice_kinds, opt_out, template


class TemplateUnknown(BadInput):
    """400: the county has no such template, or it was answered twice."""

    code = "message_template_unknown"
    zh = "订阅模板不存在或重复,请重新获取模板列表后再授权。"
    en = "There is no such template, or it came twice. Fetch the list of templates again."

    def __init__(self) -> None:
        super().__init__(fields={"results": [self.zh]})


def wanted(resident: Resident, moment: str | None) -> list[dict[str, Any]]:
    """Return the templates to ask for at a moment, at most as many as WeChat takes at a tap; all without a moment.

    What the resident switched off is not asked for.
    """
    names = notice_kinds.MOMENTS[moment] if moment else tuple(notice_kinds.TEMPLATE_ZH)
    off = {one["kind"] for one in opt_out.listed(resident.account_id) if not one["on"]}
    found = [about for name in names if _wanted(name, off) and (about := template.named(name))]
    shown = found[: notice_kinds.MOST_AT_A_TAP] if moment else found
    left = grant.balances(account.openid(resident.account_id), [one["template_id"] for one in shown])
    return [
        {
            "name": one["_id"],
            "template_id": one["template_id"],
            "title_zh": notice_kinds.TEMPLATE_ZH[one["_id"]],
            "left": left[one["template_id"]],
        }
        for one in shown
    ]


def _wanted(name: str, off: set[str]) -> bool:
    kinds = {code for code, kind in notice_kinds.KINDS.items() if kind.template == name}
    return not kinds or bool(kinds - off)


def report(
    resident: Resident, results: Sequence[tuple[str, str]], *, key: str, moment: str = "", always: bool = False
) -> list[dict[str, Any]]:
    """Note what came of a tap: (template id, answer) of each; return what is left. The same key counts once.

    Raises:
        TemplateUnknown: one is none of the county's, or comes twice.
    """
    asked = [template_id for template_id, _ in results]
    if len(set(asked)) < len(asked) or len(template.by_template_id(asked)) < len(asked):
        raise TemplateUnknown
    openid = account.openid(resident.account_id)
    told = {"source": "phone", "moment": moment, "always": always}
    return [
        {
            "template_id": one,
            "left": grant.answered(openid, one, answer, key=f"tap:{key}:{one}", **told),  # type: ignore[arg-type]
        }
        for one, answer in results
    ]
