"""What a problem may be, lots, and the published files as they are read and written."""

import hashlib
import hmac
import random
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.allocation import deferred, draw, immediate, lots, published
from backend.allocation.problem import Applicant, Place, Problem, ProblemWrong
from tests.allocation.instances import build, problems

S, T = Place("S", 2, (("1", 1),)), Place("T", 1)
HEX = st.text("0123456789abcdef", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("applicants", "places", "told"),
    [
        ([Applicant("a", ()), Applicant("a", ())], [S], "applicant a stands twice"),
        ([], [S, S], "place S stands twice"),
        ([], [Place("S", -1)], "negative"),
        ([], [Place("S", 2, (("1", -1),))], "negative"),
        ([], [Place("S", 2, (("1", 1), ("2", 2)))], "more seats are reserved"),
        ([], [Place("S", 2, (("1", 1), ("1", 1)))], "class 1 stands twice"),
        ([Applicant("a", (("U", 1),))], [S], "unknown place"),
        ([Applicant("a", (("S", 1), ("S", 2)))], [S], "chosen twice"),
        ([Applicant("a", (("S", -1),))], [S], "priority is negative"),
        ([Applicant("a,b", ())], [S], "only ASCII"),
        ([Applicant("", ())], [S], "only ASCII"),
        ([Applicant("-", ())], [S], "only ASCII"),
        ([Applicant("a\n", ())], [S], "only ASCII"),
        ([], [Place("学校", 1)], "only ASCII"),
        ([Applicant("a", (), reserve="优抚")], [S], "class and group"),
        ([Applicant("a", (("S", 1),), group="g"), Applicant("b", (("T", 1),), group="g")], [S, T], "members differ"),
        ([Applicant("a", (("S", 1),), group="g"), Applicant("b", (("S", 2),), group="g")], [S], "members differ"),
        ([Applicant("a", (), "1", "g"), Applicant("b", (), "2", "g")], [S], "members differ"),
    ],
)
def test_a_problem_that_cannot_be_placed_is_refused_with_a_sentence(applicants, places, told):
    with pytest.raises(ProblemWrong, match=told):
        Problem(tuple(applicants), tuple(places))


def test_a_lot_is_the_hmac_that_anybody_computes():
    # RFC 4231, test case 2.
    told = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert lots.number("Jefe", "what do ya want for nothing?") == told


@given(st.text(max_size=80), HEX)
def test_a_lot_takes_seed_and_pseudonym_as_utf_8(seed, pseudonym):
    assert lots.number(seed, pseudonym) == hmac.new(seed.encode(), pseudonym.encode(), hashlib.sha256).hexdigest()


def test_a_group_has_the_lot_of_its_smallest_pseudonym():
    found = lots.order("seed", [Applicant("b", (), group="g"), Applicant("a", (), group="g"), Applicant("c", ())])
    assert {tuple(one.id for one in unit.members): unit.lot for unit in found} == {
        ("a", "b"): lots.number("seed", "a"),
        ("c",): lots.number("seed", "c"),
    }


def test_a_group_and_an_applicant_of_the_same_name_are_not_tied():
    found = lots.ranks("seed", [Applicant("g", ()), Applicant("a", (), group="g")])
    assert sorted(found.values()) == [0, 1]


def test_equal_lots_go_by_pseudonym(monkeypatch):
    monkeypatch.setattr(lots, "number", lambda _seed, _pseudonym: "00")
    assert lots.ranks("seed", [Applicant(name, ()) for name in "cab"]) == {"a": 0, "b": 1, "c": 2}


def test_lots_of_another_seed_have_another_order():
    applicants = [Applicant(f"p{number}", ()) for number in range(100)]
    first, second = lots.ranks("one", applicants), lots.ranks("two", applicants)
    assert sum(first[name] == second[name] for name in first) < 10


def test_every_rank_is_as_likely_for_everybody():
    applicants = [Applicant(name, ()) for name in "abcd"]
    counts = dict.fromkeys("abcd", 0)
    for number in range(4_000):
        counts[min(lots.ranks(f"seed {number}", applicants).items(), key=lambda pair: pair[1])[0]] += 1
    # Four standard deviations of 1,000 expected firsts.
    assert all(abs(count - 1_000) < 110 for count in counts.values()), counts


@given(problems(units=20))
def test_what_is_published_reads_back_as_the_same_problem(problem):
    names = {place.code: "第一小学" for place in problem.places}
    listed, offered = published.applicants(problem), published.places(problem, names)
    read = published.read_problem(listed, offered)
    assert set(read.applicants) == set(problem.applicants)
    assert set(read.places) == set(problem.places)
    assert published.applicants(read) == listed
    assert published.places(read, names) == offered


