"""What school enrolment adds to the story: a round that was drawn, with offers, and one that families apply in."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from deploy.stack import Stack
from models.school import notice_code, offer
from tests.dumps.onecard_story import sent
from tests.school import apply_kit
from tests.school.apply_kit import BORN, BUREAU, MINI, OFFICE, OWN, Parent
from tests.support.clerk import Clerk
from tests.support.patience import until
from tests.support.phone import Phone
from tests.support.registers import RegistersBox

DEMO, DRAWN, OPEN = "2027-primary", "2027-primary_drawn", "2027-primary_open"
PUBLIC, TOWN = "/public/v1/school", "town_360731100"
WINDOW_SECONDS, DRAW_SECONDS = 40, 5
SEED = "4326153324615243162534261524361524361524"
STAFF = (
    ("first", "school_manager", BUREAU),
    ("second", "school_manager", BUREAU),
    ("school", "school_clerk", f"school_{OWN[1]}"),
    ("liaison", "school_liaison", TOWN),
    ("desk", "case_handler", "public_security"),
)
FIELDS = ("name", "stage", "school_year", "rules", "rule_day", "report_day", "accept_days", "most_choices")


class Story:
    """Who is needed here: two of the bureau, a school, a town, a reviewing unit; and families in the registers."""

    def __init__(self, stack: Stack, phone: Phone, admin: Clerk) -> None:
        self.client, self.sandbox = phone.client, phone.sandbox
        self.registers = object.__new__(RegistersBox)
        self.registers.base = stack.env["REGISTERS_BASE"]
        self.staff = {name: admin.hire(role, unit=unit) for name, role, unit in STAFF}
        self.bureau = self.staff["first"]

    def parent(self, number: int, kind: str = "own_home") -> Parent:
        """Return a parent of a family at a house, matched by the register."""
        return apply_kit.parent(self.client, self.sandbox, apply_kit.made(self.registers, kind, number=number))

    def agreed(self, answer: Any) -> None:
        """Let the second of the bureau agree to what the first asked for."""
        asked = sent(answer, 202)
        sent(self.staff["second"].post(f"/office/v1/approvals/{asked['approval_id']}/approve"))

    def public(self, path: str) -> dict:
        return sent(self.client.get(f"{PUBLIC}/rounds/{DRAWN}{path}"))


def tell(stack: Stack, phone: Phone, admin: Clerk) -> dict:
    """Live it and return what later releases must still find."""
    story = Story(stack, phone, admin)
    parents = [story.parent(number) for number in (1, 3, 5)]
    _round(story, DRAWN, {OWN[0]: 1, OWN[1]: 3})
    closes = _announced(story, DRAWN, timedelta(seconds=WINDOW_SECONDS))
    found = [_found(one, DRAWN) for one in parents]
    applications = [_applied(one, DRAWN) for one in parents]
    under_way = _under_way(story)
    until(lambda: clock.now() > closes, seconds=2 * WINDOW_SECONDS, what="the end of the window")
    _drawn(story)
    told = {"round": DRAWN, "found": found[0], "under_way": under_way, "published": _published(story)}
    told |= {"families": [_answered(*one) for one in zip(parents, applications, strict=True)]}
    told |= {"won": _won(told["families"], parents), "waits": _appealed(told["families"], parents)}
    unreached = story.staff["liaison"].get(f"{OFFICE}/rounds/{DRAWN}/unreached")
    told |= {"unreached": len(sent(unreached)["items"])}
    staff = {name: {"login": one.login, "secret": one.secret} for name, one in story.staff.items()}
    return told | {"staff": staff}


def _round(story: Story, code: str, places: dict[str, int]) -> None:
    """Make a round with the districts of the demonstration, and plans."""
    demo = sent(story.bureau.get(f"{OFFICE}/rounds/{DEMO}"))
    body = {name: demo[name] for name in FIELDS} | {"double_review_percent": 0, "id": code}
    sent(story.bureau.post(f"{OFFICE}/rounds", body | _window(timedelta(days=3), timedelta(days=7))), 201)
    path = f"{OFFICE}/rounds/{code}"
    for one in sent(story.bureau.get(f"{OFFICE}/rounds/{DEMO}/plans"))["items"]:
        school = one["school"]["id"]
        plan = {"places": places.get(school, 5), "classes": 1, "class_size": 45, "reserves": {}}
        sent(story.bureau.call("PUT", f"{path}/plans/{school}", plan))
    districts = story.bureau.get(f"{OFFICE}/rounds/{DEMO}/districts.geojson")
    sent(story.bureau.call("PUT", f"{path}/districts", sent(districts)))


def _window(opens: timedelta, lasts: timedelta) -> dict[str, str]:
    begins = clock.now() + opens
    told = {"opens_at": begins, "closes_at": begins + lasts, "review_until": begins + lasts + timedelta(days=20)}
    return {name: moment.isoformat() for name, moment in told.items()}


def _announced(story: Story, code: str, lasts: timedelta) -> datetime:
    """Find the children, announce the round with a window from now on, tell the families; return when it closes."""
    path = f"{OFFICE}/rounds/{code}"
    _job(story, f"{path}/find", {"born_from": BORN[0], "born_to": BORN[1]})
    shown = sent(story.bureau.get(path))
    body = {name: shown[name] for name in FIELDS} | {"double_review_percent": 0}
    window = _window(timedelta(), lasts)
    sent(story.bureau.call("PUT", path, body | window))
    sent(story.bureau.post(f"{path}/announce", {"accept_warnings": True}))
    _job(story, f"{path}/tell")
    return datetime.fromisoformat(window["closes_at"])


def _job(story: Story, path: str, body: dict | None = None) -> None:
    job = sent(story.bureau.post(path, body), 202)["id"]

    def done() -> bool:
        return sent(story.bureau.get(f"{OFFICE}/jobs/{job}"))["state"] == "done"

    until(done, seconds=90, what=f"the job of {path}", pause=0.2)


def _found(one: Parent, code: str) -> dict:
    """Return what a family reads before it applies."""
    return next(each for each in sent(one.phone.get(f"{MINI}/found"))["items"] if each["round"] == code)


def _begun(one: Parent, code: str) -> dict:
    body = {"round": code, "companion_id": one.companions[0]}
    return sent(one.phone.post(f"{MINI}/applications", body), 201)


def _filled(one: Parent, code: str, **more: Any) -> dict:
    draft = _begun(one, code)
    told = {"basis": one.basis(draft), "choices": list(OWN), "accepts_coordination": True, "phone": PHONE}
    return sent(one.save(draft, told | more))


PHONE = "13700000021"


def _applied(one: Parent, code: str, **more: Any) -> dict:
    """Apply, and return the receipt."""
    return sent(one.do("submit", _filled(one, code, **more)))


def _under_way(story: Story) -> dict:
    """A round whose window is open: a draft, and an application of which a unit must check what the family told."""
    _round(story, OPEN, {})
    drafting, checked = story.parent(7), story.parent(9)
    _announced(story, OPEN, timedelta(days=10))
    told = [{"point": "residence", "text": "居住证正在换领", "files": []}]
    draft, submitted = _filled(drafting, OPEN), _applied(checked, OPEN, told=told)
    desk = story.staff["desk"]
    (case,) = until(lambda: sent(desk.get("/office/v1/cases/inbox"))["items"], seconds=90, what="the case", pause=0.2)
    kept = {"draft": _kept(drafting, draft), "submitted": _kept(checked, checked.read(submitted))}
    return kept | {"round": OPEN, "case": case["id"]}


def _kept(one: Parent, application: dict) -> dict:
    return {"tokens": one.phone.log_in().tokens, "application": application}


def _drawn(story: Story) -> None:
    """Freeze the list of the qualified, let dice fall, compute and publish."""

    def qualified() -> bool:
        states = sent(story.bureau.get(f"{OFFICE}/rounds/{DRAWN}/reviews"))["states"]
        return {one["state"] for one in states if one["count"]} == {"qualified"}

    until(qualified, seconds=90, what="the decisions", pause=0.2)
    path = f"{OFFICE}/rounds/{DRAWN}/draw"
    moment = clock.now() + timedelta(seconds=DRAW_SECONDS)
    source = {"kind": "dice", "description": "县公证处公开掷骰子", "moment": moment.isoformat()}
    sent(story.bureau.post(f"{path}/freeze", {"mechanism": "deferred_acceptance", **source}), 201)
    until(lambda: clock.now() > moment, seconds=60, what="the moment of the seed")
    story.agreed(story.bureau.post(f"{path}/seed", {"seed": SEED}))
    _stands(lambda: sent(story.bureau.get(path))["draws"][0]["state"], "computed")
    story.agreed(story.bureau.post(f"{path}/publish", {"reason": "派位结果已核对", "list_days": 7}))
    _stands(lambda: story.public("/draw")["state"], "published")


def _stands(state: Callable[[], str], wanted: str) -> None:
    until(lambda: state() == wanted, seconds=90, what=f"the draw: {wanted}", pause=0.2)


def _published(story: Story) -> dict:
    """Return the draw as anybody reads it, with the digest of each file as it was handed out."""
    told = story.public("/draw")
    names = [*(one["name"] for one in told["draw"]["files"]), "digests.txt"]
    files = {name: story.client.get(f"{PUBLIC}/rounds/{DRAWN}/draw/files/{name}").data for name in names}
    return {"draw": told, "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}}


def _answered(one: Parent, application: dict) -> dict:
    """Return a family with its own draw and the offer that it has."""
    path = f"{MINI}/applications/{application['id']}"
    (offered,) = until(lambda: sent(one.phone.get(f"{path}/offers"))["items"], seconds=90, what="the offer", pause=1)
    kept = _kept(one, one.read(application))
    return kept | {"draw": sent(one.phone.get(f"{path}/draw")), "offer": offered}


def _won(families: list[dict], parents: list[Parent]) -> dict:
    """Who has the first choice accepts it and gets the notice with its code."""
    number, mine = next((n, one) for n, one in enumerate(families) if one["offer"]["school"] == OWN[0])
    accepted = sent(parents[number].phone.post(f"{MINI}/offers/{mine['offer']['id']}/accept"))
    paper = parents[number].phone.get(f"{MINI}/offers/{accepted['id']}/notice.pdf")
    assert paper.data[:5] == b"%PDF-"
    return {"family": number, "offer": accepted, "notice": notice_code.code(offer.read(ObjectId(accepted["id"])))}


def _appealed(families: list[dict], parents: list[Parent]) -> dict:
    """One of the others leaves the offer open, and appeals against the result; nobody has answered yet."""
    number, mine = next((n, one) for n, one in enumerate(families) if one["offer"]["school"] != OWN[0])
    path = f"{MINI}/applications/{mine['application']['id']}"
    text = "孩子的哥哥在第一志愿学校就读,请重新核定。"
    made = sent(parents[number].phone.post(f"{path}/appeals", {"what": "result", "text": text, "school": OWN[0]}), 201)
    waiting = sent(parents[number].phone.get(f"{path}/waiting"))["items"]
    return {"family": number, "case": made["id"], "waiting": waiting}
