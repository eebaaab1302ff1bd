"""Logs and figures hold no value that somebody sent."""

import subprocess
import sys

import pytest
from prometheus_client import generate_latest

from backend import logs
from backend.http.access import ANYONE
from tests.architecture.house import ROOT
from tests.support import probe

SCRIPT = """
from backend import logs
import structlog
logs.configure()
try:
    try:
        int("欧阳鹧鸪")
    except ValueError as cause:
        raise KeyError("360731198706120014") from cause
except KeyError as error:
    structlog.get_logger().error("unexpected", exc_info=error)
    structlog.get_logger().error("unexpected", exc_info=True)
"""


def test_a_traceback_in_the_log_names_types_and_places_and_quotes_nothing():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.count("ValueError") == done.stderr.count("KeyError") == 2
    assert "line 7, in" in done.stderr
    assert "欧阳鹧鸪" not in done.stderr.encode().decode("unicode_escape")
    assert "360731198706120014" not in done.stderr


def test_an_exception_without_a_cause_is_told_with_what_it_came_out_of():
    def fail():
        try:
            int("secret")
        except ValueError:
            raise KeyError("secret")  # noqa: B904 - the context is what is tested

    with pytest.raises(KeyError) as raised:
        fail()
    told = logs.without_texts((raised.type, raised.value, raised.tb))
    assert [line for line in told.splitlines() if line in {"ValueError", "KeyError"}] == ["ValueError", "KeyError"]


def test_a_method_that_somebody_made_up_makes_no_figure_of_its_own(module_settings, parts):
    surface = probe.surface()

    @surface.get("/thing", access=ANYONE)
    def thing():
        return {}

    client = probe.client(module_settings, surface)
    for method in ("SECRET1", "SECRET2"):
        assert client.open("/probe/thing", method=method).status_code == 405
    figures = generate_latest().decode()
    assert "SECRET" not in figures
    assert 'method="other"' in figures
