"""`make audit`: check the whole audit log against its published heads. Ends with 1 when something was found."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from backend import runtime, settings
from models.audit import heads_file, tree, tree_head, verify
from models.audit.finding import ZH, Finding

MOST_SHOWN = 1000
console = Console(soft_wrap=True, highlight=False)


def run(_arguments: list[str]) -> int:
    """Check everything and print each finding."""
    runtime.compose(settings.load())
    if found := _findings():
        console.print(f"the log is not as it was signed; {len(found)} findings:")
        for one in found:
            console.print(f"{one.kind} {ZH[one.kind]}: {one.where}: {one.because}")
        return 1
    head, file = tree_head.newest(), heads_file.path()
    console.print(f"the log is whole: {tree.size()} leaves, newest head {head.wire() if head else 'none yet'}")
    if file is None or not file.exists():
        console.print("there is no file of heads (AUDIT_HEADS_FILE): a cut that took along the heads is not seen")
    return 0


def _findings() -> list[Finding]:
    found: list[Finding] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, TaskID] = {}

        def report(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=None)
            shown.update(tasks[name], completed=done, total=total or None)

        for one in verify.findings(report):
            found.append(one)
            if len(found) == MOST_SHOWN:
                break
    return found
