"""The command `workbench factors`: rows with value, unit, source and hash; the guard over the library and over an own table."""

import csv
import io
import json

import pytest

from workbench import cli, library

OWN = "carrier,unit,heating_value_basis,ncv_gj_per_unit,carbon_tc_per_gj,oxidation,source\n"
GOOD = "diesel,t,net,42.652,0.0202,0.98,laboratory\n"
BAD = "coke,t,net,28.435,94,0.93,laboratory\n"


@pytest.fixture
def own(tmp_path):
    """Write an own table of these lines; its path."""

    def write(*lines):
        path = tmp_path / "own.csv"
        path.write_text(OWN + "".join(lines), encoding="utf-8")
        return path

    return write


def run(capsys, *arguments):
    code = cli.main(["factors", *(str(argument) for argument in arguments)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_a_row_shows_value_unit_source_confidence_and_hash(capsys):
    code, out, err = run(capsys, "diesel", "--set", "cn-f3")
    heading, row = out.splitlines()
    assert code == 0 and err == ""
    assert heading.split() == ["factor_id", "value", "unit", "confidence", "sha256", "source"]
    whole = library.search("diesel", factor_set="cn-f3").iloc[0]
    assert row.split()[:5] == ["cn-f3:diesel", "3.09591", "tCO2/t", "one_source", whole["sha256"][:12]]
    assert whole["source"] in row


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (("柴油", "--kind", "fuel", "--set", "cn-f1"), ["cn-f1:diesel"]),
        (("--region", "广东", "--year", "2022"), ["cn-grid:guangdong:2022:average"]),
        (("--kind", "gwp", "--set", "ar6", "CH4"), ["gwp:ar6:CH4"]),
    ],
)
def test_formats_hold_the_same_rows(capsys, arguments, ids):
    _, out, _ = run(capsys, *arguments, "--format", "json")
    records = json.loads(out, parse_constant=pytest.fail)
    assert [record["factor_id"] for record in records] == ids
    _, out, _ = run(capsys, *arguments, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["factor_id"] for row in rows] == ids
    assert list(rows[0]) == library.COLUMNS == list(records[0])


def test_without_words_the_whole_library_is_shown(capsys):
    code, out, _ = run(capsys)
    assert code == 0 and len(out.splitlines()) == len(library.rows()) + 1


def test_nothing_found_is_one_line_with_the_next_step(capsys):
    code, out, err = run(capsys, "unobtainium")
    assert code == 1 and out == ""
    assert len(err.splitlines()) == 1 and "try fewer words" in err


def test_check_of_the_library_finds_no_error(capsys):
    code, out, err = run(capsys, "--check", "--format", "csv")
    assert code == 0
    assert {row["severity"] for row in csv.DictReader(io.StringIO(out))} == {"warning"}
    assert err.startswith(f"{len(library.rows())} rows: 0 error")


def test_check_is_of_the_rows_found(capsys):
    code, out, _ = run(capsys, "lng", "--set", "cn-f3", "--check")
    assert code == 0 and "cn-f3:lng" in out and "cn-f1:lpg" in out and "coke_oven_gas" not in out
    _, out, _ = run(capsys, "lng", "--set", "cn-f3", "--check", "--lang", "zh")
    assert "与另一行的数值完全相同" in out


def test_own_table_is_shown_and_checked(capsys, own):
    code, out, _ = run(capsys, "--own", own(GOOD, BAD))
    assert code == 0 and [line.split()[0] for line in out.splitlines()[1:]] == ["own-table:diesel", "own-table:coke"]
    code, out, err = run(capsys, "--own", own(GOOD, BAD), "--check")
    assert code == 1 and "own-table:coke: 94 tC/GJ" in out and "1 error" in err
    code, out, err = run(capsys, "--own", own(GOOD), "--check")
    assert code == 0 and "0 error" in err
    code, out, _ = run(capsys, "diesel", "--own", own(GOOD, BAD), "--check")
    assert code == 0 and "coke" not in out


@pytest.mark.parametrize("text", ["carrier,unit,oxidation\ncoke,t,ninety\n", "", "carrier,unit\n"])
def test_an_own_table_that_cannot_be_read_is_one_line(capsys, tmp_path, text):
    path = tmp_path / "own.csv"
    path.write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "--own", path, "--check")
    assert code in (1, 2) and out == "" and len(err.splitlines()) == 1 and "unexpected" not in err


def test_a_missing_own_table_is_one_line(capsys, tmp_path):
    code, _, err = run(capsys, "--own", tmp_path / "none.csv")
    assert code == 2 and len(err.splitlines()) == 1 and "none.csv" in err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stopped:
        run(capsys, "--help")
    assert stopped.value.code == 0
    assert "example: workbench factors" in capsys.readouterr().out
