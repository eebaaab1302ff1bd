"""Correcting what was submitted: while the window is open a family takes its application back and resubmits it.

The review goes on with the form that was submitted until the next submission; the earlier forms are kept.
"""

from typing import Any

from bson import ObjectId

from models.school import application, applying, form
from models.school import round as rounds
from models.school.application import ApplicationMoved
from models.school.application_states import CORRECTABLE
from models.school.applying import Applying


def correct(who: Applying, application_id: ObjectId, seq: int) -> dict[str, Any]:
    """Take an application back to be changed and return it; what can be edited already stays as it is.

    Raises:
        NotFound: no such application of theirs.
        FormChanged: it was changed since `seq`.
        ApplicationMoved: it was withdrawn.
        WindowClosed: the window is not open; what a reviewer sent back needs none of this.
    """
    return form.again(lambda: _correct(who, application_id, seq))


def _correct(who: Applying, application_id: ObjectId, seq: int) -> dict[str, Any]:
    found = applying.own(who, application_id)
    if found["state"] == "to_correct":
        return found
    if found["state"] not in CORRECTABLE:
        raise ApplicationMoved(found)
    rounds.require_window(rounds.read(found["round"]))
    form.require_seen(found, seq, who.key)
    line = {"seq": found["seq"] + 1, "fields": ["state"]}
    # The list may be frozen between the look at the round and this write.
    free = {"frozen": {"$ne": True}}
    return application.move(application_id, "correct", by=who.key, seq=found["seq"], guard=free, line=line)
