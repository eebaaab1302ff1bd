"""Computing and publishing: from the frozen files alone, the same bytes after every kill, nothing before the end."""

import re
import subprocess
import sys

import pytest
from bson import ObjectId

from backend.http.access import declared
from models.messaging.notice import Notice
from models.school import draw, draw_compute, draw_files, draw_proposal, offer, publish, result
from models.school.application import SchoolApplication
from models.school.draw import SchoolDraw
from models.school.result import SchoolResult
from models.school.round import SchoolRound
from tests.school.after_kit import NAME, family
from tests.school.draw_kit import ALL, DICE, ROOT, ROUND, A, B, C, Drawing, later, named, sha256, verified
from tests.support import queues
from tests.support.crowd import at_once
from tests.support.patience import until

pytestmark = pytest.mark.usefixtures("shift_clock")


@pytest.fixture
def made(client, seeded, shift_clock):
    return Drawing(client, {A: 5, B: 4, C: 6}, overflow=(C,))


def results(round_code: str = ROUND) -> list[dict]:
    return sorted(
        SchoolResult._get_collection().find({"draw": draw.live(round_code)["_id"]}), key=lambda one: one["_id"]
    )


@pytest.mark.parametrize("mechanism", ["deferred_acceptance", "immediate_acceptance"])
def test_a_third_program_rebuilds_the_result_from_the_published_files_byte_for_byte(made, tmp_path, mechanism):
    made.several(40)
    first = ObjectId()
    for _ in range(2):
        made.apply(A, B, _id=first if _ == 0 else None, group=first, accepts_coordination=True)
    made.school(A, 5, **{"1": 2, "2": 1})
    made.drawn(mechanism=mechanism)
    ended = verified(made.files(tmp_path))
    assert (ended.returncode, "the same" in ended.stdout) == (0, True), ended.stdout + ended.stderr
    assert (tmp_path / "verified.csv").read_bytes() == (tmp_path / "result.csv").read_bytes()
    (tmp_path / "list.csv").write_bytes((tmp_path / "list.csv").read_bytes().replace(b":101", b":100", 1))
    assert verified(tmp_path).returncode == 1


def test_all_digests_are_of_the_bytes_that_are_handed_out(made):
    made.several(12)
    made.drawn()
    told = {one["name"]: one["sha256"] for one in made.client.get(made.public).json["draw"]["files"]}
    assert set(told) == set(ALL)
    assert {name: sha256(made.file(name).data) for name in ALL} == told
    assert len(made.file("digests.txt").text.splitlines()) == len(ALL)


def test_the_result_is_that_of_the_files_whatever_became_of_the_applications(made):
    ids = made.several(20)
    made.freeze()
    change = {"$set": {"priorities": {A: 1, B: 1}, "state": "withdrawn"}}
    SchoolApplication._get_collection().update_one({"_id": ids[3]}, change)
    made.seeded()
    one = result.of_application(draw.live(ROUND)["_id"], ids[3])
    assert [priority for _, priority in one["choices"]] != [1, 1]
    assert len(results()) == 20


def test_a_changed_byte_stops_the_draw(made, monkeypatch):
    made.several(8)
    made.freeze()
    read = draw_files.chunk.read
    monkeypatch.setattr(draw_files.chunk, "read", lambda file_id: [b"".join(read(file_id)).replace(b":101", b":100")])
    made.seeded()
    assert draw.live(ROUND)["state"] == "seeded"
    monkeypatch.undo()
    later(minutes=10)
    queues.drain("reports")
    assert draw.live(ROUND)["state"] == "computed"


