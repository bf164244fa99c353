"""What the centre thinks of each entry of a batch, and what it will write down. Pure: what is held, where the
screens stand and what time it is come in; rows and tallies to be written come out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sync import survey as surveys
from sync import wire
from sync.intake import clocks, flags, handed
from sync.intake.clocks import Starts
from sync.intake.entries import AnyHead, Entry, named
from sync.intake.held import Contact, Held, Quarantined, Receipt, Row
from sync.intake.record import Restated
from sync.intake.tally import Tallies
from sync.office.places import Standing
from sync.survey import Survey


@dataclass(frozen=True)
class Scene:
    """What is true while a batch is judged. `standings`: every placement of the screens this device drives or
    drove, oldest first; None when the centre doesn't know the device. `starts`: of its clock. `uncertain`: two boxes
    may share its identity."""

    device: str
    standings: Mapping[str, Standing] | None
    survey: Callable[[str, int], Survey | None]
    starts: Starts
    now_ms: int
    uncertain: bool = False


@dataclass
class Plan:
    """What to answer and what to write. `fresh` rows are not there yet, `changed` ones are."""

    results: list[wire.Result] = field(default_factory=list)
    receipts: dict[tuple[str, int], Receipt] = field(default_factory=dict)
    fresh: dict[str, Row] = field(default_factory=dict)
    changed: dict[str, Row] = field(default_factory=dict)
    quarantined: dict[tuple[str, int, str], Quarantined] = field(default_factory=dict)
    promoted: dict[tuple[str, int], Receipt] = field(default_factory=dict)
    """Receipts of what was quarantined before and counts now: no longer kept apart, not received anew."""
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of those of `fresh` and `changed` that came with this batch"""
    tallies: Tallies = field(default_factory=Tallies)
    restated: Restated = field(default_factory=Restated)
    contacts: dict[str, Contact] = field(default_factory=dict)
    handovers: dict[str, handed.Handover] = field(default_factory=dict)

    @property
    def has_news(self) -> bool:
        """Whether anything is written but what was kept apart once more."""
        return bool(self.receipts or self.promoted or self.changed)


class _Apart(Exception):
    """The entry is kept, but not counted."""


class _Never(Exception):
    """The entry will never be kept."""


def judge(entries: Iterable[Entry], held: Held, scene: Scene) -> Plan:
    """The verdicts on a batch, in its order, and everything that follows from them."""
    plan = Plan()
    for entry in entries:
        erased = not held.erased.isdisjoint(named(entry))
        plan.results.append(_judge(_without_words(entry) if erased else entry, held, scene, plan))
    return plan


def _without_words(entry: Entry) -> Entry:
    """What may be kept of an entry whose id was erased. Where the words of another kind or schema stand nobody can
    say, so no more than who it is."""
    if entry.code or entry.head is None:
        return replace(entry, erased=True)
    if entry.handover is not None:  # there are none in it
        return replace(entry, erased=True)
    if entry.said is None:
        return replace(entry, raw=wire.encode(entry.head), erased=True)
    raw = wire.encode(wire.wipe(wire.read_entry(entry.raw)))
    if entry.contact is not None:
        return replace(entry, raw=raw, contact=wire.read_contact(raw), erased=True)
    return replace(entry, raw=raw, response=wire.read_response(raw), erased=True)


def _judge(entry: Entry, held: Held, scene: Scene, plan: Plan) -> wire.Result:
    head = entry.head
    if head is None:
        return wire.Result(entry.id, entry.rev, "refused", entry.code)
    known = _receipt(head, held, plan)
    if known is not None and known[0] != head.sha:
        return _quarantine(head, entry, "conflict", scene, plan)
    if known is not None and known[1] != "quarantined":
        return wire.Result(head.id, head.rev, "erased" if entry.erased else "duplicate")
    return _judge_new(head, entry, held, scene, plan, kept_apart=known is not None)


def _judge_new(head: AnyHead, entry: Entry, held: Held, scene: Scene, plan: Plan, kept_apart: bool) -> wire.Result:
    """An entry that does not count yet: never seen, or `kept_apart` so far. The second may be understood by now, or
    come from the device that it belongs to."""
    try:
        standing, asked = _understood(head, entry, scene)
    except _Never as reason:
        return wire.Result(head.id, head.rev, "refused", str(reason))
    except _Apart as reason:
        if not kept_apart:
            plan.receipts[head.id, head.rev] = _receive(head, "quarantined", scene)
        return _quarantine(head, entry, str(reason), scene, plan)
    verdict: wire.Verdict = "erased" if entry.erased else "stored"
    (plan.promoted if kept_apart else plan.receipts)[head.id, head.rev] = _receive(head, verdict, scene)
    if entry.response is not None and asked is not None:
        row = _as_row(entry.response, standing, asked, entry.raw, scene)
        _place(row, entry.response.answers, held, plan)
    elif entry.contact is not None:
        _place_contact(entry.contact, standing, entry.raw, held, scene, plan)
    elif entry.handover is not None:
        _place_handover(entry.handover, standing, entry.raw, held, scene, plan)
    return wire.Result(head.id, head.rev, verdict)


def _receipt(head: AnyHead, held: Held, plan: Plan) -> tuple[str, str] | None:
    fresh = plan.promoted.get((head.id, head.rev)) or plan.receipts.get((head.id, head.rev))
    return (fresh.sha, fresh.verdict) if fresh else held.receipts.get((head.id, head.rev))


