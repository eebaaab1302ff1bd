"""`make ledger-check`: compute the whole ledger again. Ends with 1 when something is wrong."""

from rich.console import Console

from backend import runtime, settings
from models.payments import ledger_account, ledger_verify

console = Console(soft_wrap=True, highlight=False)


def run(_arguments: list[str]) -> int:
    """Check everything and print each finding."""
    runtime.compose(settings.load())
    found = ledger_verify.findings()
    for one in found:
        console.print(one)
    sums = ledger_account.total()
    console.print(f"all accounts together hold {sums['balance_fen']} fen; {len(found)} findings")
    return 1 if found else 0
