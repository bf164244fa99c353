"""What the messages are made of: names, limits, and the kinds of numbers and ids."""

from typing import Annotated, Literal

import msgspec

VERSION = "0.1.0"
"""Of this package; what a terminal and the centre tell each other."""
APP = f"smilepost/{VERSION}"
PROTO = 1
SCHEMA = 1
MAX_ENTRIES = 200
MAX_BYTES = 128 * 1024
"""A terminal's batch before gzip."""
MAX_INFLATED = 2 * 1024 * 1024
"""What the centre is willing to unpack."""
MAX_ENTRY = 32 * 1024
MAX_REPLY = 4 * 1024 * 1024
"""What a terminal is willing to read of an answer, a manifest too."""
GZIP_ABOVE = 1024
MAX_AUDIT = 2_000
HEALTH_TEXT = 200

BATCHES = "/api/v1/batches"
ENROLMENTS = "/api/v1/enrolments"
MANIFEST = "/api/v1/manifest"

DEVICE_HEADER = "Smilepost-Device"
REQUEST_HEADER = "Smilepost-Request"
SIGNATURE_HEADER = "Smilepost-Signature"
DIGEST_HEADER = "Content-Digest"

Ms = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
WallMs = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
"""UUIDv7 layout, lower case."""
Name = Annotated[str, msgspec.Meta(pattern="^[!-~]{1,80}$")]
"""An id or a name of a machine's: printable ASCII without spaces."""
Sha = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Rev = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]

Verdict = Literal["stored", "duplicate", "quarantined", "erased", "refused", "later"]
