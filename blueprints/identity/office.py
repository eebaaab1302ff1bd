"""The office surfaces of identity."""

from backend.http.surface import Surface
from blueprints.identity import (
    office_approvals,
    office_consents,
    office_counter,
    office_devices,
    office_glass,
    office_invitations,
    office_keys,
    office_organisations,
    office_relations,
    office_session,
    office_sheets,
    office_staff,
    office_units,
)

OFFICE: list[Surface] = [
    office_sheets.sheets,
    office_session.session,
    office_invitations.invitations,
    office_staff.members,
    office_units.units,
    office_approvals.approvals,
    office_glass.glasses,
    office_devices.devices,
    office_counter.persons,
    office_consents.consents,
    office_relations.relations,
    office_keys.keys,
    office_organisations.organisations,
]
