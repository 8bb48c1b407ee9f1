"""Open an exported page in a real headless browser and report what the browser saw."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
_OVERFLOW = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"


@dataclass(frozen=True)
class PageReport:
    """What a page did when opened; `overflow` is the width in pixels the page exceeds each window width by."""

    failed_requests: list[str]
    console_errors: list[str]
    title: str
    text: str
    screenshot_bytes: bytes
    requests: list[str]
    overflow: dict[int, int] = field(default_factory=dict)


def skip_without_browser() -> None:
    """Skip the calling test where no browser is installed; on continuous integration that is a failure."""
    missing = [name for name in ("chromium", "chromedriver") if not _program(name)]
    try:
        import selenium  # noqa: F401
    except ImportError:
        missing.append("selenium")
    if missing:
        reason = f"needs {', '.join(missing)} to open a page"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def open_page(path: Path, widths: Sequence[int] = (1280, 390)) -> PageReport:
    """Open the HTML file at each window width; the picture shows the whole page at the first one."""
    from selenium import webdriver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = _program("chromium")
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        driver = webdriver.Chrome(options, webdriver.ChromeService(_program("chromedriver")))
        try:
            return _visit(driver, path.resolve().as_uri(), widths)
        finally:
            driver.quit()


def _visit(driver, address: str, widths: Sequence[int]) -> PageReport:
    driver.get("about:blank")
    for log in ("performance", "browser"):
        driver.get_log(log)  # what the browser's own start page did is no business of ours
    overflow: dict[int, int] = {}
    for width in reversed(widths):
        _set_size(driver, width, 900)
        driver.get(address)
        overflow[width] = driver.execute_script(_OVERFLOW)
    height = driver.execute_script("return document.documentElement.scrollHeight")
    _set_size(driver, widths[0], min(height, 15000))
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = {
        event["params"]["requestId"]: event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    failed = [event["params"] for event in events if event["method"] == "Network.loadingFailed"]
    return PageReport(
        failed_requests=[f"{sent.get(one['requestId'], '?')[:200]}: {one['errorText']}" for one in failed],
        console_errors=[entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"],
        title=driver.title,
        text=driver.find_element("tag name", "body").text,
        screenshot_bytes=driver.get_screenshot_as_png(),
        requests=[url for url in sent.values() if not url.startswith("data:") and url != address],
        overflow=overflow,
    )


def _set_size(driver, width: int, height: int) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def _program(name: str) -> str | None:
    aliases = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "chromedriver": ("chromedriver",)}
    return next((found for alias in aliases[name] if (found := shutil.which(alias))), None)
