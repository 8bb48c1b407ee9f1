"""The two ways to build the model from its one source give the same matrix: Pyomo's, row by row, against the quick one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyomo.common.errors import InfeasibleConstraintException

from test_plan_by_years import Years
from test_selection import Case
from workbench.interaction import Pool
from workbench.selection import in_columns, in_pyomo, model, solve, standard_form, states
from workbench.selection.bundles import Part, chosen
from workbench.selection.linear import Forms, Linear
from workbench.selection.lines import Lines
from workbench.selection.savings import Savings


def pool(carrier):
    return Pool(carrier, "E", carrier, 1.0, 1.0, 1.0, {"": 100.0})


def components(m, kind):
    """(name, index) → variable or row, whichever way the model was built."""
    if isinstance(m, pyo.ConcreteModel):
        return {(c.local_name, i): v for c in m.component_objects(getattr(pyo, kind)) for i, v in c.items()}
    kinds = getattr(in_columns, kind), getattr(in_columns, f"{kind}List"), *([in_columns.Rows] if kind == "Constraint" else [])
    return {(n, i): v for n, c in vars(m).items() if isinstance(c, kinds) for i, v in c.items()}


def written(problem, pe):
    """The matrix by names: rows, columns with bounds and kind, objectives; None where no plan can be."""
    try:
        m = model.build(problem, pe)
        form = standard_form.compile_model(m)
    except InfeasibleConstraintException:
        return None
    place = {form.place[v]: name for name, v in components(m, "Var").items()}
    rows, a = {}, form.a.tocsr()
    for name, constraint in components(m, "Constraint").items():
        try:
            row = form.rows[constraint]
        except KeyError:  # Pyomo leaves rows without variables out when it compiles
            continue
        span = slice(a.indptr[row], a.indptr[row + 1])
        inside = {place[c]: v for c, v in zip(a.indices[span], a.data[span], strict=True) if v}
        if inside:
            rows[name] = (inside, form.lower[row], form.upper[row])
    columns = {n: (form.column_lower[c], form.column_upper[c], form.whole[c], form.column_size[c]) for c, n in place.items()}
    aims = {
        name: (dict(zip(map(place.get, np.flatnonzero(v).tolist()), v[np.flatnonzero(v)], strict=True)), m.criteria[name].constant)
        for name in m.criteria.names
        for v in [form.vector(m.criteria[name])]
    }
    return rows, columns, aims


OBJECTIVES = ("annual_cost", "capex", "npv_cost")
CASES = [Case(seed, OBJECTIVES[seed % 3], size=8) for seed in range(9)]
CASES += [Years(seed, ("npv_cost", "annual_cost", "weighted")[seed % 3], years=(3, 0)[seed % 2]) for seed in range(12)]
seen = Counter()


@pytest.mark.parametrize("case", CASES)
def test_both_ways_give_the_same_matrix(case):
    quick, plain = written(case.problem(), in_columns), written(case.problem(), in_pyomo)
    assert (quick is None) == (plain is None)
    if plain is None:
        seen["no plan"] += 1
        return
    seen.update({family for family, _ in plain[0]})
    for one, other in zip(quick[:2], plain[:2], strict=True):
        assert one.keys() == other.keys()
    for name, (inside, lower, upper) in plain[0].items():
        assert quick[0][name][0] == pytest.approx(inside, rel=1e-12, abs=1e-9)
        assert quick[0][name][1:] == pytest.approx((lower, upper), rel=1e-12, abs=1e-9)
    assert quick[1] == plain[1]
    for name, (inside, constant) in plain[2].items():
        assert quick[2][name][0] == pytest.approx(inside, rel=1e-12) and quick[2][name][1] == pytest.approx(constant, rel=1e-12)


def test_the_matrices_compared_hold_every_kind_of_row():
    """Runs after the comparison: each family of rows stood in at least one of its cases."""
    if not seen:
        pytest.skip("asked alone")
    expected = {"order", "emissions_of", "caps", "joined", "bundled", "excludes", "requires", "requires_any"}
    expected |= {"spent", "groups", "left_over", "energy_of"}
    assert expected <= set(seen), expected - set(seen)


def test_two_firms_by_hand():
    """x + y <= 1 as a rule writes it; a column each, ends of rows, both sides."""
    m = in_columns.ConcreteModel()
    m.x = in_columns.Var(["a", "b"], domain=in_columns.Binary)
    m.s = in_columns.Var()
    m.once = in_columns.Constraint(rule=lambda m: m.x["a"] + m.x["b"] <= 1)
    m.total = in_columns.Constraint(["e"], rule=lambda m, e: Linear(5.0, [(2.0, m.x["a"]), (-1.0, m.s[None])]).equals(7.0))
    m.nothing = in_columns.Constraint(rule=lambda m: Linear().at_most(0.0))
    m.sizes = {}
    form = standard_form.compile_model(m)
    assert form.a.toarray().tolist() == [[1, 1, 0], [2, 0, -1]]
    assert form.upper.tolist() == [1, 2] and form.lower.tolist() == [-np.inf, 2]
    assert form.whole.tolist() == [True, True, False] and form.column_lower.tolist() == [0, 0, -np.inf]


@pytest.mark.parametrize("pe", [in_columns, in_pyomo])
def test_rows_added_at_once_are_those_added_one_by_one(pe):
    """w0 + w1 == 1 and 2 + w1 - x <= 3, the first alone too; numbers go on from nil, names where they are given."""
    m = pe.ConcreteModel()
    m.sizes = pe.ComponentMap()
    m.x, m.w = pe.Var(["a"], domain=pe.Binary), pe.VarList(domain=pe.NonNegativeReals, starting_index=0)
    m.tied = pe.ConstraintList(starting_index=0)
    w, (x,) = pe.several(m.w, 2), pe.every(m.x)
    m.tied.add(Linear.total(w.tolist()).equals(1.0))
    forms = Forms(np.array([0.0, 2.0]), np.array([1, 0, 0, 1]), np.array([-1.0, 1, 1, 1]), np.array([x, *w, w[1]]))
    m.sums = pe.Rows(forms.equals(np.array([1.0, 2.0])))
    m.named = pe.Rows(forms.at_most(np.array([1.0, 3.0])), [("one", 1), ("two", 2)])
    form = standard_form.compile_model(m)
    columns = [form.place[v] for v in (m.w[0], m.w[1], m.x["a"])]
    rows = [form.rows[row] for row in (m.tied[0], m.sums[0], m.sums[1], m.named["one", 1], m.named["two", 2])]
    assert form.a.toarray()[np.ix_(rows, columns)].tolist() == [[1, 1, 0], [1, 1, 0], [0, 1, -1], [1, 1, 0], [0, 1, -1]]
    assert form.upper[rows].tolist() == [1, 1, 0, 1, 1] and form.lower[rows].tolist() == [1, 1, 0, -np.inf, -np.inf]
    assert form.whole[columns].tolist() == [False, False, True] and list(m.w) == [0, 1] and len(m.sums) == 2


def told(forms):
    return [(form.constant, form.coefficients, form.variables) for form in forms]


def test_forms_are_weighted_and_added_up():
    """10 - x and 2 y: weighted, together, each to the form it belongs to, one after another, form by form."""
    forms = Forms.of([Linear(10.0, [(-1.0, "x")]), Linear(0.0, [(2.0, "y")])])
    assert told(forms) == [(10.0, [-1.0], ["x"]), (0.0, [2.0], ["y"])] == told(Forms.stacked([forms, Forms.of([])]))
    weighted = forms.times(np.array([0.0, 0.5]))
    assert told(weighted) == [(0.0, [], []), (0.0, [1.0], ["y"])]
    whole = forms.times(np.array([3.0, 5.0])).total()
    assert (whole.constant, whole.coefficients, whole.variables) == (30.0, [-3.0, 10.0], ["x", "y"])
    assert told(forms.gathered(np.array([1, 1]), 2)) == [(0.0, [], []), (10.0, [-1.0, 2.0], ["x", "y"])]
    assert told(forms.plus(weighted, forms)) == [(20.0, [-1.0, -1.0], ["x", "x"]), (0.0, [2.0, 1.0, 2.0], ["y", "y", "y"])]
    assert told(Forms.none(1)) == [(0.0, [], [])]


def test_savings_know_the_year_and_what_the_grid_has_become():
    """Gas and power in two years; in a typical year the first stretch of a part counts."""
    pools, forms = [pool("gas"), pool("electricity")], Forms.none(4)
    part, year = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    horizon = SimpleNamespace(by_years=True, years=(2023, 2024), grid=lambda t: 0.9 ** (t - 2022))
    years = Savings(horizon, pools, forms, part, year)
    assert years.factor.tolist() == pytest.approx([1.0, 1.0, 0.9, 0.81]) and years.counts.all()
    typical = Savings(SimpleNamespace(by_years=False), pools, forms, part, np.zeros(4, int))
    assert typical.counts.tolist() == [True, False, True, False] and typical.factor.tolist() == [1.0] * 4
    assert typical.firm(["D", "E"]).tolist() == [1] * 4


def test_bundles_of_three_measures_of_which_two_exclude_each_other():
    """None, a, b, c, bc (a and b never with one another, a and c neither); 100 left over times 0.9, 0.8, 0.5."""
    measures = {"a": 0.1, "b": 0.2, "c": 0.5}
    pairs = (frozenset("ab"), frozenset("ac"))
    part = Part(Pool("p", "E", "gas", 1.0, 1.0, 1.0, {"": 100.0}, fraction={"": measures}), ("",), (), pairs)
    everyone = frozenset("abc")
    assert [set(chosen(part.measures, b)) for b in part.bundles] == [set(), {"a"}, {"b"}, {"c"}, {"b", "c"}]
    assert part.joint_use(everyone, apart=False)[1] == pytest.approx([100, 90, 80, 50, 40])
    assert part.joint_use(everyone - {"c"}, apart=False)[1] == pytest.approx([100, 90, 80, 100, 80])
    assert part.joint_use(everyone - {"c"}, apart=True) == (part.bundles[:3], pytest.approx([100, 90, 80]))


def test_which_pools_are_read_into_arrays():
    """Fractions on the site or its one unit, absolute savings below use; not both kinds, two units, all used, nine fractions."""

    def made(name, use, fraction=None, absolute=None):
        return Pool(name, "E", "gas", 1.0, 1.0, 1.0, use, absolute or {}, fraction or {})

    pools = [
        made("site", {"": 6.0, "u": 4.0}, {"": {"b": 0.5, "a": 0.1}}), made("unit", {"u": 4.0}, {"u": {"a": 0.2}}),
        made("below", {"": 5.0}, None, {"": {"a": 2.0, "b": -1.0}}), made("all", {"": 5.0}, None, {"": {"a": 5.0}}),
        made("both", {"": 5.0}, {"": {"a": 0.1}}, {"": {"b": 1.0}}), made("part", {"": 5.0, "u": 4.0}, {"u": {"a": 0.1}}),
        made("nine", {"": 5.0}, {"": {str(n): 0.01 for n in range(9)}}), made("none", {"": 5.0}),
    ]  # fmt: skip
    read = Lines(pools)
    assert [p.pool_id for p in read.one_unit.pools] == ["site", "unit", "below"]
    assert {p.pool_id for p in read.others} == {"all", "both", "part", "nine", "none"}
    assert read.one_unit.use.tolist() == [10.0, 4.0, 5.0] and read.one_unit.fraction.tolist() == [True, True, False]
    assert list(zip(read.one_unit.base, read.one_unit.projects, read.one_unit.share, strict=True)) == [
        (0, "b", 0.5), (0, "a", 0.1), (1, "a", 0.2), (2, "a", 2.0), (2, "b", -1.0),
    ]  # fmt: skip


def test_lines_go_with_their_pools():
    """Another budget asks about the same lines; other pools are read anew."""
    problem = CASES[0].problem()
    assert problem.at(1.0).lines is problem.lines
    other = replace(problem, pools=problem.pools[:1])
    assert other.lines is not problem.lines and other.lines.pools is other.pools


def test_a_weight_of_nil_is_as_good_as_none():
    """The present value with no weight: the same least value as without it."""
    problem, found = CASES[0].problem(), []
    for weights in ({"annual_cost": 1.0}, {"annual_cost": 1.0, "npv_cost": 0.0}):
        settings = problem.settings.model_copy(update={"objective": "weighted", "objective_weights": weights})
        found.append(solve.solve(replace(problem, settings=settings)))
    assert found[0].value is not None and found[1].value == pytest.approx(found[0].value, rel=1e-9)
    assert found[1].chosen == found[0].chosen


@pytest.mark.parametrize("form", [Linear(3.0), Linear(3.0, [(1.0, in_columns.Column(0)), (-1.0, in_columns.Column(0))])])
def test_a_row_that_cannot_hold_is_refused(form):
    """3 <= 2, and 3 + x - x <= 2."""
    m = in_columns.ConcreteModel()
    m.sizes, m.x = {}, in_columns.Var(["a"], domain=in_columns.Binary)
    with pytest.raises(InfeasibleConstraintException):
        m.row = in_columns.Constraint(rule=lambda m: form.at_most(2.0))
        standard_form.compile_model(m)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 40)), max_size=60))
def test_pairs_are_the_rows_of_a_table_each_once_and_in_order(rows):
    table = np.array(rows, np.int64).reshape(-1, 2)
    one, other, which = states.pairs(table[:, 0], table[:, 1])
    assert list(zip(one, other, strict=True)) == sorted(set(rows))
    assert np.array_equal(np.column_stack([one[which], other[which]]), table)
