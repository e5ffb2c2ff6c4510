"""Without a terminal: one line for each finished job."""

from __future__ import annotations

import logging
from typing import TextIO

from snakemake_logger_plugin_backprop.run import Message, Run


class Lines(logging.Handler):
    """Writes the messages of a run to a stream."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream, self._run = stream, Run()

    def emit(self, record: logging.LogRecord) -> None:
        """Write what a record says."""
        self._write(self._run.messages(record))

    def close(self) -> None:
        """Write how the run ended."""
        self._write(self._run.end())
        super().close()

    def _write(self, messages: list[Message]) -> None:
        for message in messages:
            print(message.text, file=self._stream, flush=True)
