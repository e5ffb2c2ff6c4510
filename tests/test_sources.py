"""The files a job depends on are found from its imports, and imports go one way."""

from backprop import sources

PACKAGE = sources.PACKAGE


def names(*modules):
    return {str(path.relative_to(PACKAGE)) for path in sources.closure(*modules)}


def test_training_depends_on_the_engine_and_not_on_figures_or_text():
    found = names("backprop.experiments.symmetry.train")
    assert {"experiments/symmetry/train.py", "experiments/symmetry/protocol.py", "training.py", "networks.py"} <= found
    assert not any(word in name for name in found for word in ("figures", "findings", "plots", "report", "claims"))


def test_figures_do_not_depend_on_the_engine():
    found = names("backprop.experiments.symmetry.figures")
    assert any(name.startswith("plots") for name in found)
    assert "training.py" not in found


def test_figure_names_are_those_of_the_module():
    from importlib import import_module

    for experiment in sources.experiments():
        declared = sources.figure_names(experiment)
        if (PACKAGE / "experiments" / experiment / "figures.py").exists():
            assert declared == list(import_module(f"backprop.experiments.{experiment}.figures").FIGURES)


def test_a_template_quotes_the_experiments_it_names(tmp_path):
    template = tmp_path / "page.md.j2"
    template.write_text("<% set x = symmetry.values.a %> a line, evolved_symmetry.values, << online.claims >>, method")
    assert sources.quoted(template) == ["evolved_symmetry", "online", "symmetry"]


# From the bottom up: a module may import from rooms before its own, never from those after it.
ROOMS = (
    ("protocol",),
    ("names",),
    ("sources", "wording", "devices", "analysis", "statistics", "means", "estimators", "perceptrons", "functions"),
    ("store", "activations", "connections", "updates", "claims", "plots", "config"),
    ("networks", "tables", "judging", "datasets"),
    ("fused", "criteria", "runs"),
    ("presentation",),
    ("training",),
    ("experiments",),
    ("stages", "report"),
    ("assignment",),
    ("__main__",),
)


def room(path):
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return next((level for level, rooms in enumerate(ROOMS) if name in rooms), None)


def test_imports_go_one_way():
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path == PACKAGE / "__init__.py":
            continue
        assert room(path) is not None, f"{path.name} has no room yet: add it to ROOMS"
        for imported in sources._imported(path):
            same_folder = imported.relative_to(PACKAGE).parts[0] == path.relative_to(PACKAGE).parts[0]
            if imported != path and not same_folder and room(imported) >= room(path):
                wrong.append(f"{path.relative_to(PACKAGE)} imports {imported.relative_to(PACKAGE)}")
    assert not wrong


def test_experiments_do_not_import_each_other_except_the_studies_of_symmetry():
    for path in sorted((PACKAGE / "experiments").rglob("*.py")):
        home = path.parent.name
        for imported in sources._imported(path):
            other = imported.parent.name
            if "experiments" in imported.parts and other != home and imported.name != "__init__.py":
                assert other == "symmetry", f"{path} imports {imported}"


def test_only_training_imports_torch():
    for path in sources.closure(*(f"backprop.experiments.{e}.{s}" for e in sources.experiments()
                                  for s in ("protocol", "analyse", "findings", "figures"))):  # fmt: skip
        assert "import torch" not in path.read_text(), f"{path} imports torch"
