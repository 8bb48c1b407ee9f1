"""What the tables say, in words: numbers in, English or Chinese out, from the wording under `data/wording/`.

Text from a filing is escaped when it is shown.
"""

from workbench.wording import objective_unit
from workbench.words.about import (
    cluster_name,
    data_nature,
    facts,
    nature_kind,
    parameters,
    provenance,
    sources,
    synthetic_warning,
    title,
)  # fmt: skip
from workbench.words.account import (
    boundary_summary,
    findings_summary,
    intake_summary,
    inventory_figures,
    inventory_summary,
    potential_summary,
    price_note,
)  # fmt: skip
from workbench.words.amounts import Prose, currency_name, money, number
from workbench.words.balance import (
    balance_summary,
    balance_tables,
    diagnosed,
    efficiency_summary,
    efficiency_tables,
    task,
)  # fmt: skip
from workbench.words.decision import decided, judged_as, risk_summary, sharing_summary
from workbench.words.diagnosis import diagnosis_summary, offers_summary, spot_rows
from workbench.words.engineering import calculation_steps, calculation_summary, heat_levels, heat_pairs, heat_summary
from workbench.words.explain import menu_summary, price_summary, why_summary
from workbench.words.lending import best_first, finance_summary, near_optimal, plan_finance
from workbench.words.measures import (
    calculations,
    measure_rows,
    measure_tables,
    measures_summary,
    money_headings,
    open_questions,
    priority_rows,
)  # fmt: skip
from workbench.words.origin import offer_rows, rests_on
from workbench.words.plan import greedy_summary, money_summary, report_summary, selection_figures, selection_summary
from workbench.words.readable import (
    factor_rows,
    intensity_heading,
    project_rows,
    readable,
    shown,
    spelled,
    subjects,
    table,
    with_names,
    word,
)  # fmt: skip
from workbench.words.runs import runs_summary
from workbench.words.savings import grid_cases, savings_summary, with_currency
from workbench.words.verification import (
    allocation_summary,
    bridge,
    conclusion,
    evidence_summary,
    misstatement_summary,
    reading_summary,
    scope,
    totals,
    totals_summary,
    transfer_summary,
    uncertainty_summary,
)  # fmt: skip

__all__ = [
    "Prose", "allocation_summary", "balance_summary", "balance_tables", "best_first", "boundary_summary", "bridge",
    "calculation_steps", "calculation_summary", "calculations", "cluster_name", "conclusion", "currency_name", "data_nature",
    "decided", "diagnosed", "diagnosis_summary", "efficiency_summary", "efficiency_tables", "evidence_summary", "factor_rows",
    "facts", "finance_summary", "findings_summary", "greedy_summary", "grid_cases", "heat_levels", "heat_pairs", "heat_summary",
    "intake_summary", "intensity_heading", "inventory_figures", "inventory_summary", "judged_as", "measure_rows",
    "measure_tables", "measures_summary", "menu_summary", "misstatement_summary", "money", "money_headings", "money_summary",
    "nature_kind", "near_optimal", "number", "objective_unit", "offer_rows", "offers_summary", "open_questions", "parameters",
    "plan_finance", "potential_summary", "price_note", "price_summary", "priority_rows", "project_rows", "provenance", "readable",
    "reading_summary", "report_summary", "rests_on", "risk_summary", "runs_summary", "savings_summary", "scope",
    "selection_figures", "selection_summary", "sharing_summary", "shown", "sources", "spelled", "spot_rows", "subjects",
    "synthetic_warning", "table", "task", "title", "totals", "totals_summary", "transfer_summary", "uncertainty_summary",
    "why_summary", "with_currency", "with_names", "word",
]  # fmt: skip