@pytest.mark.parametrize("where", ["results", "files", "end"])
def test_killed_anywhere_the_computation_runs_again_to_the_same_bytes(made, monkeypatch, where):
    made.several(30)
    made.freeze()
    calls = {
        "results": (draw_compute.result, "put"),
        "files": (draw_compute.draw_files, "put"),
        "end": (draw_compute.rounds, "move"),
    }
    made.after_the_moment()
    waiting = made.propose("seed", seed=DICE)
    made.approve(waiting, drain=False)
    queues.drain("trust")

    def dies(*told, **more):
        if where == "results":
            put(told[0][:11])
        raise ZeroDivisionError

    put = result.put
    monkeypatch.setattr(*calls[where], dies)
    with pytest.raises(ZeroDivisionError):
        draw_compute.compute(draw.live(ROUND)["_id"])
    assert (draw.live(ROUND)["state"], made.state()) == ("seeded", "frozen")
    monkeypatch.undo()
    later(minutes=2)
    queues.drain("reports")
    found = draw.live(ROUND)
    kept = results()
    assert (found["state"], len(kept)) == ("computed", 30)
    made_again = draw_compute.from_files(found)
    assert {name: sha256(content) for name, content in made_again.files.items()} == {
        one["name"]: one["sha256"] for one in found["files"] if one["name"] in made_again.files
    }
    draw_compute._write_results(found, made_again)
    assert results() == kept


def test_a_worker_that_is_killed_while_it_computes_leaves_nothing_half_drawn(made, seeded, environment, request):
    made.several(4000)
    made.freeze()
    request.getfixturevalue("brief_transactions")
    made.after_the_moment()
    made.approve(made.propose("seed", seed=DICE), drain=False)
    queues.drain("trust")
    found = draw.live(ROUND)
    worker = queues.start_worker({**environment, "MONGODB_URI": seeded.settings.mongodb_uri}, "reports")
    try:
        until(lambda: SchoolResult._get_collection().find_one({"draw": found["_id"]}), what="the first results")
    finally:
        worker.kill()
        worker.wait(10)
    assert made.client.get(f"{made.public}/lot?pseudonym=AAAAAAAAAAAAAAAA").status_code == 404
    later(minutes=2)
    queues.drain("reports")
    assert (draw.live(ROUND)["state"], made.state(), len(results())) == ("computed", "drawn", 4000)


def test_computing_again_compares_and_writes_down_that_it_was_the_same(made):
    made.several(9)
    made.freeze()
    assert made.manager.post(f"{made.office}/compute").status_code == 409
    made.seeded()
    before = results()
    assert made.manager.post(f"{made.office}/compute").status_code == 202
    queues.drain("reports")
    (told,) = made.manager.get(made.office).json["draws"]
    assert [one["same"] for one in told["checks"]] == [True]
    assert results() == before
    SchoolDraw._get_collection().update_one(
        {"round": ROUND, "live": True},
        {"$set": {"files.$[one].sha256": "0"}},
        array_filters=[{"one.name": "result.csv"}],
    )
    draw_compute.compute(draw.live(ROUND)["_id"])
    assert [one["same"] for one in draw.live(ROUND)["checks"]] == [True, False]


def test_the_bureau_sees_both_mechanisms_beside_each_other_and_a_school_only_after_the_publication(made, client):
    made.several(30)
    made.freeze()
    made.seeded()
    (told,) = made.manager.get(made.office).json["draws"]
    assert (told["own_measures"]["envious"], told["own_measures"]["could_gain"]) == (0, 0)
    assert told["other_measures"]["by_choice"][0] >= told["own_measures"]["by_choice"][0]
    clerk = made.second.actor()
    assert clerk.may("school.draw")
    assert "own_measures" not in client.get(made.public).text


# Nothing before, everything at once


def paths(app, made, application: ObjectId) -> list[tuple[str, str]]:
    """Return every reading route of the public and of residents, about this round and this application."""
    filled = {
        "round_code": made.round,
        "round_id": made.round,
        "application_id": str(application),
        "name": "result.csv",
    }
    filled |= {"code": "x", "school_code": A}
    found = []
    for rule in app.url_map.iter_rules():
        surface = rule.rule.startswith(("/public/v1/school", "/mini/v1/school", "/school/"))
        if "GET" in rule.methods and surface and rule.arguments <= set(filled):
            path = re.sub(r"<(\w+)>", lambda match: filled[match[1]], rule.rule)
            found.append((path, declared(app.view_functions[rule.endpoint]).actor))
    return found


