"""The sequencer of the audit log."""

from backend import periodic
from models.audit import sequencer, tree_head


@periodic.every("audit.chain", queue="trust", seconds=20)
def chain() -> None:
    """Give every pending record its leaf, and publish the signed head."""
    sequencer.run()
    tree_head.publish()
