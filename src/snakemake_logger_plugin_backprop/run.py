"""What the records of Snakemake say about a run, and the messages that a user needs of it."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from backprop import progress

LOG_LINES = 30
"""Lines shown of the log of a failed job."""

SKEW = 2.0
"""Seconds by which a file's time may be before the present one."""

INTERRUPTED = "backprop: interrupted"
"""The last words of a job after Ctrl-C, which is no failure."""

WITH_LOG = {"fetch"}
"""Rules whose log is shown after success too: it says where the data come from."""

# Messages of Snakemake and its executors that say nothing to a user; the complete log has them.
UNTOLD = re.compile(
    r"Assuming unrestricted|Config file |host: |Building DAG|Using shell: |Conda environments: |Group jobs: "
    r"|Select jobs|Execute \d|Removing output files|Elapsed time|Exiting because|SLURM run ID|Job \S+ has been"
    r" submitted|Cleaning up SLURM|Shutting down|WorkflowError:\nAt least one job did not|Provided remote nodes|None$|$"
)


class Kind(Enum):
    """What a message is about; displays differ in what they show, and in which colour."""

    FINISHED = ""
    NOTE = "bold"
    WARNING = "yellow"
    ERROR = "red"
    END = "green"


@dataclass(frozen=True)
class Message:
    """One or more lines for the user."""

    kind: Kind
    text: str


@dataclass
class Job:
    """A job under way; `log` is its file, if it has one, and `at_work` whether it runs a command."""

    rule: str
    name: str
    log: Path | None
    documents: list[str]
    at_work: bool
    started: float

    def tail(self, size: int) -> str:
        """The last `size` bytes of the log; nothing of the log of an earlier run."""
        if self.log is None:
            return ""
        try:
            with self.log.open("rb") as file:
                status = os.fstat(file.fileno())
                file.seek(max(0, status.st_size - size))
                return file.read().decode("utf-8", "replace") if status.st_mtime >= self.started - SKEW else ""
        except OSError:
            return ""

    @property
    def state(self) -> progress.State | None:
        """How far the job is, if its log says so."""
        return progress.last(self.tail(2000))

    @property
    def seconds(self) -> float:
        """The time since the start, or since the submission to a cluster."""
        return time.time() - self.started


class Run:
    """The state of a run.

    Attributes:
        total, done, failed: numbers of jobs.
        running: the jobs that have started and not finished, by number.
    """

    def __init__(self) -> None:
        self.total = self.done = self.failed = 0
        self.running: dict[int, Job] = {}
        self.started = time.monotonic()
        self._documents: list[str] = []
        self._log = ""
        self._warnings: set[Message] = set()
        self._ended = False
        self._on: dict[LogEvent, Callable[[logging.LogRecord], Iterator[Message]]] = {
            LogEvent.RUN_INFO: self._counted,
            LogEvent.JOB_INFO: self._begun,
            LogEvent.JOB_FINISHED: self._finished,
            LogEvent.JOB_ERROR: self._broken,
            LogEvent.GROUP_ERROR: self._group_broken,
            LogEvent.PROGRESS: self._progressed,
        }

    @property
    def seconds(self) -> float:
        """The time since the start of the run."""
        return time.monotonic() - self.started

    def messages(self, record: logging.LogRecord) -> list[Message]:
        """Take note of a record; what a user should read about it."""
        event = getattr(record, "event", None)
        if event in self._on:
            return list(self._on[event](record))
        if event is None or event == LogEvent.ERROR:
            return list(self._told(record))
        return []

    def end(self) -> list[Message]:
        """How the run ended: once, and only if it had jobs."""
        if self._ended or not self.total:
            return []
        self._ended = True
        if self.done >= self.total and not self.failed:
            lines = [f"{_jobs(self.total)} done in {progress.clock(self.seconds)}."]
            return [Message(Kind.END, "\n".join(lines + [f"  {name}" for name in self._documents]))]
        state = f"{self.done} of {_jobs(self.total)} done" + f", {self.failed} failed" * bool(self.failed)
        lines = [f"Stopped after {progress.clock(self.seconds)}: {state}. The same command resumes."]
        return [Message(Kind.ERROR, "\n".join(lines + [f"The complete log: {self._log}"] * bool(self._log)))]

    def _counted(self, record: logging.LogRecord) -> Iterator[Message]:
        self.total = record.stats.get("total", 0)  # type: ignore[attr-defined]
        yield from ()

    def _begun(self, record: logging.LogRecord) -> Iterator[Message]:
        job = vars(record)
        name = " ".join([job["rule_name"], "/".join(map(str, job["wildcards"].values()))]).strip()
        documents = [path for path in job["output"] if path.endswith((".html", ".pdf"))]
        log = Path(job["log"][0]) if job["log"] else None
        self.running[job["jobid"]] = Job(job["rule_name"], name, log, documents, bool(job["shellcmd"]), time.time())
        yield from ()

    def _finished(self, record: logging.LogRecord) -> Iterator[Message]:
        self.done += 1
        job = self.running.pop(record.job_id, None)  # type: ignore[attr-defined]
        if job is None or not job.at_work:
            return
        self._documents += job.documents
        width = len(str(self.total))
        text = f"[{self.done:>{width}}/{self.total}] {job.name}, {job.seconds:.1f} s"
        yield Message(Kind.FINISHED, text)
        if job.rule in WITH_LOG and (log := job.tail(2000).strip()):
            yield Message(Kind.NOTE, log)

    def _broken(self, record: logging.LogRecord) -> Iterator[Message]:
        job = self.running.pop(record.jobid, None)  # type: ignore[attr-defined]
        if job is None:  # Snakemake repeats the errors of all jobs at the end
            return
        log = [line for line in job.tail(100_000).splitlines() if progress.last(line) is None]
        if log and log[-1] == INTERRUPTED:
            return
        self.failed += 1
        lines = [f"Failed: {job.name}, after {job.seconds:.1f} s."]
        details = vars(record)
        lines += [str(part) for part in (details.get("rule_msg"), *(details.get("aux") or {}).values()) if part]
        if job.log:
            says = "ends with:" if len(log) > LOG_LINES else "says:" if log else "is empty."
            lines += [f"The log {job.log} {says}", *(f"  {line}" for line in log[-LOG_LINES:])]
        lines += _other_logs(details["log"][1:])
        yield Message(Kind.ERROR, "\n".join(lines))

    def _group_broken(self, record: logging.LogRecord) -> Iterator[Message]:
        """A job of the cluster with several steps; an error of each of them follows."""
        if lines := _other_logs(vars(record)["aux_logs"]):
            yield Message(Kind.ERROR, "\n".join(lines))

    def _progressed(self, record: logging.LogRecord) -> Iterator[Message]:
        self.done, self.total = record.done, record.total  # type: ignore[attr-defined]
        yield from ()

    def _told(self, record: logging.LogRecord) -> Iterator[Message]:
        text = record.getMessage()
        if text.startswith("Complete log"):
            self._log = text.partition(":")[2].strip()
        elif text.startswith("Trying to restart job"):
            self.failed -= 1
            yield Message(Kind.WARNING, text)
        elif not UNTOLD.match(text):
            kind = Kind.ERROR if record.levelno >= logging.ERROR else Kind.NOTE
            message = Message(Kind.WARNING if record.levelno == logging.WARNING else kind, text)
            if message.kind is not Kind.WARNING or message not in self._warnings:
                self._warnings.add(message)
                yield message


def _other_logs(paths: Iterable[str]) -> list[str]:
    return [f"See also {path}" for path in paths]


def _jobs(number: int) -> str:
    return f"{number} job" + "s" * (number != 1)
