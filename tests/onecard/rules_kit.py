"""An editor and an approver of rules at work, over HTTP."""

from tests.support import queues
from tests.support.clerk import Clerk
from tests.support.rules import content

AGE = {"name": "person.age", "kind": "number", "zh": "年龄(周岁)", "whose": "县公安局"}


def body(code: str, condition=None, **more) -> dict:
    """Return what is sent for a draft; the condition defaults to an age of at least 65."""
    told = content(condition or at_least(65), **{"facts": [AGE], **more})
    return {"code": code, **told}


def at_least(age: int) -> dict:
    return {"ge": [{"fact": "person.age"}, age]}


def draft(editor: Clerk, code: str, condition=None, **more) -> dict:
    answer = editor.post("/office/v1/rule-sets", body(code, condition, **more))
    assert answer.status_code == 201, answer.json
    return answer.json


def propose(editor: Clerk, rule_set_id: str) -> str:
    """Propose a draft and return the approval's id."""
    answer = editor.post(f"/office/v1/rule-sets/{rule_set_id}/propose", {"reason": "按文件调整"})
    assert (answer.status_code, answer.json.get("state")) == (200, "proposed"), answer.json
    return answer.json["approval_id"]


def decide(approver: Clerk, approval_id: str, how: str = "approve"):
    answer = approver.post(f"/office/v1/approvals/{approval_id}/{how}")
    queues.drain("trust")
    return answer


def activate(editor: Clerk, approver: Clerk, code: str, condition=None, **more) -> dict:
    """Bring a version from draft to active and return it."""
    made = draft(editor, code, condition, **more)
    assert decide(approver, propose(editor, made["id"])).status_code == 200
    found = editor.get(f"/office/v1/rule-sets/{made['id']}").json
    assert found["state"] == "active"
    return found