def test_the_files_look_like_this():
    applicants = Applicant("p2", (("S", 1), ("T", 3)), "1"), Applicant("p1", (("T", 2),), "", "g"), Applicant("p0", ())
    problem = Problem((*applicants, Applicant("p3", (("T", 2),), "", "g")), (T, S))
    assert published.applicants(problem).decode() == (
        "pseudonym,group,reserve,choices\np0,,,\np1,g,,T:2\np2,,1,S:1 T:3\np3,g,,T:2\n"
    )
    assert published.places(problem, {"S": "长征源小学", "T": "二小,东区"}).decode() == (
        'code,name,seats,reserves\nS,长征源小学,2,1:1\nT,"二小,东区",1,\n'
    )
    outcome = deferred.place(problem, "seed")
    by = {name: lots.number("seed", name) for name in ("p0", "p1", "p2")}
    assert published.result(outcome).decode() == (
        f"pseudonym,lot,place,choice\np0,{by['p0']},-,-\np1,{by['p1']},T,1\np2,{by['p2']},S,1\np3,{by['p1']},T,1\n"
    )
    assert published.cut_offs(outcome).decode() == (
        "place,seats_of,seats,taken,full,choice,priority,lot\n"
        f"S,1,1,1,yes,-,1,{by['p2']}\nS,all,1,0,no,-,-,-\nT,all,1,1,yes,-,2,{by['p1']}\n"
    )


def by_cut_offs(outcome):
    """Who should have which place if the cut-offs are all that one knows."""
    lines = [line.split(",") for line in published.cut_offs(outcome).decode().splitlines()[1:]]
    by_step = outcome.mechanism == immediate.NAME
    for one in outcome.problem.applicants:
        named = enumerate(one.choices, 1)
        yield (
            one.id,
            next(
                (
                    code
                    for step, (code, priority) in named
                    if _reaches(lines, code, one, (step, priority), outcome, by_step)
                ),
                "",
            ),
        )


def _reaches(lines, code, one, asked, outcome, by_step):
    for place, seats_of, _, _, full, choice, priority, lot in lines:
        if place == code and seats_of in {"all", one.reserve}:
            mine = (asked[0] if by_step else 0, asked[1], outcome.lots[one.id])
            if full == "no" or (lot != "-" and mine <= (int(choice) if by_step else 0, int(priority), lot)):
                return True
    return False


@pytest.mark.parametrize("mechanism", sorted(draw.MECHANISMS))
def test_everybody_finds_the_own_place_from_the_cut_offs_alone(mechanism):
    seen = 0
    for number in range(200):
        outcome = draw.place(mechanism, build(random.Random(number), 40, 5), f"seed {number}")
        assert dict(by_cut_offs(outcome)) == outcome.placed
        seen += len(outcome.placed)
    assert seen > 5_000


def test_a_reason_in_words_is_never_published():
    with pytest.raises(ProblemWrong, match="only a number"):
        published.applicants(Problem((Applicant("a", (), "orphan"),), ()))


@pytest.mark.parametrize("name", ["一小\n二小", "一小\r", "一小\u200b"])
def test_a_name_with_characters_that_nobody_sees_is_refused(name):
    with pytest.raises(ProblemWrong):
        published.places(Problem((), (T,)), {"T": name})


@pytest.mark.parametrize(
    ("listed", "offered"),
    [
        (b"", b"code,name,seats,reserves\n"),
        (b"\xff", b"code,name,seats,reserves\n"),
        (b"pseudonym,group,reserve\n", b"code,name,seats,reserves\n"),
        (b"pseudonym,group,reserve,choices\na,b\n", b"code,name,seats,reserves\n"),
        (b"pseudonym,group,reserve,choices\na,,,S:x\n", b"code,name,seats,reserves\nS,S,1,\n"),
        (b"pseudonym,group,reserve,choices\na,,,S\n", b"code,name,seats,reserves\nS,S,1,\n"),
        (b'pseudonym,group,reserve,choices\n"a,,,S:1\n', b"code,name,seats,reserves\nS,S,1,\n"),
        (b"pseudonym,group,reserve,choices\n", b"code,name,seats,reserves\nS,S,-1,\n"),
        (b"pseudonym,group,reserve,choices\n", "code,name,seats,reserves\nS,S,١,\n".encode()),
    ],
)
def test_files_that_are_none_are_refused_as_a_wrong_problem(listed, offered):
    with pytest.raises(ProblemWrong):
        published.read_problem(listed, offered)


@pytest.mark.parametrize(
    "wording", ["一条", "两条\n第二条", "", "ends with a line end\n", "mechanism: x\nversion: y\n\nz"]
)
def test_rules_read_back_as_they_were_written(wording):
    rule = published.Rules(immediate.NAME, "2027-1", wording)
    assert published.read_rules(published.rules(rule)) == rule


@pytest.mark.parametrize(
    "rule",
    [published.Rules("two words", "1", ""), published.Rules("x", "1\n2", ""), published.Rules("x", "1", "a\r\nb")],
)
def test_rules_that_would_not_read_back_are_refused(rule):
    with pytest.raises(ValueError, match="mechanism"):
        published.rules(rule)


@pytest.mark.parametrize("text", ["", " ", " 7", "7 ", "7\n", "7\n8", "7\u20288"])
def test_a_seed_that_nobody_could_copy_is_refused(text):
    with pytest.raises(ValueError, match="one line"):
        published.seed(text)


def test_digests_are_those_that_sha256sum_checks(tmp_path):
    files = {"list.csv": "名单\n".encode(), "rules.txt": b"x\n"}
    for name, content in (files | {"digests.txt": published.digests(files)}).items():
        (tmp_path / name).write_bytes(content)
    checked = subprocess.run(
        ["sha256sum", "--check", "digests.txt"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "list.csv: OK\nrules.txt: OK\n")
    assert published.digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_unknown_mechanism_is_none():
    with pytest.raises(KeyError):
        draw.place("best_friends", Problem((), ()), "seed")
