"""Where figures, verdicts and the software come from: links in the pages, versions, the commit, times of a run."""

import re
import subprocess
from types import SimpleNamespace

import pytest

from backprop.documents import pages, provenance, software
from backprop.results import times
from backprop.stages import draw

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt" viewBox="0 0 9 9"><path d="M0 0L9 9"/></svg>\n'
TEXT = """# A {#sec:a}

See @fig:a.

![A picture.](figure:symmetry/a){#fig:a alt="A line."}

| | Claim |
|--|----|
| S1 | []{.sources experiment=symmetry} |
"""
PROTOCOLS = {"paper": {"seeds": 4000}, "patient": {"seeds": 4000}, "few": {"seeds": 10}}


def lines(tmp_path, files, folder=None, protocols=PROTOCOLS):
    """The lines of sources in the page, as texts and as the addresses of their links."""
    path = tmp_path / "a.svg"
    path.write_bytes(draw.with_sources(SVG, files) if files else SVG)
    sources = provenance.Sources(
        {"symmetry": {"protocols": protocols}}, {"symmetry/a": path}, folder or software.ROOT / "results/report"
    )
    document = provenance.with_sources(pages.parse(TEXT), sources)
    page = pages.to_html(document, {"title": "T"}, {"symmetry/a": path})
    main = page[page.index("<main") :]
    found = re.findall(r'class="sources">(.*?)</(?:div|span)>', main, flags=re.DOTALL)
    return [(" ".join(re.sub("<.*?>", "", line).split()), re.findall('href="([^"]*)"', line)) for line in found]


def test_a_figure_and_a_claim_link_to_their_code_and_data(tmp_path):
    figure, claim = lines(tmp_path, ["paper/networks.parquet"])
    assert figure == (
        "Drawn by symmetry/figures.py from symmetry/paper/networks.parquet; data of seeds 0 to 3,999",
        ["../../src/backprop/experiments/symmetry/figures.py", "../symmetry/paper/networks.parquet"],
    )
    assert claim == (
        "Judged by symmetry/findings.py from symmetry/findings.json;"
        " data of seeds 0 to 3,999; some variants have fewer",
        ["../../src/backprop/experiments/symmetry/findings.py", "../symmetry/findings.json"],
    )
    for _, links in (figure, claim):
        assert (software.ROOT / "results/report" / links[0]).resolve().is_file()


def test_many_files_are_counted_and_lists_of_seeds_are_ranges(tmp_path):
    files = ["few/networks.parquet", "paper/networks.parquet", "paper/trained.safetensors"]
    (text, links), _ = lines(tmp_path, files, protocols={"paper": {"seeds": [3, 4, 5]}, "few": {"seeds": [3, 5]}})
    assert "from symmetry/few/networks.parquet, symmetry/paper/networks.parquet and 1 other file;" in text
    assert len(links) == 3 and text.endswith("data of seeds 3 to 5")


def test_without_the_sources_beside_it_a_page_names_the_code_and_links_to_none(tmp_path):
    (text, links), _ = lines(tmp_path, ["findings.json"], tmp_path / "report")
    assert text.startswith("Drawn by symmetry/figures.py from symmetry/findings.json")
    assert links == ["../symmetry/findings.json"]


def test_a_public_repository_takes_the_place_of_the_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "citation", lambda: {"repository-code": "https://example.org/a"})
    (_, links), _ = lines(tmp_path, ["findings.json"])
    assert links[0] == "https://example.org/a/blob/HEAD/src/backprop/experiments/symmetry/figures.py"


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_the_commit_is_that_of_the_checkout_and_says_whether_files_changed(tmp_path):
    """Nothing without git, in a folder inside another checkout, or where git is not installed."""
    assert software.commit(tmp_path) == {"commit": None, "changed": False}
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_text("1")
    git(tmp_path, "init")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-m", "one")
    found = software.commit(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", found["commit"]) and not found["changed"]
    (tmp_path / "a").write_text("2")
    assert software.commit(tmp_path) == {**found, "changed": True}
    assert software.commit(tmp_path / "inner") == {"commit": None, "changed": False}


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert software.commit(software.ROOT) == {"commit": None, "changed": False}


def test_the_citation_becomes_bibtex():
    about = {
        "title": "backprop-1986: a reproduction",
        "version": "0.1.0",
        "authors": [{"name": "The authors"}, {"family-names": "Lovelace", "given-names": "Ada"}],
    }
    assert software.bibtex(about) == (
        "@software{backprop1986,\n  author = {{The authors} and Lovelace, Ada},\n"
        "  title = {{backprop-1986: a reproduction}},\n  version = {0.1.0}\n}"
    )
    assert {row["name"] for row in software.describe()["packages"]} >= {"torch", "numpy", "numba", "snakemake"}


def test_times_are_summed_by_experiment(tmp_path):
    def write(name, rows):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(["s\th:m:s\tmax_rss", *rows]) + "\n", encoding="utf-8")

    write("train/symmetry/paper.tsv", ["10.5\t0:00:10\t700.2"])
    write("find/symmetry.tsv", ["1.5\t0:00:01\tNA"])
    write("report.tsv", ["20.0\t0:00:20\t-"])
    report, symmetry = times.read(tmp_path)
    assert report == times.Spent("report", 1, 20, 20, 0)
    assert symmetry == times.Spent("symmetry", 2, 12, 10.5, 700.2)
    rows = times.table([report, symmetry]).splitlines()
    assert rows[1].split() == ["report", "1", "20", "20", "0"] and rows[-1].split() == ["all", "3", "32", "20"]


@pytest.mark.parametrize("name", ["arrays", "table"])
def test_drawing_notes_the_files_that_a_figure_reads(tmp_path, monkeypatch, name):
    figures = {"read": lambda runs, _: getattr(runs["paper"], name), "values": lambda runs, _: runs["other"].variant}
    stage = SimpleNamespace(COLUMNS=(), FIGURES=figures)
    monkeypatch.setattr(draw.stages, "module", lambda *_: stage)
    monkeypatch.setattr(draw, "save", lambda _: SVG)
    monkeypatch.setattr(draw.Run, "arrays", {})
    monkeypatch.setattr(draw.Run, "table", {})
    (tmp_path / "findings.json").write_text(
        '{"values": {}, "verdicts": {}, "protocol": [], "protocols": {}, "provenance": {}}'
    )
    folders = {variant: tmp_path / variant for variant in ("paper", "other")}
    draw.run("symmetry", folders, tmp_path / "findings.json", tmp_path / "out")
    assert f"<metadata>paper/{draw.FILES[name]}</metadata>" in (tmp_path / "out/read.svg").read_text()
    assert "<metadata>findings.json</metadata>" in (tmp_path / "out/values.svg").read_text()
