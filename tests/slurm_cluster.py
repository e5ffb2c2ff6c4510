"""A Slurm cluster of this machine alone, for tests: its own munge, controller and node, on the loopback interface.

    python -m tests.slurm_cluster sinfo          # runs a command in such a cluster, and removes the cluster

Everything is in a temporary folder, so that nothing of an installed cluster is used or changed. No systemd and no
cgroups are needed; the processes run as the user who starts them.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel")
SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
CPUS = 2
SECONDS = 30
"""How long the cluster may take to start."""

CONFIGURATION = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1
KillWait=2
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=8000 State=UNKNOWN
PartitionName=short Nodes=node Default=YES MaxTime=120 State=UP
"""


def missing() -> list[str]:
    """The programs that are not installed: Debian and Ubuntu have them in the packages slurm-wlm and munge."""
    return [name for name in PROGRAMS if shutil.which(name, path=SEARCHED) is None]


@contextlib.contextmanager
def cluster() -> Iterator[dict[str, str]]:
    """Start a cluster; yields the variables with which Slurm's commands find it. It ends with the block.

    Raises:
        RuntimeError: if the node is not ready in time, with the ends of the logs.
    """
    # the path of a socket has at most 107 characters, so pytest's own folders are too deep
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    folder.chmod(0o755)  # munge insists
    running: list[subprocess.Popen[bytes]] = []
    path = os.pathsep.join([str(folder / "bin"), SEARCHED])
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}
    try:
        _configure(folder)
        start = _starter(folder, environment, running)
        start(
            "munged", "--foreground", "--force", "--num-threads=2", f"--key-file={folder}/munge.key",
            f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log",
            f"--seed-file={folder}/munge.seed",
        )  # fmt: skip
        _wait(lambda: (folder / "munge.socket").exists(), folder)
        start("slurmctld", "-D")
        start("slurmd", "-D", "-N", "node")
        _wait(lambda: b"idle" in _output(["sinfo", "--noheader", "--format=%T"], environment), folder)
        yield {name: environment[name] for name in ("SLURM_CONF", "PATH")}
    finally:
        _output(["scancel", "--quiet", f"--user={getpass.getuser()}"], environment)
        _end(running, environment)
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path) -> None:
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    # Snakemake's plugin for steps within a Slurm job removes all variables of Slurm from the environment of srun
    srun = folder / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun", path=SEARCHED)} "$@"\n')
    srun.chmod(0o755)
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in sockets]
    host = socket.gethostname().partition(".")[0]
    text = CONFIGURATION.format(host=host, ports=ports, user=getpass.getuser(), folder=folder, cpus=CPUS)
    (folder / "slurm.conf").write_text(text)
    # without cgroups; older versions cannot leave them out, but need none for these settings
    version = re.findall(rb"\d+", _output([shutil.which("slurmd", path=SEARCHED) or "slurmd", "-V"], dict(os.environ)))
    plugin = "disabled" if int(version[0]) >= 23 else "cgroup/v1\nCgroupAutomount=no"
    (folder / "cgroup.conf").write_text(f"CgroupPlugin={plugin}\n")


def _starter(folder: Path, environment: dict[str, str], running: list[subprocess.Popen[bytes]]) -> Callable[..., None]:
    def start(program: str, *options: str) -> None:
        path = shutil.which(program, path=SEARCHED) or program
        with (folder / f"{program}.out").open("wb") as out:
            running.append(subprocess.Popen([path, *options], env=environment, stdout=out, stderr=out))

    return start


def _output(command: list[str], environment: dict[str, str]) -> bytes:
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=20).stdout


def _wait(ready: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        if time.monotonic() > deadline:
            logs = [*sorted(folder.glob("*.log")), *sorted(folder.glob("*.out"))]
            ends = [f"{path.name}: {path.read_text(errors='replace')[-1500:]}" for path in logs]
            raise RuntimeError("the Slurm cluster does not start.\n" + "\n".join(ends))
        time.sleep(0.2)


def _end(running: list[subprocess.Popen[bytes]], environment: dict[str, str]) -> None:
    """End the jobs, and the programs in the reverse order of their start."""
    deadline = time.monotonic() + 10
    while len(running) > 1 and time.monotonic() < deadline and _output(["squeue", "--noheader"], environment).strip():
        time.sleep(0.2)
    for process in reversed(running):
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    if missing():
        sys.exit(f"not installed: {', '.join(missing())}; on Debian: apt-get install slurm-wlm munge")
    with cluster() as variables:
        status = subprocess.run(sys.argv[1:], env=os.environ | variables, check=False).returncode
    sys.exit(status)
