"""The roles as a page that diffs: what stands in docs is what the code allows."""

import os

from models.identity import approval, role_matrix, roles
from seed.__main__ import main
from tests.architecture.house import ROOT

PAGE = ROOT / "docs" / "roles.md"


def test_the_committed_page_is_what_the_table_says():
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PAGE.write_text(role_matrix.text(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == role_matrix.text(), "run `make roles` and look at the difference"


def test_the_command_prints_the_page(capsys):
    assert main(["roles"]) == 0
    assert capsys.readouterr().out == role_matrix.text()


def test_every_right_of_every_role_is_a_line_of_its_own():
    text = role_matrix.text()
    assert text == role_matrix.text()
    for name, role in roles.ROLES.items():
        part = text.split(f"## {name} ", 1)[1].split("\n## ", 1)[0].splitlines()
        assert {f"- {one}" for one in role.operations} <= set(part)
        assert sum(line.startswith("- purpose: ") for line in part) == len(role.purposes)


def test_the_three_administrators_share_no_power():
    changing = {
        name: {one for one in roles.ROLES[name].operations if not one.endswith((".list", ".read", ".report"))}
        for name in roles.ALONE
    }
    assert changing["system_admin"] & changing["security_admin"] == set()
    assert changing["auditor"] == set()
    assert not {"staff.invite", "staff.assign", "staff.reset"} & roles.ROLES["security_admin"].operations
    deciding = {kind.operation for kind in approval.KINDS.values()} | {"approval.decide"}
    assert deciding.isdisjoint(roles.ROLES["system_admin"].operations)


def test_nobody_holds_both_sides_of_a_pair():
    """Who proposes a kind decides on it only where two of the same role are meant: money."""
    sides = {"grant.approve": "staff.invite", "totp.reset": "staff.reset", "minor.approve": "minor.request",
             "export.approve": "order.export"}  # fmt: skip
    for deciding, proposing in sides.items():
        both = [name for name, role in roles.ROLES.items() if {deciding, proposing} <= role.operations]
        assert both == [], deciding


def test_what_is_grantable_by_a_unit_is_never_sensitive():
    assert roles.GRANTABLE["unit_admin"].isdisjoint(roles.SENSITIVE)
    assert all(roles.ROLES[name].reach != "county" for name in roles.GRANTABLE["unit_admin"])
