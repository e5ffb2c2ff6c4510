"""Templates print: no computation, no containers, one sentence per line; values() of an experiment does the rest."""

import re

import pytest
import yaml
from jinja2 import nodes

from backprop.documents import pages
from backprop.documents.templates import environment
from backprop.evidence import formatting

TEMPLATES = [
    *sorted(pages.KIT.glob("sections/*.j2")),
    *sorted(pages.KIT.glob("labs/*.j2")),
    pages.KIT / "assignment.md.j2",
    pages.KIT / "live.html.j2",
]
FILTERS = {*formatting.FILTERS, "length", "tojson"}
FUNCTIONS = {"claims_table", "protocol_table", "scoreboard"}
PATH = (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const)
PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.Filter, nodes.Call,
    nodes.Keyword, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, *PATH,
)  # fmt: skip


def texts():
    """Every template: the sections, the assignment, and the texts of the claims."""
    for path in TEMPLATES:
        yield path.name, path.read_text(encoding="utf-8")
    for path in sorted((pages.KIT / "claims").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for id_, entry in (content.get("claims") or {}).items():
            for key, text in entry.items():
                yield f"{path.name}, {key} of {id_}", text
        for name, text in (content.get("rules") or {}).items():
            yield f"{path.name}, rule {name}", text


def computations(text):
    """What a template does besides printing, plain branches and loops, as sentences."""
    for node in environment().parse(text).find_all(nodes.Node):
        line = f"line {node.lineno}"
        if not isinstance(node, PLAIN) and not isinstance(node, nodes.EvalContext):
            yield f"{line}: {type(node).__name__}"
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield f"{line}: the filter {node.name}"
        elif isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name in FUNCTIONS):
            yield f"{line}: a call"
        elif isinstance(node, nodes.Assign) and not (isinstance(node.target, nodes.Name) and is_path(node.node)):
            yield f"{line}: set to something else than a name for a value"


def is_path(node):
    """Whether the node only walks through mappings: symmetry.values.variants["paper"]."""
    if isinstance(node, nodes.Name):
        return True
    if isinstance(node, nodes.Getattr):
        return is_path(node.node)
    return isinstance(node, nodes.Getitem) and is_path(node.node) and isinstance(node.arg, nodes.Const)


@pytest.mark.parametrize(("name", "text"), [pytest.param(name, text, id=name) for name, text in texts()])
def test_templates_compute_nothing(name, text):
    assert not list(computations(text)), name


@pytest.mark.parametrize(
    "text",
    [
        "<< 2 * x >>",
        "<% set k = {} %>",
        "<% set k = rows | sort %>",
        "<% for r in rows | selectattr('a') %><% endfor %>",
        "<< rows | map(attribute='a') | join >>",
        "<< x.items() >>",
        "<% if x - y > 1 %><% endif %>",
        "<< 'a' if x else 'b' >>",
        "<< [a, b] | interval >>",
        "<< rows[0:1] >>",
    ],
)
def test_a_computation_is_noticed(text):
    assert list(computations(text))


SENTENCE_END = re.compile(r"(?<!\b[A-Z])(?<!\bvs)(?<!\bp)(?<!\bpp)(?<!\bFig)(?<!\bFigs)[.?!][)”\"]? +(?=[A-Z@<*\[])")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_each_line_holds_one_sentence(path):
    """Rewording a sentence then changes one line; tables, code and alternative texts are exempt."""
    code, wrong = False, []
    text = re.sub(r"<#.*?#>", lambda comment: "\n" * comment[0].count("\n"), path.read_text("utf-8"), flags=re.DOTALL)
    for number, line in enumerate(text.splitlines(), start=1):
        code ^= line.startswith("```")
        prose = re.sub(r'alt="[^"]*"', "", line)
        if not code and not line.startswith("|") and SENTENCE_END.search(re.sub(r"<[<%#].*?[>%#]>", "x", prose)):
            wrong.append(f"{path.name}, line {number}")
    assert not wrong
