"""The files a job depends on are found from its imports, and imports go one way."""

import ast

from backprop import dependencies

PACKAGE = dependencies.PACKAGE


def names(*modules):
    return {str(path.relative_to(PACKAGE)) for path in dependencies.closure(*modules)}


def test_training_depends_on_the_engine_and_not_on_figures_or_text():
    found = names("backprop.experiments.symmetry.train")
    assert {"experiments/symmetry/train.py", "experiments/symmetry/protocol.py", "engine/training.py"} <= found
    assert not any(word in name for name in found for word in ("figures", "findings", "plots", "documents", "claims"))


def test_figures_do_not_depend_on_the_engine():
    found = names("backprop.experiments.symmetry.figures")
    assert any(name.startswith("plots") for name in found)
    assert "engine/training.py" not in found


def test_figure_names_are_those_of_the_module():
    from importlib import import_module

    for experiment in dependencies.experiments():
        declared = dependencies.figure_names(experiment)
        if (PACKAGE / "experiments" / experiment / "figures.py").exists():
            assert declared == list(import_module(f"backprop.experiments.{experiment}.figures").FIGURES)


# What each package or module may import besides itself. From the bottom up.
MAY_IMPORT = {
    "values": set(),
    "plain_text": set(),
    "strict_yaml": {"values"},
    "protocol": {"values"},
    "dependencies": set(),
    "progress": set(),
    "choices": {"values"},
    "results": {"protocol"},
    "evidence": {"protocol"},
    "engine": {"choices", "progress", "protocol"},
    "search": {"choices"},
    "plots": {"evidence", "protocol"},
    "shards": {"protocol", "values"},
    "costs": {"protocol", "shards"},
    "config": {"choices", "dependencies", "engine", "protocol", "shards", "strict_yaml", "values"},
    "datasets": {"protocol", "results"},
    "experiments": {
        "choices", "datasets", "engine", "evidence", "plots", "progress", "protocol", "results", "search", "values",
    },
    "diagnosis": {
        "engine", "evidence", "experiments", "plain_text", "plots", "protocol", "results", "strict_yaml", "values",
    },
    "verification": {"plain_text", "results", "values"},
    "stages": {"datasets", "plots", "protocol", "results", "values"},
    "documents": {"choices", "evidence", "protocol", "results", "shards", "strict_yaml", "values"},
    "cli": {
        "choices", "config", "costs", "datasets", "dependencies", "diagnosis", "documents", "protocol", "results",
        "shards", "stages", "values", "verification",
    },
    "threads": set(),
    "__main__": {"cli", "threads"},
}  # fmt: skip


def package(path):
    """The package of this file, or the module if it is directly in `backprop`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_each_package_imports_only_what_it_may():
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path == PACKAGE / "__init__.py":
            continue
        assert package(path) in MAY_IMPORT, f"{package(path)} is new: say in MAY_IMPORT what it may import"
        for imported in dependencies.imports(path):
            if package(imported) not in MAY_IMPORT[package(path)] | {package(path)}:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {imported.relative_to(PACKAGE)}")
    assert not wrong


def test_the_packages_form_no_circle():
    """Listed in MAY_IMPORT from the bottom up: a package may import only those above it in the list."""
    order = list(MAY_IMPORT)
    for name, allowed in MAY_IMPORT.items():
        assert all(order.index(other) < order.index(name) for other in allowed), name


def test_experiments_do_not_import_each_other_except_the_studies_of_symmetry():
    for path in sorted((PACKAGE / "experiments").rglob("*.py")):
        home = path.parent.name
        for imported in dependencies.imports(path):
            other = imported.parent.name
            if "experiments" in imported.parts and other != home and imported.name != "__init__.py":
                assert other == "symmetry", f"{path} imports {imported}"


def test_only_training_imports_torch():
    """At the top of a module; `datasets` imports torchvision within the functions that decode archives."""
    stages = ("protocol", "analyse", "findings", "figures")
    for path in dependencies.closure(
        *(f"backprop.experiments.{e}.{s}" for e in dependencies.experiments() for s in stages)
    ):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
            if isinstance(statement, ast.ImportFrom):
                names = [statement.module or ""]
            assert not any(name.split(".")[0] in ("torch", "torchvision") for name in names), f"{path} imports torch"
