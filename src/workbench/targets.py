"""What to run: a parameter file becomes one run, or several where it holds a grid of values; each with its own folder."""

from __future__ import annotations

import itertools
import re
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from workbench import params, provenance
from workbench.errors import ParameterError, RunError

MOST_RUNS = 1000  # of one grid: more is a slip of the pen
_LONGEST = 81  # characters of a run's name, which is a folder's


@dataclass(frozen=True)
class Target:
    """One run: its name, valid settings (package as the notebooks must find it) and folder."""

    name: str
    settings: params.Settings
    folder: Path


def name_of(target: str) -> str:
    """The name of a target: that of its file."""
    path = Path(target)
    return path.stem if path.suffix in (".yaml", ".yml") else str(target)


def file_of(target: str) -> Path:
    """The parameter file of a target."""
    path = Path(target)
    return (path if path.suffix in (".yaml", ".yml") else params.project_root() / "params" / f"{target}.yaml").resolve()


def parse_overrides(pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` texts, the value read as YAML."""
    values = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise ParameterError(f"--set {pair}: write --set key=value")
        try:
            values[key.strip()] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ParameterError(f"--set {pair}: the value is not readable YAML; put it in quotes") from None
    return values


def expand(target: str, out: str | Path | None = None, overrides: dict[str, Any] | None = None) -> list[Target]:
    """The runs of one target, in the order of its grid; UserError when it cannot be read or one of them is not valid.

    A parameter that takes one value and is given a list is varied; several of them are all combined. A parameter that takes a list
    is varied by a list of lists. `reduction_pct: [5, 10]` in `park.yaml` gives park_reduction_pct-5 and park_reduction_pct-10.
    """
    name, values = params.load(target)
    if not re.fullmatch(r"\w[\w.-]{0,80}", name):
        raise ParameterError(f"{Path(target).name!r} names the run's folder: use letters, digits, dot, dash and underscore only")
    values = values | (overrides or {})
    varied = {key: value for key, value in values.items() if _is_grid(key, value)}
    if not varied:
        return [_target(name, values, out)]
    return [_target(run, values | point, out) for run, point in grid(name, varied).items()]


def grid(name: str, varied: dict[str, list]) -> dict[str, dict[str, Any]]:
    """Every combination of the varied parameters, by the name of its run; ParameterError says what is wrong with a grid."""
    for key, given in varied.items():
        if not given:
            raise ParameterError(f"{key}: [] varies nothing: give values, or leave the line out")
        if any(given.count(value) > 1 for value in given):
            raise ParameterError(f"{key}: a value stands twice in {given}: keep one of them")
    points = [dict(zip(varied, values, strict=True)) for values in itertools.product(*varied.values())]
    if len(points) > MOST_RUNS:
        raise ParameterError(f"the grid of {', '.join(varied)} has {len(points):,} runs, more than {MOST_RUNS}: shorten a list")
    names = ["_".join([name, *(f"{key}-{_plain(value)}" for key, value in point.items())]) for point in points]
    if len(set(names)) < len(names) or max(map(len, names)) > _LONGEST:
        names = [f"{name[: _LONGEST - 5]}_{number:0{len(str(len(points)))}d}" for number in range(1, len(points) + 1)]
    return dict(zip(names, points, strict=True))


def _plain(value: Any) -> str:
    """A value as a part of a folder's name."""
    text = format(value, ".12g") if isinstance(value, float) else "none" if value is None else str(value)
    return re.sub(r"[^\w.-]+", "-", text).strip("-")


def _is_grid(key: str, value: Any) -> bool:
    """Whether a list is a list of values of a parameter, not itself a value."""
    field = params.Settings.model_fields.get(key)
    if field is None or not isinstance(value, list):
        return False
    takes_list = any(typing.get_origin(part) is list for part in (field.annotation, *typing.get_args(field.annotation)))
    return not takes_list or (bool(value) and all(isinstance(item, list) for item in value))


def _target(name: str, values: dict[str, Any], out: str | Path | None) -> Target:
    settings = params.validate(values)
    root = params.project_root()
    folder = (Path(out) / name if out else root / (settings.run_dir or f"outputs/{name}")).resolve()
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise RunError(f"{path} is a file: give --out a folder")
    package = settings.package_path.resolve()
    if package == folder or package.is_relative_to(folder):
        raise RunError(f"the run would write into its own package {provenance.public_path(package)}: choose another --out")
    inside = package.is_relative_to(root.resolve())
    given = {"package": provenance.public_path(package) if inside else str(package), "run_dir": str(folder)}
    return Target(name, settings.model_copy(update=given), folder)
