"""What the queues do for EPCIS."""

from backend import outbox
from models.epcis import job


@outbox.function("epcis.capture")
def carry_out(job_id: str) -> None:
    """Capture a large document that waits."""
    job.carry_out(job_id)
