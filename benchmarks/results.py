"""One file for all results: each command renews its own section and leaves the others alone."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).parent / "results.md"
TITLE = "# Benchmarks\n\nEach section is written by the command that it names.\n"


class Budget(NamedTuple):
    """What is promised at most, and the worst that was measured."""

    name: str
    measured: float
    limit: float
    unit: str
    where: str = "–"

    @property
    def met(self) -> bool:
        """Whether the promise holds."""
        return self.measured <= self.limit


def budget_table(budgets: Iterable[Budget]) -> str:
    """Return a table in Markdown, one row a budget."""
    rows = ["| what | measured | budget | met | worst at |", "| --- | ---: | ---: | --- | --- |"]
    for b in budgets:
        met = "yes" if b.met else "**no**"
        rows.append(
            f"| {b.name} | {b.measured:.3g} {b.unit} | {b.limit:g} {b.unit} | {met} | {b.where} |"
        )
    return "\n".join(rows)


def renew(title: str, text: str, path: Path = RESULTS) -> None:
    """Replace the section of that title, or add it at the end."""
    sections: dict[str, str] = {}
    if path.exists():
        for part in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            name, _, body = part.partition("\n")
            sections[name] = body.strip()
    sections[title] = text.strip()
    parts = [TITLE, *(f"## {name}\n\n{body}\n" for name, body in sections.items())]
    path.write_text("\n".join(parts), encoding="utf-8")
