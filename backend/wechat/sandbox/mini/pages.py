"""Which pages of the mini-program are published."""

import re

from backend.wechat.sandbox.journal import Journal

PAGE = re.compile(r"[\w\-]+(/[\w\-]+)+")


def published(journal: Journal, page: str) -> bool:
    """Whether a page without leading slash and query exists; before any are named, each well-formed one does."""
    known = journal.get("settings", "pages")
    return PAGE.fullmatch(page) is not None and (known is None or page in known)
