"""docs/usage.md as its readers use it: a section's diffs, applied, and the jobs it promises."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "usage.md"
# A diff that does not name its file changes one of these.
FILES = ("config.yaml", "profiles/folder/overrides.yaml", "scripts/fewsky/figures/style.py")


def titles() -> list[str]:
    """Titles of the sections."""
    return re.findall(r"^## (.+)$", PAGE.read_text(), re.M)


def section(title: str) -> str:
    """The text of a section."""
    return PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def diffs(title: str) -> list[tuple[str, list[str]]]:
    """The diffs of a section: the file that each changes, and its lines."""
    blocks = re.findall(r"```diff\n(.*?)```", section(title), re.S)
    return [_named(block.splitlines()) for block in blocks]


def _named(lines: list[str]) -> tuple[str, list[str]]:
    if lines[0].startswith("+++ "):
        return lines[0].removeprefix("+++ "), lines[1:]
    kept = [line[1:] for line in lines if line[0] in " -"]
    for name in FILES:
        if set(kept) <= set((ROOT / name).read_text().splitlines()):
            return name, lines
    raise AssertionError(f"no file of {', '.join(FILES)} holds {kept}")


def patched(lines, diff):
    """Lines after a diff whose context and removed lines stand in this order, not side by side."""
    lines, at = list(lines), 0
    for line in diff:
        if line[0] == "+":
            lines.insert(at, line[1:])
            at += 1
        elif line[0] == "-":
            at = lines.index(line[1:], at)
            del lines[at]
        else:
            at = lines.index(line[1:], at) + 1
    return lines


def apply(title: str, folder: Path) -> list[str]:
    """Make the changes of a section in a copy of the repository; return the files changed."""
    changed = []
    for name, diff in diffs(title):
        path = folder / name
        lines = path.read_text().splitlines() if path.exists() else []
        path.write_text("\n".join([*patched(lines, diff), ""]))
        changed.append(name)
    return changed


def promised(title: str) -> set[str]:
    """Patterns of the rules that a section names as jobs that run, `plot_*` for example."""
    text = re.findall(r"Jobs that run: (.*?)\.(?:\s|$)", section(title), re.S)
    return set(re.findall(r"`([a-z0-9_*]+)`", " ".join(text)))


def broken(title: str, jobs: Iterable[str]) -> tuple[list[str], list[str]]:
    """Jobs that a section does not name, and what it names of which there is no job."""
    patterns, jobs = promised(title), set(jobs)
    unnamed = [job for job in jobs if not any(fnmatch(job, pattern) for pattern in patterns)]
    return sorted(unnamed), sorted(p for p in patterns if not any(fnmatch(j, p) for j in jobs))
