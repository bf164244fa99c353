"""What no page of ours may do, whatever else a test looks at: ask another machine for something, break the page's own
policy, fail in a script or complain in the console."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

OURS = ("127.0.0.1", "localhost", "shop.test")
"""The names that tests give to what they serve."""
NOT_ASKED = ("data", "blob", "about")
EXPECTED = (
    "Failed to load resource",
    "An unknown error occurred when fetching the script",  # the worker's, while a terminal is dead
    "htmx:sendError",
    "htmx:afterRequest",
    "The Cross-Origin-Opener-Policy header has been ignored",  # over plain http from another machine
)
"""How the browser begins when nobody answers, or refuses, which tests do on purpose; and what it tells whoever serves
over plain http."""
PLANTED = "planted"
"""In the words of an error that a test throws into a page."""


class Strictness:
    """Collects the `complaints` about all pages of the contexts that it watches."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def watch(self, context: BrowserContext) -> BrowserContext:
        """Gives back what it is given."""
        context.on("request", self._note_request)
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)
        return context

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in NOT_ASKED and address.hostname not in OURS:
            self.complaints.append(f"asked {request.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED):
            self.complaints.append(f"said {message.text}")

    def _note_error(self, problem: WebError) -> None:
        if PLANTED not in str(problem.error):
            self.complaints.append(f"failed with {problem.error}")
