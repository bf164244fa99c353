"""The messages between terminal and centre: their shapes, their limits, their signing. No I/O.

Version 1. Every number of milliseconds is an integer; a `wall_ms` or `server_ms` counts from 1970-01-01 UTC, a
`boottime_ms` from the start named by `boot`. Unknown fields are let through and kept with the entry as it came.
"""

# One name a line would be ninety lines.
# fmt: off
# isort: off
from sync.wire.entries import entry_sha, is_intact, mask_entry, seal, wipe
from sync.wire.manifest import (
    MAX_LOGO, Accent, Colour, Enrolment, EnrolmentRequest, Handing, Job, Logo, Manifest, Message, Scheduled,
    ScreenManifest, ScreenSettings, Seconds, Texts, Wait,
)
from sync.wire.masking import mask, mask_rules
from sync.wire.messages import (
    Anchor, Answer, Batch, Contact, ExportEnd, ExportHeader, Handed, Handover, Head, Health, Held, JobRef, Response,
    Result, Stamp, StreamCounts,
)
from sync.wire.pins import CREW_ROUNDS, DAY_ROUNDS, crew_pin_fits, hash_crew_pin, hash_pin, is_trivial, pin_fits
from sync.wire.reading import (
    Unreadable, boot_of, encode, problem_code, read_batch, read_contact, read_entry, read_export_end,
    read_export_header, read_handover, read_head, read_response,
)
from sync.wire.signing import (
    answer_is_signed, digest, export_is_signed, read_answer, request_is_signed, sign_answer, sign_export,
    sign_request,
)
from sync.wire.words import (
    APP, BATCHES, DEVICE_HEADER, DIGEST_HEADER, ENROLMENTS, GZIP_ABOVE, HEALTH_TEXT, MANIFEST, MAX_AUDIT, MAX_BYTES,
    MAX_ENTRIES, MAX_ENTRY, MAX_INFLATED, MAX_REPLY, PROTO, REQUEST_HEADER, SCHEMA, SIGNATURE_HEADER, VERSION, Count,
    Id, Ms, Name, Rev, Sha, Verdict, WallMs,
)

__all__ = [
    "APP", "BATCHES", "CREW_ROUNDS", "DAY_ROUNDS", "DEVICE_HEADER", "DIGEST_HEADER", "ENROLMENTS", "GZIP_ABOVE",
    "HEALTH_TEXT", "MANIFEST", "MAX_AUDIT", "MAX_BYTES", "MAX_ENTRIES", "MAX_ENTRY", "MAX_INFLATED", "MAX_LOGO",
    "MAX_REPLY", "PROTO", "REQUEST_HEADER", "SCHEMA", "SIGNATURE_HEADER", "VERSION", "Accent", "Anchor", "Answer",
    "Batch", "Colour", "Contact", "Count", "Enrolment", "EnrolmentRequest", "ExportEnd", "ExportHeader", "Handed",
    "Handing", "Handover", "Head", "Health", "Held", "Id", "Job", "JobRef", "Logo", "Manifest", "Message", "Ms",
    "Name", "Response", "Result", "Rev", "Scheduled", "ScreenManifest", "ScreenSettings", "Seconds", "Sha", "Stamp",
    "StreamCounts", "Texts", "Unreadable", "Verdict", "Wait", "WallMs", "answer_is_signed", "boot_of",
    "crew_pin_fits", "digest", "encode", "entry_sha", "export_is_signed", "hash_crew_pin", "hash_pin", "is_intact",
    "is_trivial", "mask", "mask_entry", "mask_rules", "pin_fits", "problem_code", "read_answer", "read_batch",
    "read_contact", "read_entry", "read_export_end", "read_export_header", "read_handover", "read_head",
    "read_response", "request_is_signed", "seal", "sign_answer", "sign_export", "sign_request", "wipe",
]
