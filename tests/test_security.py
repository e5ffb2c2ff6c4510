"""Nothing that a user, a file or a network supplies is executed, and no page runs or loads anything but its own."""

import ast
import base64
import hashlib
import io
import json
import os
import pickle
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbconvert.filters import markdown2html

from backprop.__main__ import main
from backprop.documents import assignment, pages, report, security, templates
from tests.pipeline import copy, guarded, snakemake
from tests.test_assignment import OPTIONS, RESULTS, TINY, kit

ROOT = Path(__file__).parents[1]

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)> &lt;b&gt; &#60;i&#62;',
    '#read("/etc/passwd") $x$ #import "a" @b <c> "q" \\',
    '"]) #panic("owned") (" = x',
    "<< 7*7 >> <% raw %> <# #> {{ 7*7 }} {% x %}",
    "![x](http://e.com/x.png) [a](javascript:alert(1)) `id`{=html} **b** @cite $$x$$ ^a^ ~b~",
    "$(touch owned) `touch owned` ; touch owned & \" ' ; touch owned ; ' \\ {author} {wildcards} {output} {{x}}",
    "two\nlines\r\n# heading\n\n```{=html}\n<script>alert(2)</script>\n```\n",
    "---\ntitle: x\n--- 1. x",
    "--help",
    "= heading",
)  # fmt: skip
"""Texts with markup of HTML, Typst, Jinja, Markdown, the shell and Snakemake."""


def straight(text):
    """Text on one line without the difference between straight and curved apostrophes."""
    return " ".join(text.replace("’", "'").split())


class Page(HTMLParser):
    """The text of a page, and what in it could run or load something."""

    def __init__(self, html):
        super().__init__()
        self.text, self.scripts, self.active = "", [], []
        self.open = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.open = tag if tag in ("script", "style") else ""
        if tag in ("script", "iframe", "object", "embed", "form", "svg"):
            self.active.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (name in ("src", "href") and not (value or "").startswith(("data:", "#"))):
                self.active.append(f"{tag} {name}={value}")

    def handle_endtag(self, _):
        self.open = ""

    def handle_data(self, data):
        self.text += "" if self.open else data


def author_in(pdf):
    """The author in the metadata of a PDF."""
    (found,) = re.findall(rb"<dc:creator>.*?<rdf:li>(.*?)</rdf:li>", pdf, re.DOTALL)
    for name, character in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
        found = found.replace(f"&{name};".encode(), character.encode())
    return found.decode()


def test_the_header_of_the_assignment_is_text_in_the_notebook_the_page_and_the_pdf(tmp_path):
    author, student_id, course = (" ".join(HOSTILE[start::3]) for start in range(3))
    header = {"title": author, "author": author, "student_id": student_id, "course": course}
    assignment.build(header, {**OPTIONS, "workarounds": []}, tmp_path, kit(tmp_path, TINY), RESULTS)
    page = Page((tmp_path / "assignment.html").read_text(encoding="utf-8"))
    cell = nbformat.read(tmp_path / "assignment.ipynb", as_version=4).cells[0].source
    assert cell.count("\n") == 2, "a heading, an empty line and one line"
    stock = Page(markdown2html(cell))
    assert not page.active
    assert not [found for found in stock.active if not found.startswith("a href=#")], "a link to the heading itself"
    for text in (author, student_id, course):
        assert straight(text) in straight(page.text)
        assert straight(text) in straight(stock.text)
    byline = security.one_line(" · ".join((author, student_id, course)))
    assert author_in((tmp_path / "assignment.pdf").read_bytes()) == byline


@pytest.mark.parametrize("text", HOSTILE)
def test_title_and_authors_of_the_report_are_text_in_the_page_and_the_pdf(text):
    document = pages.parse("# One\n\nText.\n")
    context = {"title": security.one_line(text), "subtitle": security.one_line(text), "author": [text, "B. Student"]}
    page, harmless = (
        Page(pages.to_html(document, own, {}))
        for own in (context, {"title": "T", "subtitle": "S", "author": ["A", "B"]})
    )
    assert page.active == harmless.active and set(page.active) == {"script"}, "the page's own"
    assert straight(page.text).count(straight(security.one_line(text))) >= 3
    assert b"pdfuaid:part" in pages.to_pdf(document, context, {})


