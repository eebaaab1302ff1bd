"""What may not stand in the tree: the county's words in the foundation, and paths of one machine."""

import re
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, texts

COUNTY = [
    "于都",
    "雩",
    "yudu",
    "yu du",
    "360731",
    "赣州",
    "贡江",
    "ganzhou",
    "江西",
    "赣",
    "jiangxi",
    "长征",
    "changzheng",
]
COUNTY += ["红军", "罗田岩", "屏山", "pingshan", "祁禄山", "盘古山", "富硒", "selenium"]
MACHINE = re.compile(
    r"(?:^|[\s\"'=(:,])(/(?:home|Users|work|mnt|media|root)/[\w.-]+|[A-Z]:\\\\?[\w]+|/tmp/v\d|/opt/[a-z]+/)",
    re.MULTILINE,
)
ALLOWED = {
    "tests/architecture/test_tree.py",  # names what it looks for
}


@pytest.mark.parametrize("word", COUNTY)
def test_the_foundation_holds_no_word_of_the_county(word):
    found = [str(path.relative_to(ROOT)) for path, text in texts(ROOT / "backend") if word in text.lower()]
    assert found == []


def test_the_foundation_has_no_file_named_after_the_county():
    names = [path.name.lower() for path in (ROOT / "backend").rglob("*")]
    assert [name for name in names if any(word in name for word in COUNTY)] == []


def test_the_words_that_are_looked_for_do_stand_elsewhere():
    text = "".join(text for _, text in texts(ROOT / "seed"))
    assert [word for word in ("于都", "360731", "江西") if word not in text] == []


def test_no_path_of_one_machine_stands_in_the_tree():
    found = []
    for path, text in texts():
        name = path.relative_to(ROOT).as_posix()
        if name not in ALLOWED and (hits := MACHINE.findall(text)):
            found.append((name, hits[:3]))
    assert found == []


@pytest.mark.parametrize("line", ['"/home/anna/x"', "cd /mnt/disk", "=/Users/li/x", "C:\\data"])
def test_the_search_for_paths_sees_one(line):
    assert MACHINE.search(line)


def test_no_key_or_password_file_is_committed():
    names = {path.name for path, _ in texts()}
    assert names & {"credentials.json", "platform.json", "secrets.env", "demo-accounts.json", ".env"} == set()


@pytest.mark.parametrize("package", ["gmssl"])
def test_banned_packages_are_not_required(package):
    required = "".join(Path(ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
    assert package not in required
    assert [
        path
        for path, text in texts()
        if path.suffix == ".py" and f"import {package}" in text and path.name != "test_tree.py"
    ] == []
