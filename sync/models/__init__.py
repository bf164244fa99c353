"""The tables of the centre. Times are whole milliseconds since 1970-01-01 UTC; a `day` is a local calendar day as a
number of days since 1970-01-01, an `hour` is that day × 24 + the local hour."""

from sync.models.devices import anchors, boots, clone_signs, devices, driven, enrol_codes, streams
from sync.models.facts import centre, metadata
from sync.models.people import sessions, sign_in_failures, sign_in_links, users
from sync.models.places import locations, placements, questions, screens, settings, surveys, touchpoints
from sync.models.responses import (
    UNSURE_MS,
    VALUES,
    contacts,
    erasures,
    quarantine,
    receipts,
    responses,
    tallies_day,
    tallies_hour,
)

__all__ = [
    "UNSURE_MS",
    "VALUES",
    "anchors",
    "boots",
    "centre",
    "clone_signs",
    "contacts",
    "devices",
    "driven",
    "enrol_codes",
    "erasures",
    "locations",
    "metadata",
    "placements",
    "quarantine",
    "questions",
    "receipts",
    "responses",
    "screens",
    "sessions",
    "settings",
    "sign_in_failures",
    "sign_in_links",
    "streams",
    "surveys",
    "tallies_day",
    "tallies_hour",
    "touchpoints",
    "users",
]
