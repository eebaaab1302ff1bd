"""What follows the decision of two persons about a rule version or a parameter's value."""

from bson import ObjectId

from backend import outbox
from models.rules import activation, parameters


@outbox.function("rules.activate")
def activate(approval: str) -> None:
    """Put a version in force that two persons agreed on."""
    activation.activate(ObjectId(approval))


@outbox.function("rules.reopen")
def reopen(approval: str) -> None:
    """Turn a version that was not agreed on into a draft again."""
    activation.reopen(ObjectId(approval))


@outbox.function("rules.add_value")
def add_value(approval: str) -> None:
    """Add a parameter's value that two persons agreed on."""
    parameters.apply(ObjectId(approval))


@outbox.function("rules.drop_value")
def drop_value(approval: str) -> None:
    """Forget a parameter's value that was not agreed on."""
    parameters.drop(ObjectId(approval))
