"""What keeps searching like the things themselves."""

from backend import outbox, periodic
from models.tourism import search_guide, search_index

GUIDE_SECONDS = 300.0


@outbox.function("tourism.index_place")
def index_place(place: str) -> None:
    """Let a changed place be found as it is."""
    search_index.place(place)


@outbox.function("tourism.index_content")
def index_content(kind: str, own: str) -> None:
    """Let content that is shown otherwise be found as it is."""
    search_index.content(search_guide.KIND_OF[kind], own)


@periodic.every("tourism.index_guide", queue="reports", seconds=GUIDE_SECONDS)
def index_guide() -> None:
    """Let the guide be found as it is shown, also what begins or ends by the clock."""
    search_index.guide()


@periodic.daily("tourism.rebuild_search", queue="reports", hour=3, minute=40)
def rebuild() -> None:
    """Make all search records again, whatever a day has missed."""
    search_index.rebuild()
