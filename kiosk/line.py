"""HTTP to the centre: one request, one reply read to its end, signed as this device."""

import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kiosk import memory
from kiosk.config import is_this_machine
from kiosk.identity import Identity
from sync import wire

if TYPE_CHECKING:
    import requests

CONNECT_S, READ_S, WHOLE_S = 5.0, 30.0, 60.0


class Reply:
    """What came back over HTTP, read to its end. `rtt_ms` is from the first byte sent to the last received."""

    def __init__(self, response: "requests.Response", body: bytes, rtt_ms: int) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.body = body
        self.rtt_ms = rtt_ms

    def is_signed(self, key: bytes, request: str) -> bool:
        signature = str(self.headers.get(wire.SIGNATURE_HEADER, ""))
        return wire.answer_is_signed(key, self.status, request, self.body, signature)


class Line:
    """HTTP to the centre. No redirects; a reply that dribbles in for longer than a minute is none."""

    def __init__(self, centre: str) -> None:
        self.centre = centre.rstrip("/")
        self._session: requests.Session | None = None

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply | None:
        """The reply, or None when there was none (no network, a time-out, a cut connection, too much of it)."""
        memory.import_requests()  # a terminal without a network never pays for it
        import requests

        if self._session is None:
            self._session = requests.Session()
            # A proxy may stand between a shop and head office, but never between a machine and itself.
            self._session.trust_env = not is_this_machine(urlsplit(self.centre).hostname or "")
        start = time.monotonic()
        try:
            with self._session.request(
                method, self.centre + path, data=body or None, headers=headers, timeout=(CONNECT_S, READ_S),
                allow_redirects=False, stream=True,
            ) as response:  # fmt: skip
                content = bytearray()
                for chunk in response.iter_content(64 * 1024):
                    content += chunk
                    if len(content) > wire.MAX_REPLY or time.monotonic() - start > WHOLE_S:
                        return None
                return Reply(response, bytes(content), int((time.monotonic() - start) * 1000))
        except (requests.RequestException, OSError, ValueError):
            return None

    def signed(
        self, who: Identity, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[str, Reply | None]:
        """The same, signed as this device: (request id, reply)."""
        request = secrets.token_hex(16)
        signing = {
            wire.DEVICE_HEADER: f"{who.device}.{who.generation}",
            wire.REQUEST_HEADER: request,
            wire.DIGEST_HEADER: wire.digest(body),
            wire.SIGNATURE_HEADER: wire.sign_request(who.secret, method, path, request, body),
        }
        return request, self.ask(method, path, body, {**signing, **headers})
