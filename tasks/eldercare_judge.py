"""What the queues do for knowing: ask the rules what a measurement means; put tables in force that two agreed on."""

from bson import ObjectId

from backend import outbox
from models.eldercare import judge as judging
from models.eldercare import tool_change


@outbox.function("eldercare.judge")
def judge(observation: str) -> None:
    """Keep what the rules say of an observation."""
    judging.judge(ObjectId(observation))


@outbox.function("eldercare.activate_tool")
def activate_tool(approval: str) -> None:
    """Put a version of a table in force that two persons agreed on."""
    tool_change.activate(ObjectId(approval))


@outbox.function("eldercare.drop_tool")
def drop_tool(approval: str) -> None:
    """Forget a version of a table that was not agreed on."""
    tool_change.drop(ObjectId(approval))
