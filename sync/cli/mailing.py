"""`mail-test`: whether letters leave."""

import argparse

from sync.cli import verbs
from sync.cli.verbs import OK, Refused, Verbs
from sync.config import Settings
from sync.office import mail, people
from sync.office.carrying import Carrier, Letter, Unanswered, Undelivered


def add(to: Verbs) -> None:
    test = verbs.add(to, "mail-test", _test, "send one letter, and say what the mail server said to it")
    test.add_argument("address", metavar="ADDRESS", help="who gets it: an address such as astrid@example.com")


def _test(settings: Settings, asked: argparse.Namespace) -> int:
    if not mail.is_configured(settings):
        raise Refused("No mail server is set up: smtp_host in [server] of the configuration names one.")
    letter = Letter(people.an_email(asked.address), "Smilepost can send letters", "Somebody tried it out.\n")
    server = f"{settings.smtp_host}:{settings.smtp_port} ({settings.smtp_security})"
    try:
        with Carrier(settings) as carrier:
            carrier.carry(letter)
    except Unanswered:
        raise Refused(f"The mail server {server} was given a letter and never answered: it may have arrived.") from None
    except Undelivered as problem:
        raise Refused(_why(problem, server)) from None
    print(f"The mail server {server} took a letter to {letter.to}: look whether it arrived, and not among spam.")
    return OK


def _why(problem: Undelivered, server: str) -> str:
    if problem.why == "password":
        return "The file that smtp_password_file names cannot be read."
    if problem.why == "unreachable":
        return f"The mail server {server} does not answer: look at smtp_host, smtp_port and smtp_security."
    code = f" with {problem.code}" if problem.code else ""
    return f"The mail server {server} refused{code}: look at smtp_user, smtp_password_file, mail_from and the address."
