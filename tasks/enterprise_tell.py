"""What the queues tell firms of policies: offers, their end, and data that are lacking."""

from backend import outbox
from models.enterprise import tell


@outbox.function("enterprise.tell_offered")
def tell_offered(policy: str, firm: str) -> None:
    """Tell a firm of what it is offered."""
    tell.offered(policy, firm)


@outbox.function("enterprise.remind_offered")
def remind_offered(policy: str, firm: str) -> None:
    """Remind a firm that did not confirm, before the policy's end."""
    tell.offered(policy, firm, kind="policy_reminder")


@outbox.function("enterprise.tell_lacking")
def tell_lacking(finding: str) -> None:
    """Tell a firm which data are lacking and whose they are."""
    tell.lacking(finding)
