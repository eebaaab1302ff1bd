"""`python -m bench` runs all benchmarks, `B=name python -m bench` (or `python -m bench name`) one of them."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from backend.embedded.process import StartFailed
from bench import (
    access_line,
    applying,
    benefit_checks,
    booking,
    booking_scale,
    bulk_refund,
    calendar,
    calendar_month,
    capture,
    cases,
    code_verify,
    elders,
    enumeration,
    fhir,
    health_samples,
    inbox,
    labels,
    machine,
    placing,
    policies,
    reading,
    rules,
    scan_page,
    ticket_verify,
    trace,
    transfers,
)
from bench.machine import BenchFailed
from bench.report import FILE, Figure, console, keep, show

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "booking": booking.bench,
    "booking_scale": booking_scale.bench,
    "calendar_month": calendar_month.bench,
    "place": reading.place,
    "places": reading.places,
    "ticket_verify": ticket_verify.bench,
    "code_verify": code_verify.bench,
    "calendar": calendar.bench,
    "cases": cases.bench,
    "bulk_refund": bulk_refund.bench,
    "access_line": access_line.bench,
    "inbox": inbox.bench,
    "labels": labels.bench,
    "enumeration": enumeration.bench,
    "transfers": transfers.bench,
    "rules": rules.bench,
    "scan_page": scan_page.bench,
    "benefit_checks": benefit_checks.bench,
    "capture": capture.bench,
    "trace": trace.bench,
    "placing": placing.bench,
    "applying": applying.bench,
    "elders": elders.bench,
    "health_samples": health_samples.bench,
    "fhir_create": fhir.create,
    "fhir_read": fhir.read,
    "fhir_summary": fhir.summary,
    "policies": policies.bench,
}
NOISY = 0.1


def main(arguments: list[str]) -> int:
    """Run one or all; return 1 when one failed or missed its target, 2 for an unknown name."""
    wanted = arguments[0] if arguments else os.environ.get("B", "")
    if wanted and wanted not in BENCHES:
        console.print(f"no benchmark is called {wanted}; choose one of {', '.join(BENCHES)}")
        return 2
    console.print(machine.pin())
    results = [_run(name) for name in ([wanted] if wanted else BENCHES)]
    return 0 if all(results) else 1


def _run(name: str) -> bool:
    began, neighbours = time.monotonic(), machine.Neighbours()
    try:
        with console.status(name):
            figures = BENCHES[name]()
    except (BenchFailed, StartFailed) as error:
        console.print(f"[bold red]{name} failed:[/] {error}")
        return False
    others = neighbours.share()
    if others > NOISY:
        busy = f"on a busy machine (other programs took {others:.0%} of the CPUs), repeat on a quiet one"
        figures = [replace(one, compared_with=f"{one.compared_with}; {busy}") for one in figures]
    keep(figures)
    show(
        figures,
        f"{name}, {time.monotonic() - began:.0f} s, other programs took {others:.0%} of the CPUs; also in {FILE}",
    )
    return all(one.met is not False for one in figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
