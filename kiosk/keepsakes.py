"""Who this box is and what head office told it last, each kept twice: in a small file and in the outbox, so that one
bad sector costs neither."""

import logging
import secrets
from contextlib import suppress
from pathlib import Path

from kiosk import identity
from kiosk.identity import Identity, KeptManifest
from kiosk.outbox import NotHeld, Outbox

log = logging.getLogger(__name__)


class Keepsakes:
    """The identity in `folder`, brought back from `outbox` when its file is damaged or gone, made when there was none.
    While the disk is in trouble the box lives with one that `keep` writes down later."""

    def __init__(self, folder: Path, outbox: Outbox, hardware: str) -> None:
        self._folder, self._outbox, self._hardware = folder, outbox, hardware
        found = identity.load(folder)
        self._is_known, self._kept_in = found is not None, -1
        self.identity = found or Identity(install=secrets.token_hex(16))

    def keep(self) -> None:
        """Write down what isn't yet, twice, and see whether the card was moved here from another machine: then what
        comes goes into a stream of its own. Raises NotHeld, OSError, and is then called again later."""
        openings = self._outbox.disk.openings
        if self._kept_in == openings:
            return
        copy = self._outbox.fact("identity")
        known = self.identity if self._is_known else identity.read(copy) or self.identity
        who, moved = identity.found_on(known, self._hardware)
        if moved:
            log.warning("this card was in another machine before; enrol it again")
            self._outbox.rotate()
        if who != self.identity or not self._is_known:
            identity.save(self._folder, who)
            self.identity, self._is_known = who, True
        if copy != identity.text(self.identity):
            self._outbox.remember("identity", identity.text(self.identity))
        self._kept_in = openings

    def become(self, new: Identity) -> None:
        """Be somebody else from now on; what comes goes into a stream of its own. Raises OSError, and is then who it
        was before."""
        identity.save(self._folder, new)
        is_another = self.identity.device not in (None, new.device)
        self.identity, self._is_known, self._kept_in = new, True, -1
        with suppress(NotHeld, OSError):
            self.keep()
            if is_another and self._outbox.fact("next_seq") != "1":
                self._outbox.rotate()

    def manifests(self) -> list[KeptManifest]:
        """The last good manifest, as often as it is kept."""
        found = [identity.load_manifest(self._folder)]
        with suppress(NotHeld):
            found.append(identity.read_manifest(self._outbox.fact("manifest")))
        return [kept for kept in found if kept is not None]

    def keep_manifest(self, kept: KeptManifest) -> None:
        """Raises NotHeld, OSError."""
        identity.save_manifest(self._folder, kept)
        self._outbox.remember("manifest", identity.text(kept))
