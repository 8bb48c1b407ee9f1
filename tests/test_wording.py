"""Sentences and their numbers: one project, two projects."""

import csv
import re
from pathlib import Path
from string import Formatter

import pytest

import workbench
from workbench import wording

TABLES = sorted((Path(workbench.__file__).parent / "data" / "wording").glob("*.csv"))
COUNTED = (
    "alternative budget bundle check comparison draw enterprise error exchange finding group info line measure player point "
    "product project rule run sector source stream target warning"
).split()
ONE_OF_MANY = re.compile(rf"(?<![\d.,±%] )(?<![\d.,])\b1 (?:(?!because)[a-z-]+ )?(?:{'|'.join(COUNTED)})s\b")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 finding of 1 check"), ("1", "1 finding of 1 check"), (0, "0 findings of 0 checks")]
)
def test_a_noun_agrees_with_its_number(count, said):
    values = dict.fromkeys(("count", "checks", "error", "warning", "info"), count)
    assert wording.text("figures.findings_by_check.caption", "en", **values).startswith(said)
    assert "1,234 findings" in wording.text("figures.findings_by_check.caption", "en", **values | {"count": "1,234"})


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_every_sentence_can_be_said_of_one_and_of_none(table, lang):
    for row in csv.DictReader(table.open(encoding="utf-8", newline="")):
        assert fields(row["zh"]) <= fields(row["en"]), row["key"]
        for count in ("1", "0"):
            said = wording.text(row["key"], lang, **dict.fromkeys(fields(row[lang]), count))
            assert "|" not in said and "{" not in said, said
            assert lang == "zh" or not ONE_OF_MANY.search(said), said