def test_before_the_publication_no_route_of_the_public_or_of_families_tells_any_result(made, app, client, sandbox):
    phone = family(client, sandbox)
    mine = made.apply(A, B, phone=phone)
    made.several(20)
    made.freeze()
    made.seeded()
    one = result.of_application(draw.live(ROUND)["_id"], mine)
    found = paths(app, made, mine)
    assert len(found) > 12
    query = f"?pseudonym={one['pseudonym']}"
    phone.log_in()
    assert phone.get(f"/mini/v1/school/applications/{mine}/draw").status_code == 200
    for path, actor in found:
        answer = (phone if actor == "resident" else client).get(path)
        asked = (phone if actor == "resident" else client).get(path + query)
        for told in (answer.text, asked.text):
            assert one["lot"] not in told, path
            assert not any(word in told for word in ("派位录取", "统筹安排", "录取线", "cut_offs.csv", "result.csv")), (
                path
            )
    for name in ("result.csv", "cut_offs.csv"):
        assert made.file(name).status_code == 404
    assert offer.of_application(mine) == []
    assert Notice._get_collection().find_one({"about": str(mine), "kind": "school_result"}) is None
    made.published()
    phone.log_in()
    assert one["lot"] in phone.get(f"/mini/v1/school/applications/{mine}/draw").text


def test_two_persons_publish_and_the_pointer_lets_everybody_see_everything(made, client):
    ids = made.several(20)
    made.freeze()
    made.seeded()
    proposed = made.propose("publish", reason="按时公布", list_days=7)
    own = made.manager.post(f"/office/v1/approvals/{proposed['approval_id']}/approve")
    assert own.json["code"] == "own_proposal"
    assert made.state() == "drawn"
    made.approve(proposed)
    found = SchoolRound._get_collection().find_one({"_id": ROUND})
    assert (found["state"], found["draw"]) == ("published", draw.live(ROUND)["_id"])
    for one in ids:
        told = made.lot(one)
        assert [choice["admitted"] for choice in told["choices"]].count(True) == (1 if told["school"] else 0)


def test_a_publication_that_dies_in_the_middle_shows_nothing_and_comes_with_the_next_run(made, monkeypatch):
    ids = made.several(10)
    made.freeze()
    made.seeded()
    proposed = made.propose("publish", reason="按时公布", list_days=7)
    monkeypatch.setattr(draw_proposal.approval, "finish", lambda *_: 1 / 0)
    made.approve(proposed)
    assert (made.state(), draw.live(ROUND)["state"]) == ("drawn", "computed")
    assert made.client.get(f"{made.public}/lot?pseudonym={made.of(ids[0])['pseudonym']}").status_code == 404
    monkeypatch.undo()
    later(minutes=10)
    queues.drain("trust")
    assert made.state() == "published"
    assert made.lot(ids[0])["pseudonym"]


def test_two_publications_at_once_publish_once(made, app):
    ids = made.several(10)
    made.freeze()
    made.seeded()
    clerks = [made.manager.twin(app.test_client()), made.second.twin(app.test_client())]
    body = {"reason": "按时公布"}
    answers = at_once([lambda one=one: one.post(f"{made.office}/publish", body) for one in clerks])
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    (proposed,) = [answer.json for answer in answers if answer.status_code == 202]
    approval_id, draw_id = ObjectId(proposed["approval_id"]), draw.live(ROUND)["_id"]
    other = next(one for one, answer in zip(clerks, answers, strict=True) if answer.status_code == 409)
    assert other.post(f"/office/v1/approvals/{approval_id}/approve").status_code == 200
    at_once([lambda: publish.carry_out(draw_id, approval_id)] * 4)
    history = SchoolRound._get_collection().find_one({"_id": ROUND})["history"]
    assert [line["what"] for line in history].count("publish") == 1
    queues.drain("trust", "reports", "affairs")
    assert all(len(offer.of_application(one)) <= 1 for one in ids)
    assert made.propose("publish", 409, reason="再公布")["code"] == "school_draw_moved"


def test_families_are_told_once_that_it_is_out_without_the_name_of_a_school(made, client, sandbox):
    phone = family(client, sandbox)
    mine = made.apply(A, phone=phone)
    made.several(5)
    made.drawn()
    (told,) = Notice._get_collection().find({"about": str(mine), "kind": "school_result"})
    assert told["values"] == {"round": NAME}
    queues.drain("push")
    assert "小学A" not in str(told)


