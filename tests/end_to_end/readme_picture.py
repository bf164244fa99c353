"""The README's picture: `python tests/end_to_end/readme_picture.py` starts a demo of its own
and puts a screen in front of head office’s overview."""

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.end_to_end.test_demo import Running, command, heard

OUT = Path(__file__).with_name("readme.png")
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PORT = 8390
LAYOUT = """
<!doctype html><meta charset="utf-8">
<style>
  body {{ margin: 0; width: 1600px; height: 960px; position: relative; background: #e6ded0; overflow: hidden }}
  img {{ position: absolute; display: block }}
  .page {{ left: 40px; top: 40px; width: 1200px; height: 920px; object-fit: cover; object-position: top left;
           border-radius: 8px 8px 0 0; box-shadow: 0 8px 32px #0003 }}
  .screen {{ right: 40px; bottom: 40px; width: 512px; height: 320px; border: 14px solid #2b2723; border-radius: 20px;
             box-shadow: 0 16px 48px #0006 }}
</style>
<img class="page" src="{page}"><img class="screen" src="{screen}">
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="smilepost-picture-") as folder:
        demo = subprocess.Popen(
            command(Path(folder), PORT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            take(heard(demo))
        finally:
            demo.terminate()
            demo.communicate()


def take(demo: Running) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        screen = shot(browser, demo.screens[0], 1280, 800)
        page = shot(browser, demo.link, 1200, 920)
        picture = browser.new_page(viewport={"width": 1600, "height": 960})
        picture.set_content(LAYOUT.format(page=page, screen=screen))
        picture.wait_for_timeout(200)
        picture.screenshot(path=OUT)
        browser.close()
    sys.stdout.write(f"{OUT}: {OUT.stat().st_size // 1024} KiB\n")


def shot(browser: Browser, address: str, width: int, height: int) -> str:
    """A page as a data: address."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    return f"data:image/png;base64,{base64.b64encode(page.screenshot()).decode()}"


if __name__ == "__main__":
    main()