@pytest.mark.parametrize("text", HOSTILE)
def test_a_template_shows_the_byline_as_text(text):
    byline = report._inert({"author": text})
    source = templates.render_text("By << author >>.", byline, "here")
    page = Page(pages.to_html(pages.parse(source), {"title": "T"}, {}))
    assert set(page.active) <= {"script"}, "the page's own"
    assert straight(f"By {text}") in straight(page.text)


@pytest.mark.pipeline
@pytest.mark.slow
@pytest.mark.parametrize("through", ["--configfile", "--config"])
def test_hostile_texts_pass_through_snakemake_and_the_shell_as_text(tmp_path, through):
    folder = copy(tmp_path / "project")
    (folder / "report/assignment.md.j2").write_text(TINY.replace("<< results.networks >>", "it"))
    byline = {"author": HOSTILE[6], "student_id": HOSTILE[7], "course": HOSTILE[9]}
    if through == "--config":
        byline = {"author": HOSTILE[0], "student_id": HOSTILE[6].replace("{", "("), "course": HOSTILE[9]}
    few = {"assignment": {"networks": 20, "sweeps": 10, "workarounds": []}}
    if through == "--configfile":
        (folder / "mine.json").write_text(json.dumps(few | byline))
        options = ["--configfile", "mine.json"]
    else:
        (folder / "mine.json").write_text(json.dumps(few))
        options = ["--configfile", "mine.json", "--config", *(f"{key}={value}" for key, value in byline.items())]
    run = snakemake(folder, "assignment", *options)
    assert run.returncode == 0, run.stdout + run.stderr
    assert not list(folder.rglob("owned"))
    text = straight(Page((folder / "results/assignment/assignment.html").read_text(encoding="utf-8")).text)
    assert all(straight(value) in text for value in byline.values())


# Files


class Malicious:
    """An object whose pickle creates the file `path` when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def saved(write):
    content = io.BytesIO()
    write(content)
    return content.getvalue()


def object_array(evil):
    array = np.empty(1, dtype=object)
    array[0] = evil
    return array


def archive(evil):
    """A .npz file, and a checkpoint's layout, whose member is a pickle."""
    return saved(lambda file: zipfile.ZipFile(file, "w").writestr("w.npy", pickle.dumps(evil)))


MALICIOUS = {
    "w.pt": lambda evil: saved(lambda file: torch.save({"fc1.weight": evil}, file)),
    "w.pth": pickle.dumps,
    "old.pt": lambda evil: saved(lambda file: torch.save(evil, file, _use_new_zipfile_serialization=False)),
    "w.npy": lambda evil: saved(lambda file: np.save(file, object_array(evil), allow_pickle=True)),
    "plain.npy": pickle.dumps,
    "w.npz": lambda evil: saved(lambda file: np.savez(file, w=object_array(evil))),
    "plain.npz": pickle.dumps,
    "member.npz": archive,
    "w.safetensors": pickle.dumps,
    "w.json": pickle.dumps,
}


@pytest.mark.parametrize("name", MALICIOUS)
def test_a_malicious_file_of_weights_executes_nothing(tmp_path, capsys, name):
    mark = tmp_path / "owned"
    (tmp_path / name).write_bytes(MALICIOUS[name](Malicious(mark)))
    assert main(["inspect", str(tmp_path / name)]) == 2
    assert not mark.exists()
    message = capsys.readouterr().err
    assert message.startswith(f"backprop: {tmp_path / name}: ") and message.count("\n") == 1
    pickle.loads(pickle.dumps(Malicious(mark)))
    assert mark.exists(), "the pickle would have done it"


EXECUTE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
"""Modules whose readers execute what a file says."""

FORBIDDEN = {"eval", "exec", "system", "popen", "read_pickle", "unsafe_load", "full_load", "load_module"}
"""Functions that execute text or a file."""

