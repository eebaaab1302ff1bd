"""The office surfaces of identity."""

from backend.http.surface import Surface
from blueprints.identity import office_devices, office_invitations, office_session, office_staff

OFFICE: list[Surface] = [
    office_session.session,
    office_invitations.invitations,
    office_staff.members,
    office_devices.devices,
]
