"""A crew's tablet reads codes with its camera, which shows it a film here."""

from contextlib import ExitStack
from pathlib import Path

import pytest
import segno
from playwright.sync_api import Browser

from sync import wire
from tests.end_to_end.test_handover_in_browser import NewPage
from tests.end_to_end.test_page_outlives_its_terminal import own_browser
from tests.handing import handing, on, sign_in, tablet, today, touch
from tests.terminals import served

CODE = "40718253"
WIDE, HIGH = 640, 480


def film(path: Path, *texts: str) -> Path:
    """A few pictures of each code, over and over."""
    frames = [_picture(text) for text in texts for _ in range(4)]
    head = f"YUV4MPEG2 W{WIDE} H{HIGH} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + b"".join(b"FRAME\n" + frame for frame in frames))
    return path


def _picture(text: str) -> bytes:
    matrix = [[0] * 8 + list(row) + [0] * 8 for row in segno.make_qr(text).matrix]
    scale = 8
    rows = [b"".join((b"\x10" if dark else b"\xeb") * scale for dark in row).center(WIDE, b"\xeb") for row in matrix]
    light = [b"\xeb" * WIDE] * ((HIGH - len(rows) * scale) // 2)
    picture = [*light, *(row for row in rows for _ in range(scale)), *light]
    picture += [b"\xeb" * WIDE] * (HIGH - len(picture))
    return b"".join(picture) + b"\x80" * (WIDE * HIGH // 2)


def with_camera(path: Path) -> tuple[str, ...]:
    fake = "--use-fake-device-for-media-stream"
    return fake, "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={path}"


def test_a_crew_scans_the_days_code_and_a_jobs(browser: Browser, tmp_path: Path) -> None:
    """The reader of a browser without one of its own; what is another kind of code leads nowhere."""
    codes = {str(today()): wire.hash_crew_pin(CODE, 1_000)}
    seen = film(tmp_path / "seen.y4m", f"Day code {CODE}", "JOB 4711 / Å")
    told = handing(day_codes=codes)
    with ExitStack() as stack:
        there = stack.enter_context(served(stack.enter_context(tablet(tmp_path / "tablet", told))))
        page = stack.enter_context(own_browser(browser, tmp_path / "profile", *with_camera(seen)))
        page.goto(there.address)
        on(page, "locked")
        touch(page, "scan")
        on(page, "jobs")
        touch(page, "scan")
        on(page, "pass")
        assert page.locator("[data-job]").inner_text() in {"JOB 4711 / Å", f"Day code {CODE}"}
        assert page.locator("video").count() == 0


@pytest.mark.parametrize("has_camera", [False, True])
def test_without_a_camera_one_types(new_page: NewPage, tmp_path: Path, has_camera: bool) -> None:
    """There is none in this machine; or the browser has no way to one."""
    with tablet(tmp_path / "tablet") as box, served(box) as there:
        page = new_page()
        if not has_camera:
            page.add_init_script("delete Navigator.prototype.mediaDevices")
        answer = page.goto(there.address)
        assert answer
        assert "camera=(self)" in answer.headers["permissions-policy"]
        sign_in(page)
        on(page, "jobs")
        assert page.locator("button[name=scan]").is_visible() == has_camera
        if has_camera:
            touch(page, "scan")
            page.get_by_text("Please type it instead.").wait_for()
            touch(page, "type")
            on(page, "jobs")
