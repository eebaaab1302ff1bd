"""The summary of an elder as one reader sees it: parts in a fixed order, and lines for big type. Plain dicts."""

from typing import Any

from models.eldercare import phrases, subject_views, summary_facts, summary_parts
from models.eldercare.reader import Reader
from models.eldercare.source import RULE_ZH

FIELDS = ("person.name", "health.summary")
OWN_PARTS = tuple(summary_facts.PARTS)
"""The parts that records make; others are added by the modules that know them."""


def whole(reader: Reader) -> dict[str, Any]:
    """Return the elder, every part of the summary and the lines for big type, after the access line."""
    reader.looked(*FIELDS)
    parts = {name: summary_parts.items(name, reader.subject, reader) for name in summary_parts.NAMES}
    return {
        "elder": subject_views.of_reader(reader),
        "phrases": phrases.lines(parts),
        "parts": [
            {"name": name, "name_zh": summary_parts.NAMES[name], "items": list(items)} for name, items in parts.items()
        ],
        "rule_zh": RULE_ZH,
    }