def _quarantine(head: AnyHead, entry: Entry, code: str, scene: Scene, plan: Plan) -> wire.Result:
    row = Quarantined(head.id, head.rev, head.sha, scene.device, code, scene.now_ms, entry.raw.decode())
    plan.quarantined[row[:3]] = row
    return wire.Result(head.id, head.rev, "erased" if entry.erased else "quarantined", code)


def _receive(head: AnyHead, verdict: str, scene: Scene) -> Receipt:
    return Receipt(head.id, head.rev, head.sha, scene.device, head.stream, head.seq, verdict, scene.now_ms)


def _understood(head: AnyHead, entry: Entry, scene: Scene) -> tuple[Standing, Survey | None]:
    """Where it was given, and what was asked there if anything was. Raises _Never, _Apart."""
    if entry.code:
        raise _Never(entry.code)
    if scene.standings is None:
        raise _Apart("unknown_device")
    said = entry.said
    if said is None:
        raise _Apart("unknown_schema" if head.kind in ("response", "contact", "handover") else "unknown_kind")
    standing = _standing(said, scene.standings, scene)
    if isinstance(said, wire.Handover):
        return standing, None
    asked = scene.survey(said.survey, said.version)
    if asked is None:
        raise _Apart("unknown_survey")
    problem = surveys.problem_with(asked, entry.response.answers) if entry.response else _no_consent(asked, said)
    if problem:
        raise _Never(problem)
    return standing, asked


def _no_consent(asked: Survey, said: wire.Response | wire.Contact) -> str | None:
    """Nobody is reached who didn't agree to it."""
    question = asked.question(said.consent) if isinstance(said, wire.Contact) else None
    return None if question is not None and question.kind == "contact" else "no_consent"


def _standing(
    said: wire.Response | wire.Contact | wire.Handover, standings: Mapping[str, Standing], scene: Scene
) -> Standing:
    """Where it was given; what was captured before enrolment counts at the first place the device stood."""
    if said.placement is None and standings:
        return next(iter(standings.values()))
    found = standings.get(said.placement or "")
    if found is None or said.screen not in (None, found.screen):
        raise _Apart("unknown_screen")
    return found if found.to_ms is None else _where_then(said.stamp, found, found.to_ms, standings, scene)


def _where_then(
    stamp: wire.Stamp, named: Standing, to_ms: int, standings: Mapping[str, Standing], scene: Scene
) -> Standing:
    """A terminal that was moved goes on naming the place where it stood until it hears of the new one, perhaps days
    later: what was certainly captured after the move counts where its screen stood by then."""
    captured = scene.starts.correct(stamp, scene.now_ms)
    if captured.quality == "unknown" or captured.ms - captured.error_ms < to_ms:
        return named
    since = [each for each in standings.values() if each.screen == named.screen and each.from_ms <= captured.ms]
    return since[-1] if since else named


def _as_row(response: wire.Response, standing: Standing, asked: Survey, raw: bytes, scene: Scene) -> Row:
    captured = scene.starts.correct(response.stamp, scene.now_ms)
    zone = standing.zone_at(captured.ms)
    there = clocks.local(captured.ms, zone)
    found = flags.flags(
        response, captured, there, zone, standing.hours, interval_ms=standing.interval_ms,
        unplaced=response.placement is None, uncertain=scene.uncertain,
    )  # fmt: skip
    return Row(
        response.id, response.rev, scene.device, standing.location_id, standing.touchpoint_id,
        response.survey, response.version, response.test,
        captured.ms, captured.quality, captured.error_ms, response.stamp.boot,
        there.day, clocks.hour_of(captured, there),
        ",".join(found), not flags.ASIDE.isdisjoint(found),
        any(isinstance(answer, str) and answer.strip() for answer in response.answers.values()),
        response.lang if response.lang in asked.languages else "", scene.now_ms, raw.decode(),
    )  # fmt: skip


def _place(row: Row, answers: Mapping[str, Any], held: Held, plan: Plan) -> None:
    """The highest revision is the response; a lower one, late, leaves no more than its receipt."""
    before = plan.fresh.get(row.id) or plan.changed.get(row.id) or held.rows.get(row.id)
    if before is not None and before.rev > row.rev:
        return
    (plan.changed if row.id in held.rows else plan.fresh)[row.id] = row
    plan.answers[row.id] = answers


def _place_contact(contact: wire.Contact, standing: Standing, raw: bytes, held: Held, scene: Scene, plan: Plan) -> None:
    """The highest revision stays."""
    known = plan.contacts[contact.id].rev if contact.id in plan.contacts else held.contacts.get(contact.id, 0)
    if contact.rev > known:
        plan.contacts[contact.id] = Contact(
            contact.id, contact.rev, contact.response, scene.device, standing.location_id, standing.touchpoint_id,
            contact.test, scene.starts.correct(contact.stamp, scene.now_ms).ms, scene.now_ms,
            not any(isinstance(answer, str) and answer.strip() for answer in contact.answers.values()), raw.decode(),
        )  # fmt: skip


def _place_handover(entry: wire.Handover, standing: Standing, raw: bytes, held: Held, scene: Scene, plan: Plan) -> None:
    """The highest revision stays."""
    known = plan.handovers[entry.id].rev if entry.id in plan.handovers else held.handovers.get(entry.id, 0)
    if entry.rev > known:
        plan.handovers[entry.id] = handed.row(entry, standing, raw, scene.device, scene.starts, scene.now_ms)
