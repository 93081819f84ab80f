"""What the pages' tests rely on: scripts run, and the console is heard."""

from pathlib import Path

from tests.browser import Browser

PAGE = """<!doctype html><p id="told">before</p>
<script>
  console.error("what the page says");
  setTimeout(() => { document.getElementById("told").textContent = "after" }, 2000)
</script>"""


def test_scripts_run_and_the_console_is_heard(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")

    seen = browser.open(page.as_uri())

    assert seen.text == "after"
    assert [line for line in seen.console if "what the page says" in line]
