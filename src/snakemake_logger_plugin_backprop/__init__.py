"""What Snakemake prints while it runs this project: a progress bar in a terminal, elsewhere a line per finished job.

Snakemake finds logger plugins by the prefix of their package. `profiles/default` selects this one. A dry run,
`--verbose`, `--printshellcmds` and `--debug-dag` ask for details, so they have Snakemake's own messages.
"""

from __future__ import annotations

import copy
import logging
import os
import sys

from snakemake.logging import ColorizingTextHandler, DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase

from snakemake_logger_plugin_backprop import mistakes
from snakemake_logger_plugin_backprop.lines import Lines
from snakemake_logger_plugin_backprop.terminal import Terminal

__all__ = ["LogHandler"]


class LogHandler(LogHandlerBase):
    """Passes the records that `--quiet` permits to one of three displays."""

    def __post_init__(self) -> None:
        """Choose the display."""
        settings = self.common_settings
        stream = sys.stdout if settings.stdout else sys.stderr
        self._display: logging.Handler
        if settings.dryrun or settings.verbose or settings.printshellcmds or settings.debug_dag:
            formatter = DefaultFormatter(settings.quiet, settings.show_failed_logs)
            self._display = ColorizingTextHandler(settings.nocolor, stream, formatter)
        elif stream.isatty() and os.environ.get("TERM") not in (None, "dumb"):
            self._display = Terminal(stream, settings.nocolor)
        else:
            self._display = Lines(stream)

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, in the thread of Snakemake's queue."""
        if sentence := mistakes.in_words(record):
            record = copy.copy(record)
            record.msg, record.args = f"WorkflowError:\n{sentence}", None
        self._display.emit(record)

    def close(self) -> None:
        """Say how the run ended. Snakemake calls this more than once."""
        self._display.close()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's own messages."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake writes the complete log."""
        return False

    @property
    def has_filter(self) -> bool:
        """Snakemake's filter applies `--quiet`."""
        return False

    @property
    def has_formatter(self) -> bool:
        """The displays format what they show."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """Only the numbers of jobs are shown."""
        return False
