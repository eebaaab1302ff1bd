"""What the queues do for a draw: what two persons agreed on, the computation, the notices of the result."""

from bson import ObjectId

from backend import outbox
from models.school import draw_compute, draw_proposal, enter_seed, publish, round_end, thaw


@outbox.function("school.thaw_approved")
def thaw_approved(draw: str, approval: str) -> None:
    """Take a frozen list back that two persons agreed to take back."""
    thaw.carry_out(ObjectId(draw), ObjectId(approval))


@outbox.function("school.seed_approved")
def seed_approved(draw: str, approval: str) -> None:
    """Take the seed that two persons agreed on."""
    enter_seed.carry_out(ObjectId(draw), ObjectId(approval))


@outbox.function("school.publish_approved")
def publish_approved(draw: str, approval: str) -> None:
    """Publish a draw that two persons agreed to publish."""
    publish.carry_out(ObjectId(draw), ObjectId(approval))


@outbox.function("school.proposal_dropped")
def proposal_dropped(draw: str, approval: str) -> None:
    """Forget a proposal that nobody approved."""
    draw_proposal.drop(ObjectId(draw), ObjectId(approval))


@outbox.function("school.compute_draw")
def compute_draw(draw: str) -> None:
    """Compute a draw that has its seed, or compute it again and compare."""
    draw_compute.compute(ObjectId(draw))


@outbox.function("school.tell_results")
def tell_results(job: str) -> None:
    """Tell the families of a published draw, some at a time."""
    publish.tell(ObjectId(job))


@outbox.function("school.free_properties")
def free_properties(job: str) -> None:
    """Free the properties that placed nobody in a round that ended, some at a time."""
    round_end.free_properties(ObjectId(job))
