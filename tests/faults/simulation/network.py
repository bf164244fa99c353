"""The hostile network: what becomes of a request, and of its answer."""

import random
from collections.abc import Callable

from sync import problems, wire
from tests.faults.simulation.centre import Centre
from tests.faults.simulation.post import Post, Reply, problem, signed_reply

KEPT = 60
"""Requests and answers that somebody on the way may still bring again."""
GOOD = 12
"""How often everything goes well, beside one of each fate."""


class Network:
    """`advance` lets milliseconds pass; `tell` says what happened to a request."""

    def __init__(
        self, chance: random.Random, centre: Centre, advance: Callable[[int], None], tell: Callable[[str], None]
    ) -> None:
        self.chance, self.centre, self.advance, self.tell = chance, centre, advance, tell
        self.sent: list[Post] = []
        self.answered: list[Reply] = []
        self.healed = False
        self.meanwhile: list[Callable[[], object]] = []
        """What may happen at the centre while it works on a batch."""
        self._fates: list[Callable[[Post], Reply | None]] = [
            self._lost, self._answer_lost, self._delayed, self._twice, self._twice_at_once, self._between,
            self._dies_before, self._dies_after, self._portal, self._portal_in_json, self._forged, self._other_answer,
            self._unsigned, self._bad_gateway, self._busy, self._garbled, self._cut, self._proxy_limit,
        ]  # fmt: skip

    def carry(self, post: Post) -> Reply | None:
        """What the terminal gets for its request; None when nothing came in time."""
        self.sent = [*self.sent, post][-KEPT:]
        if self.healed:
            return self._through(post)
        fate = self.chance.choice([self._through] * GOOD + self._fates)
        self.tell(f"  {post.request}:{fate.__name__.replace('_', ' ')}")
        return fate(post)

    def replay(self) -> None:
        """Somebody on the way brings a request of long ago again."""
        if self.sent:
            post = self.chance.choice(self.sent)
            self.tell(f"  {post.request} again")
            self.centre.serve(post)

    def _through(self, post: Post) -> Reply | None:
        self.advance(self.chance.randrange(1, 1500))
        reply = self.centre.serve(post)
        self.advance(self.chance.randrange(1, 1500))
        if reply is not None:
            self.answered = [*self.answered, reply][-KEPT:]
        return reply

    def _lost(self, post: Post) -> Reply | None:
        self.sent.remove(post)
        return None

    def _answer_lost(self, post: Post) -> Reply | None:
        self._through(post)
        return None

    def _delayed(self, post: Post) -> Reply | None:
        """It hangs somewhere; a replay may bring it."""
        self.advance(30_000)
        return None

    def _twice(self, post: Post) -> Reply | None:
        self._through(post)
        return self._through(post)

    def _twice_at_once(self, post: Post) -> Reply | None:
        return self.centre.serve(post, meanwhile=lambda: self.centre.serve(post))

    def _between(self, post: Post) -> Reply | None:
        """Something else happens at the centre while it works on this."""
        happens = self.chance.choice([*self.meanwhile, lambda: self.centre.serve(self.chance.choice(self.sent))])
        return self.centre.serve(post, meanwhile=happens)

    def _dies_before(self, post: Post) -> Reply | None:
        return self.centre.serve(post, dying="before")

    def _dies_after(self, post: Post) -> Reply | None:
        return self.centre.serve(post, dying="after")

    def _portal(self, post: Post) -> Reply | None:
        return Reply(200, b"<html>Welcome to the free Wi-Fi</html>", kind="text/html")

    def _portal_in_json(self, post: Post) -> Reply | None:
        return Reply(200, b'{"ok":true}')

    def _forged(self, post: Post) -> Reply | None:
        """A stranger says that everything was stored."""
        batch = wire.read_batch(post.body)
        heads = [wire.read_head(bytes(raw)) for raw in batch.entries]
        results = [wire.Result(head.id, head.rev, "stored") for head in heads]
        answer = wire.Answer(1, batch.batch, "epoch", self.centre.now_ms(), results, {}, missing=[])
        return signed_reply(b"a stranger's key", post.request, 200, wire.encode(answer))

    def _other_answer(self, post: Post) -> Reply | None:
        """A genuine answer, but to another request."""
        return self.chance.choice(self.answered) if self.answered else None

    def _unsigned(self, post: Post) -> Reply | None:
        return Reply(self.chance.choice((400, 401, 403, 409, 426)), b"{}")

    def _bad_gateway(self, post: Post) -> Reply | None:
        return Reply(502, b"<html>Bad Gateway</html>", kind="text/html")

    def _busy(self, post: Post) -> Reply | None:
        claimed = post.headers[wire.DEVICE_HEADER].split(".")
        key = self.centre.secrets.key(claimed[0], int(claimed[1]))
        return problem(key, post.request, problems.BUSY)

    def _garbled(self, post: Post) -> Reply | None:
        """A bit falls over on the way there: refused, and signed, for the digest no longer fits."""
        at = self.chance.randrange(len(post.body))
        body = post.body[:at] + bytes([post.body[at] ^ 1]) + post.body[at + 1 :]
        return self.centre.serve(post._replace(body=body))

    def _cut(self, post: Post) -> Reply | None:
        reply = self._through(post)
        return reply and reply._replace(body=reply.body[: self.chance.randrange(len(reply.body))])

    def _proxy_limit(self, post: Post) -> Reply | None:
        """A proxy that takes small bodies only."""
        return Reply(413, b"too large", kind="text/plain") if len(post.body) > 3_000 else self._through(post)
