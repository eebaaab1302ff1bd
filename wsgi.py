"""The composition root of HTTP: settings, runtime, all surfaces.

Served by `granian --interface wsgi wsgi:app`.
"""

import gc
import sys

from flask import Flask

import blueprints.affairs.enterprise_cases
import blueprints.affairs.enterprise_items
import blueprints.affairs.enterprise_matters
import blueprints.affairs.office
import blueprints.affairs.public_results
import blueprints.audit.office
import blueprints.audit.public_audit
import blueprints.benefits.office
import blueprints.benefits.office_payments
import blueprints.benefits.public_publicity
import blueprints.booking.gate
import blueprints.booking.office
import blueprints.content.office
import blueprints.crowd.gate
import blueprints.crowd.office
import blueprints.crowd.public_crowd
import blueprints.devices.gate
import blueprints.devices.office
import blueprints.eldercare.gate_kiosk
import blueprints.eldercare.gate_samples
import blueprints.eldercare.office
import blueprints.eldercare.office_alerts
import blueprints.eldercare.office_devices
import blueprints.eldercare.office_duty
import blueprints.eldercare.office_figures
import blueprints.eldercare.office_held
import blueprints.eldercare.office_knowing
import blueprints.eldercare.office_programmes
import blueprints.eldercare.office_sheets
import blueprints.eldercare.office_wearables
import blueprints.eldercare.office_wishes
import blueprints.enterprise.enterprise_firm
import blueprints.enterprise.enterprise_payout
import blueprints.enterprise.enterprise_policies
import blueprints.enterprise.office
import blueprints.enterprise.public_publicity
import blueprints.epcis.authenticate
import blueprints.epcis.routes
import blueprints.fhir.routes
import blueprints.identity.authenticate
import blueprints.identity.enterprise_agents
import blueprints.identity.enterprise_organisations
import blueprints.identity.office
import blueprints.media.office
import blueprints.messaging.office
import blueprints.messaging.push
import blueprints.messaging.sms_receipts
import blueprints.onecard.gate_charges
import blueprints.onecard.gate_codes
import blueprints.onecard.office_card_work
import blueprints.onecard.office_cards
import blueprints.onecard.office_concessions
import blueprints.onecard.office_printed
import blueprints.payments.callbacks
import blueprints.payments.office
import blueprints.places.enterprise_appointments
import blueprints.places.gate_kiosk
import blueprints.places.office
import blueprints.registers.office
import blueprints.rules.office
import blueprints.school.draw_pages
import blueprints.school.office
import blueprints.school.office_appeals
import blueprints.school.office_application_sheet
import blueprints.school.office_applications
import blueprints.school.office_board
import blueprints.school.office_draw
import blueprints.school.office_offers
import blueprints.school.office_review
import blueprints.school.public_draw
import blueprints.school.public_notice
import blueprints.school.public_rounds
import blueprints.selenium.enterprise_certifications
import blueprints.selenium.enterprise_codes
import blueprints.selenium.enterprise_growers
import blueprints.selenium.enterprise_recalls
import blueprints.selenium.enterprise_records
import blueprints.selenium.enterprise_trade
import blueprints.selenium.office
import blueprints.selenium.public_certificates
import blueprints.selenium.public_producers
import blueprints.selenium.public_recalls
import blueprints.selenium.public_standards
import blueprints.selenium.scan_page
import blueprints.sport.gate_water
import blueprints.sport.office
import blueprints.sport.public_sport
import blueprints.tourism.office
import blueprints.tourism.public_map
import blueprints.transit.gate_rides
import blueprints.transit.office
import mini_program_api.affairs.cases
import mini_program_api.affairs.items
import mini_program_api.affairs.matters
import mini_program_api.audit.own_data
import mini_program_api.benefits.objections
import mini_program_api.benefits.own_lines
import mini_program_api.booking.no_shows
import mini_program_api.booking.orders
import mini_program_api.booking.ticket_seed
import mini_program_api.booking.waiting
import mini_program_api.content.media
import mini_program_api.crowd.crowd
import mini_program_api.eldercare.alerts
import mini_program_api.eldercare.knowing
import mini_program_api.eldercare.view
import mini_program_api.eldercare.wearables
import mini_program_api.enterprise.objections
import mini_program_api.identity.consents
import mini_program_api.identity.persons
import mini_program_api.identity.relations
import mini_program_api.identity.session
import mini_program_api.media.files
import mini_program_api.messaging.grants
import mini_program_api.messaging.notices
import mini_program_api.onecard.card
import mini_program_api.onecard.codes
import mini_program_api.onecard.entitlements
import mini_program_api.onecard.family_cards
import mini_program_api.payments.wallet
import mini_program_api.places.appointments
import mini_program_api.places.places
import mini_program_api.registers.facts
import mini_program_api.registers.matches
import mini_program_api.school.appeals
import mini_program_api.school.applications
import mini_program_api.school.choices
import mini_program_api.school.draws
import mini_program_api.school.facts
import mini_program_api.school.files
import mini_program_api.school.found
import mini_program_api.school.offers
import mini_program_api.school.rounds
import mini_program_api.school.waiting
import mini_program_api.selenium.certifications
import mini_program_api.selenium.codes
import mini_program_api.selenium.growers
import mini_program_api.selenium.recalls
import mini_program_api.selenium.records
import mini_program_api.selenium.trade
import mini_program_api.sport.venues
import mini_program_api.tourism.culture_map
import mini_program_api.tourism.guide
import mini_program_api.tourism.itineraries
import mini_program_api.tourism.search
import mini_program_api.transit.rides
from backend import celery_client, logs, outbox, runtime
from backend.app import create_app
from backend.errors import CityError
from backend.http.access import Authenticator, either
from backend.http.surface import Surface
from backend.settings import Settings, load
from blueprints.links import LINKS
from models import upgrades

