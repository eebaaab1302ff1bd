"""axe-core, the rules by which others judge a page: run in the page, told in one line a finding."""

from importlib.util import find_spec
from pathlib import Path

SCRIPT = (Path(find_spec("axe_core_python").origin).parent / "axe.min.js").read_text()
GRAVE = ("serious", "critical")
_ASK = """axe.run(document, {resultTypes: ["violations"]}).then(told => ({
  rules: told.passes.length + told.violations.length,
  found: told.violations.map(one => [one.impact, one.id + " " + one.nodes.map(node => node.html.slice(0, 80))])
}))"""


def grave(tab) -> list[str]:
    """Return what is serious or critical; a page of which nothing could be judged is an error."""
    tab.js(SCRIPT + "; true")
    told = tab.js(_ASK)
    assert told["rules"] > 10, told
    return [f"{impact}: {what}" for impact, what in told["found"] if impact in GRAVE]
