"""Where the tests of pages run and where they do not: a machine without Chromium hears it in one line."""

import os

import pytest

from tests.support import browser

REQUIRED = "REQUIRE_BROWSER"
MISSING = f"Chromium is missing; install it: {browser.INSTALL}"


def pytest_configure():
    if os.environ.get(REQUIRED) and not browser.executable():
        raise pytest.UsageError(f"{REQUIRED} is set. {MISSING}")


def pytest_collection_modifyitems(items):
    if not browser.executable():
        for item in (one for one in items if one.get_closest_marker("browser")):
            item.add_marker(pytest.mark.skip(reason=MISSING))


def pytest_terminal_summary(terminalreporter):
    left_out = [one for one in terminalreporter.stats.get("skipped", []) if "browser" in one.keywords]
    if left_out:
        terminalreporter.write_line(f"{len(left_out)} tests of pages did not run: {MISSING}", yellow=True)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """The one Chromium of a worker; it starts with the first test that asks for it."""
    running = browser.Browser(tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()
