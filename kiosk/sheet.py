"""The installation sheet: what to do in which order where a screen is put up, with this terminal's own facts. Pure."""

import shlex
from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import NamedTuple

WIDTH = 80
REACH_MM = 1220
"""Above the floor; higher is out of reach for somebody who sits."""


class Facts(NamedTuple):
    """Of one terminal. `places`: where its screens stand, by what head office said; `data`: its folder; `config`: the
    file of its configuration, if it was given one."""

    address: str
    places: Sequence[str]
    centre: str | None
    data: str
    has_pin: bool
    config: str | None = None

    def command(self, words: str) -> str:
        """As it is to be typed, with this terminal's own configuration."""
        given = f" --config {shlex.quote(self.config)}" if self.config else ""
        return f" smilepost kiosk {words}{given}"


class Step(NamedTuple):
    """`says`: what to do, point by point; a line that begins with a space is to be typed as it stands."""

    title: str
    says: tuple[str, ...]


def steps(facts: Facts) -> list[Step]:
    """In the order in which they are done."""
    address = facts.address.rstrip("/")
    return [
        Step("Where it stands", (
            f"Middle of the faces and everything to touch at most {REACH_MM} mm above the floor; nothing in front of "
            "it that keeps a wheelchair away.",
            "Where customers pass on their way out, away from the queue: not everybody waits, and nobody is watched "
            "from behind.",
            "Out of the staff's sight. Who is watched by those they judge is polite instead of honest.",
            "No lamp and no window that mirrors in the glass. Look at it at noon and in the evening.",
            "Power that is not switched off at night, if there is one; the terminal loses nothing either way.",
            "A 7-inch screen (800 x 480) is enough for four faces; 10 inches (1280 x 800) can be read from three "
            "metres. Lying or upright both work.",
        )),
        Step("Its browser", (
            "Chromium, started with the machine, in kiosk mode:",
            f" chromium --kiosk --noerrdialogs --disable-features=OverscrollHistoryNavigation {address}/",
            "Never with --incognito: it would forget what the screen keeps while the terminal is away.",
            "Policies (/etc/chromium/policies/managed/smilepost.json) keep it on this one page:",
            f' {{"URLBlocklist": ["*"], "URLAllowlist": ["{address}"]}}',
            "No keyboard and no mouse within reach; cover the USB sockets.",
            "If the card is to be read-only: overlayroot=tmpfs:recurse=0, or a read-only root, with a data folder "
            f"that can be written: {facts.data}",
        )),
        Step("Its place", _pairing(facts)),
        Step("Its PIN", _pin(facts)),
        Step("Try it", (
            "The way to the staff's page: touch the two upper corners of the glass in turn, left, right, left, right, "
            f"within five seconds. With a keyboard: {address}/staff",
            "\"Test\" there lets you answer as a customer without counting; a band on every screen says so. It ends "
            "after ten minutes, or when you leave.",
            "Go once from a face to the end, also sitting down. Then end the test.",
        )),
        Step("Each day", (
            "The question is on the glass, the glass is clean, nothing stands in front of it.",
            "Now and then the staff's page: nothing waits for longer than a day, head office answers, the clock is "
            "right. It says itself what is wrong, and what to do.",
            "Without a network for long: \"Stick\" on the staff's page carries everything to head office.",
        )),
    ]  # fmt: skip


def _pairing(facts: Facts) -> tuple[str, ...]:
    if facts.places:
        return (f"It stands at {', '.join(facts.places)} already, says head office.",)
    if not facts.centre:
        return (
            'Name head office first: centre = "https://..." in [kiosk] of config.toml, and start the terminal anew.',
            "It then shows a page for the eight characters that head office gives for the place.",
        )
    return (
        f"Head office ({facts.centre}) gives eight characters for the place; they are valid for 15 minutes.",
        "Type them on the page that the new terminal shows, or on a keyboard:",
        facts.command("enrol ABCD-EFGH"),
        "The question can be used before that. Nothing is lost: it is counted as soon as there is a place.",
    )


def _pin(facts: Facts) -> tuple[str, ...]:
    known = "It has one. Another one:" if facts.has_pin else "It has none yet. Four to twelve digits:"
    return (known, facts.command("pin"), "Or head office sets one for all its terminals. Write it on no sheet.")


def _title(facts: Facts) -> str:
    return f"Smilepost: putting up a screen{' at ' + ', '.join(facts.places) if facts.places else ''}"


def text(facts: Facts) -> str:
    """Plain, 80 columns; only what is to be typed may be longer."""
    lines = [*wrap(_title(facts), WIDTH), "=" * min(len(_title(facts)), WIDTH), ""]
    for number, step in enumerate(steps(facts), 1):
        lines += [f"{number}. {step.title}", ""]
        for said in step.says:
            if said.startswith(" "):
                lines.append(f"      {said.strip()}")
            else:
                lines += wrap(
                    said, WIDTH, initial_indent="   [ ] ", subsequent_indent="       ", break_long_words=False
                )
        lines.append("")
    return "\n".join(lines)


def html(facts: Facts) -> str:
    """One page to print."""
    parts = []
    for step in steps(facts):
        points = "".join(
            f"<pre>{escape(said.strip())}</pre>" if said.startswith(" ") else f"<li>{escape(said)}</li>"
            for said in step.says
        )
        parts.append(f"<h2>{escape(step.title)}</h2>\n<ul>{points}</ul>")
    return _PAGE.format(title=escape(_title(facts)), body="\n".join(parts))


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 14mm; }}
body {{ max-width: 180mm; margin: auto; font: 10pt/1.35 system-ui, sans-serif; }}
h1 {{ margin: 0 0 3mm; font-size: 16pt; }}
h2 {{ margin: 4mm 0 1mm; font-size: 11.5pt; }}
body {{ counter-reset: step; }}
h2::before {{ counter-increment: step; content: counter(step) ". "; }}
ul {{ margin: 0; padding: 0; list-style: none; }}
li::before {{ content: "\\2610  "; }}
pre {{ margin: 1mm 0 1mm 6mm; font-size: 8.5pt; white-space: pre-wrap; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
