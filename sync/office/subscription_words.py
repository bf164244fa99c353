"""What pages and letters say about letters."""

from sync.office.mailing_days import Cadence
from sync.office.mailings import RESTORED, UNANSWERED
from sync.office.missing import Mailing, Shown
from sync.office.subscriptions import Subscription
from sync.office.tongue import _, ngettext
from sync.office.writing import number


def kind(found: Subscription) -> str:
    """Which briefing it is."""
    return {
        "crew": _("The crew’s briefing"),
        "store": _("The store’s briefing"),
        "manager": _("The manager’s briefing"),
    }.get(found.kind, _("Head office’s briefing"))


def whats() -> list[tuple[str, str]]:
    """What may be asked for (subscribing.What)."""
    return [("lead", _("The manager’s")), ("team", _("The team’s own"))]


def cadence(word: Cadence) -> str:
    return {
        "daily": _("every day"),
        "weekly": _("every Monday"),
        "monthly": _("on the first of each month"),
    }[word]


def place(found: Subscription) -> str:
    """What it is about."""
    return found.place_name or _("All that they may see")


def why(found: Subscription, organisation: str) -> str:
    """Why somebody got a letter."""
    told = {"cadence": cadence(found.cadence), "address": found.address, "organisation": organisation}
    if organisation:
        return _("{address} gets this {cadence} because {organisation} uses Smilepost.").format(**told)
    return _("{address} gets this {cadence} from Smilepost.").format(**told)


def stopped(found: Subscription) -> str:
    """How it was stopped."""
    return {
        "one_click": _("Stopped with the button of a mail program"),
        "page": _("Stopped by the link in a letter"),
    }.get(found.stopped_why or "", _("Stopped"))


def veiled(address: str) -> str:
    """An address as a page shows it to whoever has a letter: it may have been passed on. "k…@example.com"."""
    name, at, host = address.rpartition("@")
    return f"{name[:1]}…{at}{host}"


def shown(word: Shown) -> str:
    """What a list of letters shows."""
    return {
        "missing": _("May be missing"),
        "waiting": _("Waiting"),
        "sent": _("Sent"),
        "left_out": _("Left out"),
        "all": _("All"),
    }[word]


def state(mailing: Mailing) -> str:
    """What became of a letter."""
    return {
        "sent": _("The mail server took it"),
        "claimed": _("May not have arrived") if mailing.is_unknown else _("Being sent"),
        "refused": _("Refused; it is tried again"),
        "gave_up": _("Could not be sent"),
        "missed": _("Missed"),
        "dropped": _("Left out"),
    }.get(mailing.state, _("Waits to be sent"))


def reason(mailing: Mailing) -> str:
    """Why, in a sentence; empty where there is nothing to say."""
    if mailing.state == "missed":
        return _("No server that could send it ran on that day after its time.")
    if mailing.state == "claimed" and mailing.is_unknown and not mailing.why:
        return _("The server stopped while it was sending it.")
    return {
        UNANSWERED: _("The mail server did not say whether it took it."),
        RESTORED: _("A backup was put back that may be older than the letter."),
        "unreachable": _("The mail server could not be reached."),
        "refused": _("The mail server refused it."),
        "password": _("The file with the mail server’s password cannot be read."),
        "unwritten": _("It could not be written: that is our mistake, and it is in the server’s log."),
        "stopped": _("It was stopped in the meantime."),
        "disabled": _("The account is switched off."),
        "rights": _("Its reader may not see this any more."),
        "closed": _("The place is closed."),
        "nothing": _("There was nothing to say."),
    }.get(mailing.why, "")


def missing(n: int) -> str:
    """On the overview."""
    said = ngettext("{n} briefing may not have arrived.", "{n} briefings may not have arrived.", n)
    return said.format(n=number(n))
