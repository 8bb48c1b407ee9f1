"""The page over all reports: what it lists, what it leaves out, that it stands alone and can be searched."""

import json
import re
from html.parser import HTMLParser

import pytest

from browser import open_page, skip_without_browser
from workbench import index_page
from workbench.errors import RunError


@pytest.fixture
def outputs(tmp_path):
    """Runs alpha and beta with a report, secret on confidential data, broken without an end."""
    natures = {"alpha": "published", "beta": "synthetic", "secret": "confidential", "broken": "published"}
    for name, nature in natures.items():
        run = tmp_path / "outputs" / name
        (run / "checked").mkdir(parents=True)
        (run / "tables").mkdir()
        (run / "report.html").write_text(f"<!DOCTYPE html><title>{name}</title>")
        meta = {
            "name": {"en": f"{name.title()} <b>park</b>", "zh": "园区"},
            "country": "CN",
            "grid_region": "Hebei",
            "currency": "CNY",
        }
        (run / "checked" / "cluster.json").write_text(json.dumps(meta | {"data_nature": nature}))
        plan = {"emissions_before": 2000.0, "emissions_after": 1500.0, "annual_cost": -7000.0}
        (run / "tables" / "selection.json").write_text(json.dumps(plan))
        facts = {"status": "failed" if name == "broken" else "ok", "parameters": {"year": 2022}, "finished": "2026-01-02T03:04:05"}
        (run / "manifest.json").write_text(json.dumps(facts))
    return tmp_path / "outputs"


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("href", "src")]


def test_the_page_lists_finished_reports_and_escapes_names(outputs):
    text = index_page.write(outputs).read_text(encoding="utf-8")
    assert Links(text).found == ["alpha/report.html", "beta/report.html", "secret/report.html"]
    assert "Alpha &lt;b&gt;park" in text and "<b>" not in text and "[[" not in text
    assert "1,500 (−25 %)" in text and "−7,000 CNY" in text and "2026-01-02" in text
    for both in re.findall(r"<th scope=\"col\">(.*?)</th>", text):
        assert 'lang="en"' in both and 'lang="zh-CN"' in both


def test_a_folder_to_publish_holds_copies_and_nothing_confidential(outputs, tmp_path):
    page = index_page.write(outputs, tmp_path / "public")
    assert {file.name for file in page.parent.iterdir()} == {"index.html", "alpha.html", "beta.html"}
    assert Links(page.read_text(encoding="utf-8")).found == ["alpha.html", "beta.html"]
    with pytest.raises(RunError, match="no report yet"):
        index_page.write(tmp_path / "public")


@pytest.mark.slow
@pytest.mark.browser
def test_the_page_opens_without_a_network(outputs):
    skip_without_browser()
    seen = open_page(index_page.write(outputs))
    assert not seen.failed_requests and not seen.console_errors and not seen.requests
    assert seen.overflow == {1280: 0, 390: 0} and "Alpha" in seen.text
