"""What a browser without script would send of a form: read from the page, changed by hand."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    """The fields of the forms that post to an address."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.inside, self.fields = action, False, dict[str, list[str]]()
        self.area: str | None = None
        self.select: str | None = None
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = told.get("action") == self.action and told.get("method") == "post"
            self.found |= self.inside
        if not self.inside:
            return
        name = told.get("name", "")
        if tag == "input" and name and told.get("type") not in ("submit", "file"):
            is_chosen = told.get("type") not in ("radio", "checkbox") or "checked" in told
            if is_chosen:
                self.fields.setdefault(name, []).append(told.get("value", ""))
        elif tag == "textarea":
            self.area = name
            self.fields[name] = [""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and (self.select not in self.fields or "selected" in told):
            self.fields[self.select] = [told.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.fields[self.area][0] += data


def fields(page: str, action: str) -> dict[str, list[str]]:
    """What the form that posts to `action` would send."""
    reader = _Reader(action)
    reader.feed(page)
    assert reader.found, f"there is no form to {action}"
    return reader.fields