def test_offers_follow_the_publication_twins_beyond_the_seats_too(made):
    first = ObjectId()
    twins = [made.apply(A, _id=one, group=first, priority=1) for one in (first, ObjectId())]
    others = [made.apply(A) for _ in range(9)]
    made.drawn()
    queues.drain("affairs")
    assert [offer.of_application(one)[0]["school"] for one in twins] == [A, A]
    assert sum(bool(offer.of_application(one)) for one in others) == 4
    assert [made.lot(one)["lot"] for one in twins] == [made.lot(twins[0])["lot"]] * 2


def test_tied_children_share_the_lot_and_the_school(made):
    first = ObjectId()
    twins = [made.apply(A, B, _id=one, group=first) for one in (first, ObjectId())]
    made.several(30)
    made.drawn()
    one, other = (made.lot(each) for each in twins)
    assert (one["lot"], one["lot_of"], one["school"]) == (other["lot"], other["lot_of"], other["school"])
    assert one["lot_of"] == min(one["pseudonym"], other["pseudonym"])


def test_who_finds_no_own_choice_is_coordinated_and_that_is_said(made):
    made.school(A, 0)
    yes, no = made.apply(A, accepts_coordination=True), made.apply(A)
    made.drawn()
    told = made.lot(yes)
    assert (told["kind"], told["school"], told["rank"]) == ("coordinated", C, 2)
    assert made.lot(no)["kind"] == "unplaced"
    assert told["choices"][0]["why_zh"] == "该校没有可供派位的名额。"


def test_a_private_school_draws_when_over_its_number_and_takes_all_when_not(made):
    made.school("school_p", 3, ownership="private")
    few = [made.apply("school_p", priority=priority) for priority in (101, 503)]
    made.drawn()
    assert {made.lot(one)["school"] for one in few} == {"school_p"}


def test_over_its_number_lots_alone_decide_at_a_private_school(made):
    made.school("school_p", 3, ownership="private", **{"1": 3})
    many = [made.apply("school_p", priority=101 + 100 * (n % 4)) for n in range(12)]
    made.drawn()
    told = sorted((made.lot(one) for one in many), key=lambda one: one["lot"])
    assert [one["school"] for one in told] == ["school_p"] * 3 + [""] * 9


# Why


def test_each_choice_that_was_not_met_says_why_by_its_cut_off(made):
    made.school(A, 2)
    first = [made.apply(A, priority=101) for _ in range(3)]
    later_tier = made.apply(A, B, priority=201)
    made.drawn()
    last = max((made.lot(one) for one in first), key=lambda one: one["lot"])
    assert last["school"] == ""
    line = last["choices"][0]["cut_offs"][-1]
    assert last["choices"][0]["why_zh"] == (
        f"该校在优先级 101 中录取到序号 {line['lot'][:12]}…;您的优先级相同,序号为 {last['lot'][:12]}…,排在其后。"
    )
    told = made.lot(later_tier)
    assert told["choices"][0]["why_zh"] == "该校录取到优先级 101;您在该校的优先级为 201,排在其后。"
    assert told["choices"][1]["why_zh"] == "录取。"


def test_under_immediate_acceptance_the_step_is_the_reason(made):
    made.school(A, 1)
    made.school(B, 1)
    winner = made.apply(A, priority=1)
    made.apply(B, priority=301)
    loser = made.apply(A, B, C, priority=101)
    made.drawn(mechanism="immediate_acceptance")
    told = made.lot(loser)
    assert told["choices"][0]["why_zh"].startswith("该校录取到优先级 1;")
    assert told["choices"][1]["why_zh"] == "该校名额在第 1 志愿已满;您把该校填为第 2 志愿。"
    assert (told["school"], told["rank"]) == (C, 3)
    assert [one["why_zh"] for one in made.lot(winner)["choices"]] == ["录取。"]


