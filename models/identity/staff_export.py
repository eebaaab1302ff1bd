"""The staff list as lines of a workbook."""

from collections.abc import Iterator

from models.audit import entry
from models.identity import staff_views
from models.identity.actors import Staff

HEADERS = ("账号", "姓名", "角色", "单位代码", "区划代码", "状态", "建立时间", "最近使用")
_PAGE = 100


def lines(actor: Staff) -> Iterator[list[str]]:
    """Yield one line for each role of each member whom the actor reaches; the audit says that the list was taken."""
    actor.require("staff.list")
    entry.write(entry.line(actor.key, "staff.export", "staff:all", unit=actor.unit))
    cursor: str | None = None
    while True:
        members, cursor = staff_views.listed(actor, cursor=cursor, limit=_PAGE)
        for one in members:
            for given in one["assignments"]:
                where = [given["role_zh"], given["unit"], given["area"]]
                told = [one["state_zh"], one["created_at"], one.get("last_seen", "")]
                yield [one["login"], one["name"], *where, *told]
        if cursor is None:
            return
