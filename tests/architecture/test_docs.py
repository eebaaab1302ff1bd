"""The documents name what is there: settings, commands, folders, decisions, words."""

import re
from collections import Counter

import pytest

from tests.architecture.house import ROOT

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
MAP = (ROOT / "docs" / "map.md").read_text()
README = (ROOT / "README.md").read_text()


def rows(name: str) -> list[list[str]]:
    lines = (ROOT / "docs" / name).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]


def test_every_setting_stands_in_the_readme():
    source = (ROOT / "backend" / "settings.py").read_text()
    read = set(re.findall(r"""env(?:\.get\(|\[)"([A-Z_]+)\"""", source))
    assert len(read) > 15
    assert {name for name in read if f"`{name}`" not in README} == set()


def test_every_command_that_the_documents_name_is_a_target_of_make():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [README, *(page.read_text() for page in (ROOT / "docs").rglob("*.md"))]
    named = {name for page in pages for name in re.findall(r"`make ([a-z-]+)", page)}
    assert named - targets == set()


@pytest.mark.parametrize("root", ["models", "backend", "tests", "seed"])
def test_every_package_is_on_the_map(root):
    packages = [one.parent.name for one in (ROOT / root).glob("*/__init__.py")]
    assert [name for name in packages if f"{name}/`" not in MAP] == []


def test_every_folder_of_the_map_exists():
    for path in re.findall(r"`([a-z_/.]+/)`", MAP):
        assert (ROOT / path).is_dir() or (ROOT / "tests" / path).is_dir(), path


def test_decisions_are_numbered_without_a_gap_and_dated():
    assert [page.name[:4] for page in DECISIONS] == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]
    for page in DECISIONS:
        first = page.read_text().partition("\n")[0]
        assert re.fullmatch(rf"# {page.name[:4]} .+ \(\d{{4}}-\d\d-\d\d\)", first), page.name


def test_a_word_of_the_glossary_stands_there_once():
    words = [word for row in rows("glossary.md") for word in row[0].split(", ")]
    assert [word for word, times in Counter(words).items() if times > 1 and word != "word"] == []


def test_whatever_is_claimed_names_tests_that_exist():
    found = {name for row in rows("coverage.md") for name in re.findall(r"`((?:tests/)?[\w/]+\.py)`", row[-1])}
    assert found
    for name in found:
        assert (ROOT / name).exists() or (ROOT / "tests" / "trust" / name).exists(), name