def test_a_family_sees_the_own_pseudonym_with_the_frozen_list_and_nobody_elses(made, client, sandbox):
    phone, stranger = family(client, sandbox), family(client, sandbox)
    mine = made.apply(A, phone=phone)
    path = f"/mini/v1/school/applications/{mine}/draw"
    assert phone.get(path).status_code == 404
    made.freeze()
    told = phone.get(path).json
    assert (told["pseudonym"], "result" in told) == (made.of(mine)["pseudonym"], False)
    assert stranger.get(path).status_code == 404
    made.seeded()
    made.published()
    phone.log_in()
    stranger.log_in()
    assert phone.get(path).json["result"]["school"] == A
    assert stranger.get(path).status_code == 404


def test_a_wrong_pseudonym_is_not_found_and_a_malformed_one_refused(made):
    made.several(4)
    made.drawn()
    assert made.client.get(f"{made.public}/lot?pseudonym={'A' * 16}").status_code == 404
    assert made.client.get(f"{made.public}/lot?pseudonym=x").status_code == 400
    assert made.client.get("/public/v1/school/rounds/2027-nothing/draw").status_code == 404


# The list of names


def test_the_list_of_names_is_masked_by_tier_and_in_no_order_of_the_files(made):
    ids = [made.apply(A, B, C, child=named("李小满"), priority=101 + 100 * (n % 2)) for n in range(14)]
    made.drawn()
    page = made.client.get(f"/school/{ROUND}/list")
    assert page.status_code == 200
    assert "李**" in page.text
    assert "小满" not in page.text
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    tails = re.findall(r"\((\w{4})\)", page.text)
    placed = [made.of(one) for one in ids if made.lot(one)["school"]]
    assert sorted(tails) == sorted(one["receipt"][-4:] for one in placed)
    tiers = {one["receipt"][-4:]: one["tier"] for one in placed}
    assert [tiers[one] for one in tails] == sorted(tiers[one] for one in tails)
    by_name = sorted(placed, key=lambda one: (one["tier"], one["pseudonym"]))
    by_lot = sorted(placed, key=lambda one: (one["tier"], made.lot(one["_id"])["lot"]))
    assert tails not in ([one["receipt"][-4:] for one in by_name], [one["receipt"][-4:] for one in by_lot])
    for one in placed:
        assert one["pseudonym"] not in page.text
    assert not any(word in page.text for word in ("优先级", "序号", "派位编号", "户籍", "残疾", "军人"))


def test_the_list_is_read_in_pages_and_ends_with_its_time(made):
    ids = [made.apply(C, A, B, child=named("王小明")) for _ in range(14)]
    made.school(C, 60)
    for _ in range(50):
        made.apply(C, child=named("张小华"))
    made.drawn()
    seen, path = [], f"/school/{ROUND}/list"
    while path:
        page = made.client.get(path)
        seen += re.findall(r"\((\w{4})\)", page.text)
        following = re.search(r'href="(\?cursor=[^"]+)"', page.text)
        path = f"/school/{ROUND}/list{following[1]}" if following else ""
    placed = [one for one in results() if one["school"]]
    assert len(seen) == len(placed) > 50
    assert made.client.get(f"/school/{ROUND}/list?cursor=x").status_code == 400
    later(days=7, hours=1)
    assert made.client.get(f"/school/{ROUND}/list").status_code == 404
    assert made.client.get(f"/school/{ROUND}").status_code == 200
    assert made.lot(ids[0])["lot"]


def test_the_twenty_lines_of_the_documentation_check_a_lot(made, tmp_path):
    first = ObjectId()
    twins = [made.apply(A, B, _id=one, group=first) for one in (first, ObjectId())]
    made.several(12)
    made.drawn()
    program = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "school.md").read_text(), re.DOTALL)[1]
    assert len(program.strip().splitlines()) <= 20
    folder, told = made.files(tmp_path), made.lot(twins[1])
    command = [sys.executable, "-I", "-c", program, str(folder), told["pseudonym"]]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"lot {told['lot']} rank {told['position']}" in said
    assert f"place {told['school'] or '-'} choice {told['rank'] or '-'}" in said
    (folder / "list.csv").write_bytes((folder / "list.csv").read_bytes() + b"\n")
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 1
