"""The filing workbook, made from the dictionary: lists to choose from, meanings as comments; `workbench check` reads it back."""

from __future__ import annotations

from pathlib import Path

from workbench import dictionary, export, units
from workbench.errors import UserError

_LAST_ROW = 5000  # lists to choose from reach down to here
_FACTOR_SETS = ("cn-f1", "cn-f2", "cn-f3", "cn-f4", "cn-f5", "us-epa", "ipcc-2006", "uk-2020")
_FIRST_LIST_COLUMN = 5  # README: text in A, lists from E on
_KEYS = {
    "id": ("", "short name of the cluster: letters, digits, dash", "集群代号：字母、数字、短横"),
    "name_en": ("", "English name", "英文名称"),
    "name_zh": ("", "Chinese name", "中文名称"),
    "country": ("CN", "country code", "国家代码"),
    "grid_region": ("", "grid or province of the purchased power, as in the grid factor table", "外购电力所属电网或省份"),
    "base_year": ("", "year of the data", "数据年份"),
    "currency": ("CNY", "currency of all money, never in tens of thousands", "货币（单位为元，不用万元）"),
    "price_year": ("", "year of prices, may stay empty", "价格年份，可不填"),
    "factor_set": ("cn-f1", "emission factor set", "排放因子集"),
    "gwp_set": ("ar5", "set of global warming potentials", "全球变暖潜势"),
    "data_nature": ("confidential", "published, modelled, synthetic or confidential", "数据性质"),
    "licence": ("", "who may use the data, may stay empty", "使用许可，可不填"),
}
_README = {
    "en": (
        "Filing workbook",
        "Fill the sheet 'cluster' first, then 'enterprises', then the energy ledger and what else applies.",
        "One row holds one fact. Every quantity states its unit. Shaded headings must be filled; their notes say what they mean.",
        "Keep the names of sheets and headings. Enter values, not formulas. Delete no sheet; leave empty what does not apply.",
        "Then run: workbench check FILE.xlsx",
        "The lists to choose from stand to the right.",
    ),
    "zh": (
        "数据填报表",
        "先填“cluster”，再填“enterprises”，然后填能源台账（energy）及其他适用的表。",
        "一行一个事实；每个数量都写单位。带底色的列为必填，批注说明其含义。",
        "请勿更改表名和列名；请填数值，不要用公式；不适用的表留空即可。",
        "填完后运行：workbench check FILE.xlsx",
        "可选代码列在右侧。",
    ),
}


def sectors() -> list[str]:
    """Sectors that the benchmark and process tables know."""
    tables = (dictionary.read_table(name) for name in ("benchmarks", "factors/process"))
    return sorted({sector for table in tables for sector in table["sector"] if sector})


def write(out: Path, sector: str | None = None, lang: str = "en") -> Path:
    """Write the workbook; with `sector`, only its processes are offered and the sheet README names it."""
    from openpyxl import Workbook

    if Path(out).suffix.lower() != ".xlsx":
        raise UserError(f"--out {out}: give the name of an .xlsx file")
    if sector and sector not in sectors():
        raise UserError(f"unknown sector {sector!r}: choose one of {', '.join(sectors())}")
    book = Workbook()
    ranges = _readme(book.active, sector, lang)
    _cluster(book.create_sheet("cluster"), ranges, lang)
    for table in dictionary.names():
        _table(book.create_sheet(table), table, ranges, lang)
    return export.save(book, Path(out))


def _readme(sheet, sector: str | None, lang: str) -> dict[str, str]:
    """Instructions and the code lists; where each list stands."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet.title = "README"
    sheet.column_dimensions["A"].width = 110
    lines = [*_README[lang], *([f"sector: {sector}"] if sector else [])]
    for row, line in enumerate(lines, start=1):
        sheet.cell(row, 1, line).font = Font(bold=row == 1)
    ranges = {}
    for column, (name, values) in enumerate(_lists(sector).items(), start=_FIRST_LIST_COLUMN):
        for row, value in enumerate([name, *values], start=1):
            export.put(sheet.cell(row, column), value)
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = 24
        ranges[name] = f"README!${letter}$2:${letter}${len(values) + 1}"
    return ranges


def _lists(sector: str | None) -> dict[str, list[str]]:
    lists = {name: list(dictionary.codes(name)) for name in ("carriers", "processes", *_code_lists())}
    if sector:
        table = dictionary.read_table("factors/process")
        lists["processes"] = list(dict.fromkeys(table.loc[table["sector"].isin([sector, ""]), "process"])) or lists["processes"]
    lists["units"] = units.table()["unit"].tolist()
    return lists | {"data_natures": list(dictionary.DATA_NATURES), "factor_sets": list(_FACTOR_SETS)}


def _code_lists() -> list[str]:
    return sorted(set(dictionary.read_table("codes")["code_list"]))


def _cluster(sheet, ranges: dict[str, str], lang: str) -> None:
    """Key and value, no heading row."""
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 18, 50
    for row, (key, (value, *meaning)) in enumerate(_KEYS.items(), start=1):
        _heading(sheet.cell(row, 1, key), key in dictionary.CLUSTER_REQUIRED or key == "name_en", meaning[lang == "zh"])
        export.put(sheet.cell(row, 2), value)
        if key in ("factor_set", "data_nature"):
            _choose(sheet, f"B{row}", ranges[f"{key}s"], strict=key == "data_nature")


def _table(sheet, table: str, ranges: dict[str, str], lang: str) -> None:
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    for column, field in enumerate(dictionary.fields(table).itertuples(), start=1):
        letter = get_column_letter(column)
        label = field.label_zh if lang == "zh" else field.label_en
        unit = f" [{field.unit}]" if field.unit else ""
        _heading(sheet.cell(1, column, field.field), field.required == "1", f"{label}{unit}\n{field.meaning_en}")
        sheet.column_dimensions[letter].width = max(14, len(field.field) + 3)
        if field.type == "id":
            sheet.column_dimensions[letter].number_format = "@"  # a plant 007 keeps its zeros
        cells = f"{letter}2:{letter}{_LAST_ROW}"
        if "." in field.code_list:
            _choose(sheet, cells, _column_of(*field.code_list.split(".")), strict=False)
        elif field.type == "unit":
            _choose(sheet, cells, ranges["units"])
        elif field.code_list in ranges:
            _choose(sheet, cells, ranges[field.code_list])


def _column_of(table: str, field: str) -> str:
    """The cells below a heading of another sheet."""
    from openpyxl.utils import get_column_letter

    letter = get_column_letter(dictionary.fields(table)["field"].tolist().index(field) + 1)
    return f"{table}!${letter}$2:${letter}${_LAST_ROW}"


def _heading(cell, required: bool, note: str) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill

    cell.font = Font(bold=True)
    if required:
        cell.fill = PatternFill("solid", fgColor="FFE3C8")
    cell.comment = Comment(note, "workbench", width=320, height=90)


def _choose(sheet, cells: str, source: str, strict: bool = True) -> None:
    """A list to choose from; where it is not `strict`, other values pass."""
    from openpyxl.worksheet.datavalidation import DataValidation

    rule = DataValidation(type="list", formula1=f"={source}", allow_blank=True)
    rule.showErrorMessage = strict
    sheet.add_data_validation(rule)
    rule.add(cells)
