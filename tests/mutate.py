"""Mutation testing of the clinical model: `python -m tests.mutate [--sample N] [--seed N] [GROUP ...]`.

The groups stand in tests/mutation.toml. Everything happens in a copy of the tree, and cosmic-ray does the
work; here is chosen what it tries. What changes nothing that a test could see is left alone (`_silent`).
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cosmic_ray.work_db import WorkDB, use_db  # type: ignore[import-untyped]
from cosmic_ray.work_item import (  # type: ignore[import-untyped]
    MutationSpec,
    WorkerOutcome,
    WorkResult,
)

ROOT = Path(__file__).resolve().parents[1]
PYTEST = (
    "-m pytest -q -x --no-header --noconftest --no-cov --assert=plain -p no:cacheprovider --hypothesis-seed=0"
)
Spot = tuple[int, int]


def main() -> None:
    """Run the groups named on the command line, or all; print a table and what survived."""
    config = tomllib.loads((ROOT / "tests" / "mutation.toml").read_text("utf-8"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="at most so many mutants of a group")
    parser.add_argument("--seed", type=int, default=config["seed"], help="which ones")
    parser.add_argument("group", nargs="*", help=f"one of {', '.join(config['groups'])}; none: all")
    given = parser.parse_args()
    config["seed"] = given.seed
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _copy(tree)
        print("| module | mutants | tried | killed | survived |\n|---|---|---|---|---|")
        for name in given.group or config["groups"]:
            _run(tree, Path(folder), config, config["groups"][name], given.sample)


def _copy(tree: Path) -> None:
    out = shutil.ignore_patterns(".*", "__pycache__", "dist", "build", "htmlcov")
    shutil.copytree(ROOT, tree, ignore=out)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "cds_rules", "tests"], cwd=tree, check=True)


def _run(tree: Path, folder: Path, config: dict[str, Any], group: dict[str, Any], sample: int | None) -> None:
    command = f"{shlex.quote(sys.executable)} {PYTEST} {shlex.join(group['tests'])}"
    subprocess.run(shlex.split(command), cwd=tree, check=True, stdout=subprocess.DEVNULL)
    modules = [f"cds_rules/{module}" for module in group["modules"]]
    settings, session = folder / "settings.toml", folder / "session.sqlite"
    session.unlink(missing_ok=True)
    settings.write_text(
        f"[cosmic-ray]\nmodule-path = {json.dumps(modules)}\ntimeout = {config['timeout']}.0\n"
        f"excluded-modules = []\ntest-command = {json.dumps(command)}\n"
        '[cosmic-ray.distributor]\nname = "local"\n',
        "utf-8",
    )
    tool = [sys.executable, "-m", "cosmic_ray.cli"]
    subprocess.run([*tool, "init", str(settings), str(session)], cwd=tree, check=True)
    with use_db(session, WorkDB.Mode.open) as db:
        counts = _choose(tree, db, config, sample or group["sample"])
    subprocess.run([*tool, "exec", str(settings), str(session)], cwd=tree, check=True)
    with use_db(session, WorkDB.Mode.open) as db:
        _report(db, counts)


def _choose(tree: Path, db: WorkDB, config: dict[str, Any], sample: int) -> Counter[str]:
    """Leave `sample` mutants of those that mean something, always the same; how many there are by module."""
    wanted = re.compile("|".join(f"(?:{one})" for one in config["operators"]))
    items = sorted(db.pending_work_items, key=lambda i: _name(i.mutations[0]))
    silent = {m.module_path for i in items for m in i.mutations}
    spans = {path: list(_silent((tree / path).read_text("utf-8"))) for path in silent}
    real = [
        item
        for item in items
        for m in item.mutations
        if wanted.fullmatch(m.operator_name)
        and not any(first <= m.start_pos and m.end_pos <= last for first, last in spans[m.module_path])
    ]
    kept = {i.job_id for i in random.Random(config["seed"]).sample(real, min(sample, len(real)))}  # noqa: S311
    skipped = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
    db.set_multiple_results([i.job_id for i in items if i.job_id not in kept], skipped)
    return Counter(str(i.mutations[0].module_path) for i in real)


def _name(m: MutationSpec) -> tuple[str, str, int]:
    return str(m.module_path), str(m.operator_name), m.occurrence


def _silent(code: str) -> Iterator[tuple[Spot, Spot]]:
    """Where a change says nothing: annotations, sizes of caches, options of dataclasses, `strict` of zip."""
    for node in ast.walk(ast.parse(code)):
        parts: list[ast.expr | None] = []
        if isinstance(node, ast.FunctionDef):
            parts = [node.returns, *(d for d in node.decorator_list if "lru_cache" in ast.unparse(d))]
        elif isinstance(node, ast.ClassDef):
            parts = list(node.decorator_list)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.keyword) and node.arg == "strict":
            parts = [node.value]
        for part in parts:
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno or 0, part.end_col_offset or 0)


def _report(db: WorkDB, counts: Counter[str]) -> None:
    tried, survived = Counter[str](), Counter[str]()
    diffs = []
    done = {job: result for job, result in db.results if result.worker_outcome is not WorkerOutcome.SKIPPED}
    for item in db.work_items:
        if item.job_id in done:
            module = str(item.mutations[0].module_path)
            tried[module] += 1
            if not done[item.job_id].is_killed:
                survived[module] += 1
                diffs.append(done[item.job_id].diff)
    for module, count in sorted(counts.items()):
        alive = survived[module]
        print(f"| {module} | {count} | {tried[module]} | {tried[module] - alive} | {alive} |")
    for diff in diffs:
        print(f"\n{diff}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
