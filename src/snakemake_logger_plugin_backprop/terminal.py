"""In a terminal: a bar for the whole run, and the running jobs with their own progress."""

from __future__ import annotations

import logging
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from backprop import progress
from snakemake_logger_plugin_backprop.run import Kind, Message, Run

REFRESHES = 2
"""Per second: enough for lines of progress that are seconds apart."""

WIDE = 100
"""From this number of columns on, each job has a bar of its own."""


class Terminal(logging.Handler):
    """Shows the state of a run at the bottom of the terminal, and above it what a user should read."""

    def __init__(self, stream: TextIO, nocolor: bool) -> None:
        super().__init__()
        self._console = Console(file=stream, no_color=nocolor, highlight=False)
        self._run = Run()
        self._live = Live(self, console=self._console, refresh_per_second=REFRESHES, transient=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record; the bar appears once the number of jobs is known."""
        self._print(self._run.messages(record))
        if self._run.total and not self._live.is_started:
            self._live.start()

    def close(self) -> None:
        """Remove the bar, and say how the run ended."""
        self._live.stop()
        self._print(self._run.end())
        super().close()

    def _print(self, messages: list[Message]) -> None:
        for message in messages:
            if message.kind is not Kind.FINISHED:
                self._console.print(Text(message.text, message.kind.value), soft_wrap=True)

    def __rich__(self) -> RenderableType:
        """The lines of the running jobs, as many as fit, and the bar."""
        jobs = [job for job in list(self._run.running.values()) if job.at_work]
        room = max(1, self._console.height - 3)
        wide = self._console.width >= WIDE
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(no_wrap=True, width=min(max((len(job.name) for job in jobs), default=0), 36))
        if wide:
            table.add_column(width=16)
        table.add_column(justify="right", width=4)
        table.add_column(justify="right", width=10, no_wrap=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis", style="dim")
        for job in jobs[:room]:
            state = job.state
            bar: list[RenderableType] = []
            if wide:
                bar = [ProgressBar(completed=state.percent, width=16) if state else ""]
            percent = f"{state.percent}%" if state else ""
            clock = f"{state.left} left" if state else progress.clock(job.seconds)
            table.add_row(job.name, *bar, percent, clock, state.text if state else "")
        whole = Table.grid(padding=(0, 1), expand=True)
        whole.add_column(ratio=1)
        whole.add_column(no_wrap=True)
        failed = f", {self._run.failed} failed" * bool(self._run.failed)
        text = f"{self._run.done} of {self._run.total} jobs{failed}, {progress.clock(self._run.seconds)}"
        if len(jobs) > room:
            text = f"{len(jobs)} running, {text}"
        whole.add_row(ProgressBar(total=self._run.total, completed=self._run.done), text)
        return Group(table, whole)
