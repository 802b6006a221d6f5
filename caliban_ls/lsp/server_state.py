"""A server as its handlers see it: the session, the threads that work for it, and what it knows of files."""

from __future__ import annotations

import asyncio

from caliban_ls.lsp import execute_command
from caliban_ls.lsp.session import Session
from caliban_ls.lsp.workspace_index import WorkspaceIndex


class Server(Session):
    """The session, the threads that work for it, and what is still to be published."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version)
        self.workers = execute_command.Workers()
        self.index = WorkspaceIndex(self.projects, self.next_result_id)
        self.to_refresh: asyncio.TimerHandle | None = None
        self.to_publish: dict[str, asyncio.TimerHandle] = {}
        self.published: set[str] = set()

    def is_working(self) -> bool:
        """Return whether a command that was asked to stop goes on."""
        return len(self.workers) > 0

    async def stop_working(self, seconds: float) -> None:
        """Stop all commands."""
        await self.workers.stop(seconds)
