"""Runs of the pipeline in copies of the project, for the tests that need one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUICK = ("--configfile", "config/quick.yaml")
NOT_COPIED = {"results", "data", ".venv", ".git", ".snakemake", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


GUARD = '''"""Notes each connection and each look-up of a host, with the command that makes it."""
import os
import sys


def note(event, arguments):
    where = arguments[-1] if event in ("socket.connect", "socket.sendto") else arguments[:1]
    events = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")
    if event in events and type(where) is tuple:
        with open(os.environ["CONNECTIONS"], "a") as log:
            log.write(f"{event} {where} {sys.argv}\\n")


sys.addaudithook(note)
'''


def guarded(home, folder):
    """Variables with which each Python that a run in `folder` starts notes its connections in `home`/connections."""
    home.mkdir()
    (home / "sitecustomize.py").write_text(GUARD)
    return {"PYTHONPATH": f"{home}:{folder / 'src'}", "CONNECTIONS": str(home / "connections")}


def snakemake(folder, *options, cores=2, python=sys.executable, umask=-1, **more):
    """Run Snakemake in a copy of the project, with the source files of the copy; `more` are variables of the shell."""
    command = [str(python), "-m", "snakemake", "--cores", str(cores), *options]
    return subprocess.run(
        command, cwd=folder, env=variables(folder) | more, umask=umask, capture_output=True, text=True, check=False
    )


def variables(folder):
    """The variables of a shell in that folder."""
    return os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}


def planned(folder, *options):
    """How many jobs of each rule a dry run plans."""
    run = snakemake(folder, "--dry-run", *options, *QUICK)
    assert run.returncode == 0, run.stdout + run.stderr
    counts = re.findall(r"^([a-z_0-9]+) +(\d+)$", run.stdout + run.stderr, re.MULTILINE)
    return {rule: int(count) for rule, count in counts if rule != "total"}


def copy(target):
    """A copy of the project without generated files; the package `results` is not the folder of results."""

    def ignored(folder, names):
        return {name for name in names if name == "__pycache__" or (Path(folder) == ROOT and name in NOT_COPIED)}

    shutil.copytree(ROOT, target, ignore=ignored, dirs_exist_ok=True)
    return target
