"""Captions: one reStructuredText file a figure, read for both the report and the paper."""

from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree

from fewsky.console import FewskyError

KINDS = {
    nodes.Text: "text",
    nodes.emphasis: "emph",
    nodes.title_reference: "emph",
    nodes.strong: "strong",
    nodes.literal: "code",
    nodes.subscript: "sub",
    nodes.superscript: "super",
    nodes.reference: "link",
}
Run = dict[str, str]


def read_caption(path: str | Path) -> list[list[Run]]:
    """Paragraphs of a caption, each a list of runs {kind, text} in reading order.

    Kinds are text, emph, strong, code, sub, super and link (with `url`). Raises FewskyError for
    any other markup, which the paper could not show.
    """
    settings = {"report_level": 5, "file_insertion_enabled": False, "raw_enabled": False}
    tree = publish_doctree(Path(path).read_text(encoding="utf-8"), settings_overrides=settings)
    for part in tree.children:
        if not isinstance(part, nodes.paragraph | nodes.comment | nodes.target):
            raise _unknown(path, part)
    paragraphs = [part for part in tree.children if isinstance(part, nodes.paragraph)]
    if not paragraphs:
        raise FewskyError(f"{path}: wanted a caption; found no text. Write one paragraph.")
    return [
        [_run(path, part) for part in paragraph.children if not isinstance(part, nodes.target)]
        for paragraph in paragraphs
    ]


def _run(path: str | Path, part: nodes.Node) -> Run:
    kind = KINDS.get(type(part))
    if kind is None:
        raise _unknown(path, part)
    text = part.astext().replace("\n", " ").replace(" %", "\N{NO-BREAK SPACE}%")
    run = {"kind": kind, "text": text}
    return {**run, "url": part["refuri"]} if kind == "link" else run


def _unknown(path: str | Path, part: nodes.Node) -> FewskyError:
    return FewskyError(
        f"{path}: wanted paragraphs with emphasis, strong, literal, sub- or superscript and links; "
        f"found {part.tagname} ({part.astext()[:40]!r}). Write it in plain words."
    )
