"""Every queue has a worker, every outbox name a function, every carrier its index; Celery only carries wake-ups."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from mongoengine.connection import get_db

from backend import outbox, periodic
from backend.store import indexes
from deploy.stack import QUEUES
from tests.architecture.house import ROOT, imports, sources, tree
from tests.support import queues

MAKERS = {("outbox", "entry"), ("jobs", "start")}


def makers(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield what makes entries in a file: the module's name and the call."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        module = node.func.value
        if isinstance(module, ast.Name) and (module.id, node.func.attr) in MAKERS:
            yield module.id, node


def literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


@cache
def entries() -> tuple[tuple[Path, str | None, str | None], ...]:
    """Return file, queue and task of every outbox entry that the sources make."""
    found: list[tuple[Path, str | None, str | None]] = []
    for path in sources():
        for module, call in makers(path):
            first = literal(call.args[0])
            found.append((path, first, literal(call.args[1])) if module == "outbox" else (path, "reports", first))
    return tuple(found)


def written() -> list[tuple[Path, str | None, str | None]]:
    """Return the entries outside of the foundation, which passes on the names that it is given."""
    return [entry for entry in entries() if entry[0].parent.name != "backend"]


def test_every_queue_has_exactly_one_kind_of_worker():
    served = [queue for queues in QUEUES.values() for queue in queues.split(",")]
    assert sorted(served) == sorted(outbox.QUEUES)


def test_every_entry_names_queue_and_task_in_plain_words():
    assert len(written()) > 10
    assert [entry for entry in written() if None in entry] == []


def test_every_entry_goes_into_a_queue_that_exists():
    assert {queue for _, queue, _ in written()} <= set(outbox.QUEUES)


def test_every_task_that_is_named_has_a_function():
    assert {task for _, _, task in written()} - outbox.registered() == set()


def test_every_function_is_named_by_an_entry_or_the_schedule():
    assert outbox.registered() - {task for _, _, task in written()} - set(periodic._schedules) == set()


def test_the_worker_loads_every_module_of_functions():
    modules = {path.stem for path in sources("tasks")} - {"__init__", "app", "failed", "functions"}
    assert modules
    assert {f"tasks.{module}" for module in modules} <= imports(ROOT / "tasks" / "functions.py")
    for composed in (ROOT / "tasks" / "app.py", Path(queues.__file__)):
        assert "tasks.functions" in imports(composed)


def test_the_schedule_lies_in_the_store_once_however_many_workers_start(store):
    for _ in range(3):
        periodic.install()
    lines = list(get_db().periodic_work.find({"_id": {"$gte": ""}}))
    assert {line["_id"] for line in lines} == set(periodic._schedules)
    assert {len(line["outbox"]) for line in lines} == {1}
    assert {line["outbox"][0]["queue"] for line in lines} <= set(outbox.QUEUES)


def test_every_carrier_of_entries_is_a_document_with_the_outbox_index():
    kinds = {kind._get_collection_name(): kind for kind in indexes.documents()}
    carriers = set(outbox._registry.carriers)
    indexed = {name for name, kind in kinds.items() if outbox.INDEX in kind._meta.get("indexes", [])}
    with_field = {name for name, kind in kinds.items() if "outbox" in kind._fields}
    assert carriers == indexed == with_field


@pytest.mark.parametrize("word", [".delay(", "apply_async", "send_task("])
def test_celery_is_told_of_work_in_one_place_only(word):
    found = [path.relative_to(ROOT).as_posix() for path in sources() if word in path.read_text(encoding="utf-8")]
    assert set(found) <= ({"backend/celery_client.py"} if word == "send_task(" else set())


def test_there_is_one_celery_task():
    decorated = [
        (path.name, node.name)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        and any(
            "app.task" in ast.unparse(decorator) or "shared_task" in ast.unparse(decorator)
            for decorator in node.decorator_list
        )
    ]
    assert decorated == [("app.py", "drain")]