SURFACES: list[Surface] = [
    mini_program_api.identity.session.session,
    mini_program_api.identity.consents.consents,
    mini_program_api.identity.persons.persons,
    mini_program_api.identity.relations.relations,
    mini_program_api.messaging.notices.notices,
    mini_program_api.messaging.grants.grants,
    mini_program_api.audit.own_data.own,
    mini_program_api.places.places.places,
    mini_program_api.booking.orders.orders,
    mini_program_api.booking.ticket_seed.seeds,
    mini_program_api.booking.waiting.waiting,
    mini_program_api.booking.no_shows.no_shows,
    blueprints.booking.gate.gate,
    blueprints.booking.gate.keys,
    blueprints.devices.gate.sync,
    *blueprints.devices.office.OFFICE,
    blueprints.enterprise.enterprise_firm.firms,
    blueprints.enterprise.enterprise_policies.policies,
    *blueprints.enterprise.office.OFFICE,
    blueprints.enterprise.enterprise_payout.own,
    blueprints.enterprise.public_publicity.lists,
    mini_program_api.enterprise.objections.objections,
    blueprints.payments.callbacks.callbacks,
    blueprints.messaging.push.push,
    blueprints.messaging.push.root_files,
    blueprints.messaging.sms_receipts.receipts,
    *blueprints.messaging.office.OFFICE,
    *blueprints.identity.office.OFFICE,
    blueprints.identity.enterprise_organisations.organisations,
    blueprints.identity.enterprise_agents.agents,
    *blueprints.places.office.OFFICE,
    *blueprints.booking.office.OFFICE,
    *blueprints.payments.office.OFFICE,
    *blueprints.audit.office.OFFICE,
    *blueprints.registers.office.OFFICE,
    *blueprints.rules.office.OFFICE,
    mini_program_api.payments.wallet.wallet,
    mini_program_api.registers.facts.facts,
    mini_program_api.registers.matches.matches,
    *blueprints.affairs.office.OFFICE,
    mini_program_api.affairs.cases.cases,
    mini_program_api.affairs.matters.matters,
    mini_program_api.places.appointments.appointments,
    blueprints.places.enterprise_appointments.appointments,
    blueprints.affairs.enterprise_matters.matters,
    blueprints.affairs.public_results.results,
    mini_program_api.affairs.items.items,
    blueprints.affairs.enterprise_items.items,
    blueprints.affairs.enterprise_cases.cases,
    *blueprints.media.office.OFFICE,
    mini_program_api.media.files.files,
    blueprints.audit.public_audit.public_audit,
    *blueprints.benefits.office.OFFICE,
    blueprints.benefits.office_payments.payments,
    blueprints.benefits.public_publicity.public_benefits,
    mini_program_api.benefits.objections.objections,
    mini_program_api.benefits.own_lines.own_lines,
    mini_program_api.onecard.entitlements.entitlements,
    blueprints.onecard.office_concessions.concessions,
    mini_program_api.onecard.card.card,
    mini_program_api.onecard.family_cards.family,
    blueprints.onecard.office_cards.cards,
    blueprints.onecard.office_card_work.work,
    mini_program_api.onecard.codes.codes,
    blueprints.onecard.gate_codes.codes,
    blueprints.onecard.gate_codes.keys,
    blueprints.onecard.gate_charges.charges,
    blueprints.onecard.office_printed.printing,
    blueprints.transit.gate_rides.rides,
    *blueprints.transit.office.OFFICE,
    mini_program_api.transit.rides.rides,
    mini_program_api.tourism.search.search,
    mini_program_api.sport.venues.venues,
    *blueprints.sport.office.OFFICE,
    blueprints.sport.gate_water.water,
    blueprints.sport.public_sport.sport,
    mini_program_api.tourism.guide.guide,
    mini_program_api.content.media.media,
    *blueprints.content.office.OFFICE,
    *blueprints.tourism.office.OFFICE,
    mini_program_api.tourism.culture_map.culture_map,
    blueprints.tourism.public_map.public_map,
    mini_program_api.tourism.itineraries.itineraries,
    blueprints.crowd.gate.sensors,
    blueprints.places.gate_kiosk.kiosk,
    *blueprints.crowd.office.OFFICE,
    blueprints.crowd.public_crowd.public_crowd,
    *blueprints.school.office.OFFICE,
    blueprints.school.public_rounds.public_rounds,
    mini_program_api.selenium.growers.growers,
    mini_program_api.selenium.codes.codes,
    blueprints.selenium.enterprise_growers.growers,
    blueprints.selenium.enterprise_codes.codes,
    mini_program_api.selenium.records.records,
    mini_program_api.selenium.trade.trade,
    blueprints.selenium.enterprise_records.records,
    blueprints.selenium.enterprise_trade.trade,
    blueprints.selenium.scan_page.scans,
    *blueprints.selenium.office.OFFICE,
    blueprints.selenium.public_standards.standards,
    blueprints.selenium.public_certificates.certificates,
    blueprints.selenium.public_producers.producers,
    blueprints.selenium.enterprise_certifications.certifications,
    blueprints.selenium.enterprise_recalls.recalls,
    blueprints.selenium.public_recalls.recalls,
    mini_program_api.selenium.recalls.recalls,
    mini_program_api.selenium.certifications.certifications,
    blueprints.epcis.routes.epcis,
    blueprints.fhir.routes.fhir,
    mini_program_api.crowd.crowd.crowd,
    mini_program_api.school.found.found,
    mini_program_api.school.facts.child_facts,
    mini_program_api.school.rounds.rounds,
    mini_program_api.school.applications.applications,
    mini_program_api.school.choices.choices,
    mini_program_api.school.files.files,
    mini_program_api.school.offers.offers,
    mini_program_api.school.waiting.waiting,
    mini_program_api.school.appeals.appeals,
    blueprints.school.office_applications.applications,
    blueprints.school.office_application_sheet.sheet,
    blueprints.school.office_offers.offers,
    blueprints.school.office_draw.draws,
    blueprints.school.office_review.reviews,
    blueprints.school.public_draw.draws,
    blueprints.school.draw_pages.pages,
    mini_program_api.school.draws.draws,
    blueprints.school.office_board.board,
    blueprints.school.office_appeals.appeals,
    *blueprints.eldercare.office.OFFICE,
    mini_program_api.eldercare.view.own,
    blueprints.school.public_notice.notices,
    blueprints.school.public_notice.figures,
    blueprints.eldercare.office_alerts.alerts,
    blueprints.eldercare.office_duty.duty,
    blueprints.eldercare.office_sheets.sheets,
    mini_program_api.eldercare.alerts.alerts,
    blueprints.eldercare.office_knowing.knowing,
    blueprints.eldercare.office_programmes.programmes,
    mini_program_api.eldercare.knowing.knowing,
    blueprints.eldercare.gate_kiosk.kiosk,
    blueprints.eldercare.gate_samples.wearables,
    blueprints.eldercare.office_devices.devices,
    blueprints.eldercare.office_wearables.wearables,
    blueprints.eldercare.office_held.held,
    blueprints.eldercare.office_wishes.wishes,
    mini_program_api.eldercare.wearables.wearables,
    blueprints.eldercare.office_figures.figures,
]
AUTHENTICATORS: dict[str, Authenticator] = {
    "resident": mini_program_api.identity.session.authenticate,
    "staff": blueprints.identity.authenticate.staff,
    "member": blueprints.identity.authenticate.member,
    "device": blueprints.booking.gate.authenticate,
    "party": blueprints.epcis.authenticate.party,
    "caller": either(blueprints.identity.authenticate.staff, mini_program_api.identity.session.authenticate),
}


def build(settings: Settings) -> Flask:
    """Build the application on a composed runtime."""
    runtime.compose(settings)
    return create_app(settings, SURFACES, AUTHENTICATORS, title="于都县城市服务", links=LINKS)


def serve() -> Flask:
    """Build the application of a server process, with a waker of its own; end with one sentence if it may not run."""
    logs.configure()
    try:
        settings = load()
        upgrades.require_current(settings.mongodb_uri)
        built = build(settings)
    except CityError as refusal:
        sys.exit(f"cannot start: {refusal}")
    outbox.set_waker(celery_client.waker(celery_client.make(settings.broker_url)))
    # What was built at start lives as long as the process: the collector need not look at it again in every request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return built


def __getattr__(name: str) -> Flask:
    """Build `app` when a server asks for it, so that importing this module starts nothing."""
    if name == "app":
        return serve()
    raise AttributeError(name)
