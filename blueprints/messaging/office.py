"""The office surfaces of messages."""

from backend.http.surface import Surface
from blueprints.messaging import office_messages, office_templates

OFFICE: list[Surface] = [office_messages.messages, office_templates.templates]
