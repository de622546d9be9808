"""What the run has to say at its end: a table to read and a JSON file for machines."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course_grader.progress import clock


@dataclass
class Entry:
    """One submission's line: its status, score, the reason if it failed, flags and notes."""

    student: str
    status: str
    score: float | None = None
    max_score: float | None = None
    reason: str | None = None
    flags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    cells: dict[str, dict[str, float | None]] = field(default_factory=dict)
    timings: dict[str, dict[str, float]] | None = None

    @classmethod
    def of(cls, result: dict[str, Any], totals: dict[str, float], *, timings: bool) -> "Entry":
        """Return the entry for a worker's verdict (`schema.RESULT`) and its sums."""
        verdicts = result["notebooks"]

        def lines(kind: str) -> list[str]:
            if len(verdicts) == 1:
                return list(verdicts[0][kind])
            return [f"{v['name']}: {line}" for v in verdicts for line in v[kind]]

        return cls(
            result["student"],
            "flagged" if lines("flags") else "graded",
            totals["score"],
            totals["max_score"],
            flags=lines("flags"),
            notes=lines("notes"),
            seconds={name: round(value, 4) for name, value in result["seconds"].items()},
            cells={verdict["name"]: verdict["scores"] for verdict in verdicts},
            timings={v["name"]: v["timings"] for v in verdicts} if timings else None,
        )

    @property
    def remark(self) -> str:
        """What the table says about it."""
        if self.reason:
            return self.reason
        if self.flags:
            return "review: " + "; ".join(self.flags)
        return "; ".join(self.notes)


@dataclass
class Report:
    """All entries of one run, and how it was done."""

    assignment: str
    workers: int
    sandbox: bool
    seconds: float = 0.0
    entries: list[Entry] = field(default_factory=list)

    def count(self, status: str) -> int:
        """Return how many submissions ended with a status."""
        return sum(entry.status == status for entry in self.entries)

    def table(self, width: int = 110) -> str:
        """Return the closing table: whatever needs a human first, then the sums."""
        rows = [("student", "status", "score", "remark")]
        order = {"failed": 0, "flagged": 1, "graded": 2, "skipped": 3}
        for entry in sorted(self.entries, key=lambda e: (order[e.status], e.student)):
            if entry.status == "skipped":
                continue
            score = "" if entry.score is None else f"{entry.score:g}/{entry.max_score:g}"
            rows.append((entry.student, entry.status, score, entry.remark))
        sizes = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = []
        for row in rows:
            start = "  ".join(text.ljust(size) for text, size in zip(row[:3], sizes, strict=True))
            room = max(width - len(start) - 2, 30)
            remark = row[3] if len(row[3]) <= room else row[3][: room - 1] + "…"
            lines.append(f"{start}  {remark}".rstrip())
        counts = ", ".join(f"{self.count(name)} {name}" for name in ("graded", "flagged", "failed"))
        skipped = self.count("skipped")
        lines.append(f"{counts}, {skipped} done before; {clock(self.seconds)} with {self.workers} "
                     f"worker{'s' if self.workers != 1 else ''}"
                     f"{'' if self.sandbox else ', WITHOUT a sandbox'}")  # fmt: skip
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Write the report as JSON, whole or not at all."""
        content = {
            "assignment": self.assignment,
            "workers": self.workers,
            "sandbox": self.sandbox,
            "seconds": round(self.seconds, 3),
            "submissions": [asdict(entry) for entry in self.entries],
        }
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, path)