NEEDED = {
    "load": {"torch": ("weights_only", True), "np": ("allow_pickle", False)},
    "read_array": {"format": ("allow_pickle", False)},
}
"""An argument that a call must have, by the function and the module."""


def dangers(source):
    """Each call or import in a source text that could execute what a file or a user says, as a sentence."""
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (f"imports {name}" for name in names if name.split(".")[0] in EXECUTE)
        if not isinstance(node, ast.Call):
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        module = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if function in FORBIDDEN and not (function == "eval" and isinstance(node.func, ast.Attribute)):
            yield f"calls {function}"
        if "shell" in given:
            yield "starts a shell"
        argument, wanted = NEEDED.get(function, {}).get(module, ("", None))
        if argument and getattr(given.get(argument), "value", None) is not wanted:
            yield f"calls {module}.{function} without {argument}={wanted}"
        if (module, function) == ("yaml", "load") and getattr(given.get("Loader"), "id", "") != "_Loader":
            yield "loads YAML with another loader than the strict one"


def test_no_source_file_reads_a_pickle_or_executes_text():
    files = [path for folder in ("src", "report", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    assert not [(path.name, danger) for path in files for danger in dangers(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from joblib import load", "torch.load(f)", "torch.load(f, weights_only=False)", "np.load(f)",
        "np.load(f, allow_pickle=True)", "np.lib.format.read_array(f)", "yaml.load(f, Loader=yaml.Loader)", "eval(x)",
        "subprocess.run(x, shell=True)", "os.system(x)", "pd.read_pickle(f)",
    ],
)  # fmt: skip
def test_a_danger_in_a_source_file_is_noticed(source):
    assert list(dangers(source))


# Pages


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(html):
    """The directives of a page's policy, which must follow the charset."""
    head = r'<head>\s*<meta charset="utf-8"/?>\s*<meta http-equiv="Content-Security-Policy" content="([^"]*)">'
    found = re.search(head, html)
    assert found, "no policy at the start of the head"
    return dict(directive.split(" ", 1) for directive in found[1].split("; "))


HEAD = '<html><head>\n<meta charset="utf-8">\n'


def test_the_policy_lists_the_scripts_and_styles_of_the_page():
    html = f"{HEAD}<style>a{{}}</style></head><body><script>1 < 2 && '</b>'</script><style>a{{}}</style></body></html>"
    found = policy(security.with_policy(html))
    assert found == {
        "default-src": "'none'", "script-src": digest("1 < 2 && '</b>'"), "style-src-elem": digest("a{}"),
        "style-src-attr": "'none'", "style-src": digest("a{}"), "img-src": "data:", "font-src": "data:",
        "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip
    assert policy(security.with_policy(f"{HEAD}</head><p style='x'>"))["style-src-attr"] == "'unsafe-inline'"
    assert policy(security.with_policy(f"{HEAD}</head>"))["script-src"] == "'none'"
    with pytest.raises(ValueError, match="no charset"):
        security.with_policy("<html></html>")


def test_the_page_of_an_inspection_has_a_policy(tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main(["inspect", str(ROOT / "config/examples/figure_1.json"), "--html", str(page)]) == 0
    assert policy(page.read_text(encoding="utf-8"))["script-src"] == "'none'"


# Network


@pytest.mark.pipeline
def test_nothing_but_fetch_opens_a_connection(finished):
    """Of a whole run, to the documents and the executed notebook."""
    log = finished.parent / "guard" / "connections"
    lines = log.read_text().splitlines() if log.exists() else []
    assert not [line for line in lines if "'fetch'" not in line]


def test_a_connection_is_noticed(tmp_path):
    variables = os.environ | guarded(tmp_path / "guard", tmp_path)
    program = "import socket; socket.socket().connect_ex(('127.0.0.1', 9)); socket.gethostbyname('localhost')"
    subprocess.run([sys.executable, "-c", program], env=variables, check=True)
    assert len((tmp_path / "guard/connections").read_text().splitlines()) == 2
