"""Adapt pygls 2.1: JSON-RPC as specified, the life of the server process, signals and error responses.

Knows no document and no command. For any input, every request gets exactly one reply, no notification gets one, and
nothing is done before `initialize`. Only this module uses private names of pygls, so its version is pinned.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn

from lsprotocol import types as lsp
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.lsp.server import LanguageServer
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    lsp_method,
)
from pygls.protocol.json_rpc import MsgId

from caliban_ls.core.errors import CalibanError, Cancelled, InvalidArguments
from caliban_ls.lsp.handshake import as_json, read_capabilities
from caliban_ls.lsp.transport import ForeignInput, FrameWriter, read_frames

if TYPE_CHECKING:
    from cattrs import Converter

log = logging.getLogger(__name__)

STOP_SECONDS: Final = 1.5
"""Seconds that a cancelled command has to stop; after them its request is answered even if it still runs."""

END_SECONDS: Final = 6.0
"""Seconds that cancelled work can delay the end of the process."""

COLLECTOR_PAUSE: Final = 0.05
"""Seconds without garbage collection after a message."""


_FIRST_MESSAGES: Final = (
    lsp.DidOpenTextDocumentNotification,
    lsp.DocumentDiagnosticRequest,
)
_FIRST_ANSWERS: Final = (
    JsonRPCResponseMessage,
    lsp.RelatedFullDocumentDiagnosticReport,
    lsp.Diagnostic,
    lsp.Range,
    lsp.Position,
)


@dataclass(frozen=True, slots=True)
class EncodedJson:
    """An answer that is JSON already, in ASCII.

    Encoding thousands of lenses or hints this way takes a tenth of the time that the protocol's types take, so the
    event loop is free sooner.
    """

    text: str


class Phase(Enum):
    """The requests that are allowed: only `initialize`, all, only `exit`."""

    NEW = "new"
    OPEN = "open"
    CLOSING = "closing"


class Protocol(LanguageServerProtocol):
    """JSON-RPC as its specification and that of LSP define it."""

    _server: StdioServer
    phase = Phase.NEW

    def __init__(self, server: StdioServer, converter: Converter) -> None:
        super().__init__(server, converter)
        converter.register_structure_hook(lsp.ClientCapabilities, read_capabilities)

    def receive(self, body: bytes) -> None:
        """Take one message. Called on the event loop, in the order of the messages; never raises."""
        try:
            data = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            self._reply(None, JsonRpcParseError("The message isn't JSON"))
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != self.VERSION:
            self._reply(None, JsonRpcInvalidRequest("A message must be one JSON-RPC 2.0 object"))
        elif "method" not in data:
            self._receive_response(data)
        elif "id" in data:
            self._receive_request(data)
        else:
            self._receive_notification(data)

    def structure_message(self, data: dict[str, Any]) -> Any:  # noqa: ANN401 - of 500 types
        """Return a message as an object of its type; passes on the exceptions of cattrs."""
        kind: Any
        if "method" in data:
            plain = JsonRPCRequestMessage if "id" in data else JsonRPCNotification
            kind = self.get_message_type(data["method"]) or plain
        elif "error" in data:
            kind = lsp.ResponseErrorMessage
        else:
            kind = self._result_types.pop(data["id"], None) or JsonRPCResponseMessage
        return self._converter.structure(data, kind)

    @lsp_method(lsp.SHUTDOWN)
    async def lsp_shutdown(self, *_params: object) -> None:  # type: ignore[override]  # pygls: a generator
        """Stop all work and then answer. The method of pygls fails on its own table of requests."""
        await self.stop_requests(but=self.msg_id)

    @lsp_method(lsp.EXIT)
    def lsp_exit(self, *_params: object) -> None:  # type: ignore[override]  # pygls: a generator
        """End the process. The method of pygls loses the exit code."""
        self._server.end()

    @lsp_method(lsp.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]  # pygls: a generator
        self, params: lsp.ExecuteCommandParams
    ) -> object:
        """Run a command as a coroutine, so that cancelling the request cancels the command."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise InvalidArguments(f"There is no command {params.command}", hint=_known(self.fm.commands))
        return await handler(params)

    def prepare_for_documents(self) -> None:
        """Make the converters that the first document needs."""
        for message in _FIRST_MESSAGES:
            self._converter.get_structure_hook(message)
        for part in _FIRST_ANSWERS:
            self._converter.get_unstructure_hook(part)

    async def stop_requests(self, but: MsgId | None = None) -> None:
        """Cancel every pending request, and wait until each has its answer."""
        # A copy, since a cancelled request leaves the dictionary.
        futures: list[object] = [one for msg_id, one in self._request_futures.items() if msg_id != but]
        for future in futures:
            if isinstance(future, (Future, asyncio.Future)):
                future.cancel()
        tasks = [future for future in futures if isinstance(future, asyncio.Future)]
        if tasks:
            await asyncio.wait(tasks)

    def _receive_request(self, data: dict[str, Any]) -> None:
        msg_id, method = data["id"], data["method"]
        if not isinstance(method, str) or isinstance(msg_id, bool) or not isinstance(msg_id, (str, int)):
            self._reply(None, JsonRpcInvalidRequest("A request has a method and an id, a string or a number"))
        elif self.phase is Phase.NEW and method != lsp.INITIALIZE:
            self._reply(msg_id, JsonRpcServerNotInitialized("The first request must be initialize"))
        elif self.phase is Phase.CLOSING:
            self._reply(msg_id, JsonRpcInvalidRequest("The server is shutting down"))
        elif self.phase is Phase.OPEN and method == lsp.INITIALIZE:
            self._reply(msg_id, JsonRpcInvalidRequest("The server is initialized already"))
        elif not self._is_known(method):
            self._reply(msg_id, JsonRpcMethodNotFound.of(method))
        elif not _may_be(method, request=True):
            self._reply(msg_id, JsonRpcInvalidRequest(f"{method} is a notification, so it has no id"))
        elif (message := self._structured(data)) is None:
            self._reply(msg_id, JsonRpcInvalidParams(f"The parameters of {method} don't fit its type"))
        else:
            if method == lsp.INITIALIZE:
                self.phase = Phase.OPEN
            elif method == lsp.SHUTDOWN:
                self.phase = Phase.CLOSING
            self.handle_message(message)

    def _receive_notification(self, data: dict[str, Any]) -> None:
        method = data["method"]
        if method == lsp.EXIT:
            self.lsp_exit()
        elif self.phase is Phase.OPEN and isinstance(method, str) and _may_be(method, request=False):
            known = method == lsp.CANCEL_REQUEST or self._is_known(method)
            if known and (message := self._structured(data)) is not None:
                self.handle_message(message)

    def _receive_response(self, data: dict[str, Any]) -> None:
        msg_id = data.get("id")
        asked = self._request_futures.get(msg_id) if isinstance(msg_id, (str, int)) else None
        if not isinstance(asked, Future):
            return
        with suppress(InvalidStateError):  # The answer is no longer needed.
            message = self._structured(data)
            if message is None:
                del self._request_futures[msg_id]  # type: ignore[arg-type]  # it was found by it
                asked.set_exception(JsonRpcInvalidParams("The client's answer doesn't fit its request"))
            else:
                self.handle_message(message)

    def _structured(self, data: dict[str, Any]) -> Any:  # noqa: ANN401 - see structure_message
        """Return the message as an object, None if it doesn't fit its method."""
        try:
            return self.structure_message(data)
        except Exception as error:  # noqa: BLE001 - cattrs and attrs' validators raise nearly everything
            from cattrs import transform_error

            # Only places and types are logged: the values may be private text.
            where = "; ".join(
                line.partition(" @ ")[2] or type(error).__name__ for line in transform_error(error)
            )
            log.warning("A %s message doesn't fit its type, at %s", data.get("method", "reply"), where)
            return None

    def _is_known(self, method: str) -> bool:
        return method in self.fm.builtin_features or method in self.fm.features

    def _reply(self, msg_id: MsgId | None, error: JsonRpcException) -> None:
        """Reject a message; without an id in it, with the null id that JSON-RPC demands and pygls doesn't send."""
        body = {"code": error.code, "message": error.message}
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "error": body})

    def _execute_handler(
        self,
        msg_id: MsgId,
        handler: Callable[..., Any],
        callback: Callable[[Future[Any]], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Run a handler and forget it when it has ended; pygls keeps every notification forever."""

        def done(future: Future[Any]) -> None:
            self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, done, args, kwargs)

    def _send_handler_result(self, future: Future[Any], *, msg_id: MsgId) -> None:
        """Answer a request; pygls sends tracebacks to the client."""
        if future.cancelled():
            self._send_response(msg_id, error=response_error(Cancelled("Cancelled as asked")))
        elif (error := future.exception()) is not None:
            self._send_response(msg_id, error=response_error(error))
        elif isinstance(result := future.result(), EncodedJson):
            self._send_encoded(msg_id, result)
        elif isinstance(result, lsp.InitializeResult):
            self._send_encoded(msg_id, EncodedJson(json.dumps(as_json(result))))
        else:
            self._send_response(msg_id, result=result)

    def notify_encoded(self, method: str, params: EncodedJson) -> None:
        """Send a notification."""
        self._send_text(f'"method": "{method}", "params": {params.text}')

    def _send_encoded(self, msg_id: MsgId, result: EncodedJson) -> None:
        self._send_text(f'"id": {json.dumps(msg_id)}, "result": {result.text}')

    def _send_text(self, members: str) -> None:
        body = f'{{"jsonrpc": "{self.VERSION}", {members}}}'
        if self.writer is not None:
            self.writer.write(f"Content-Length: {len(body)}\r\n\r\n{body}".encode("ascii"))

    def _serialize_message(self, data: Any) -> Any:  # noqa: ANN401 - an object of the protocol's
        # pygls makes JSON of the server's capabilities for its log, even where the log takes none.
        return as_json(data) if isinstance(data, lsp.ServerCapabilities) else super()._serialize_message(data)

    def _check_handler_result(self, future: Future[Any]) -> None:
        """Log the failure of a notification; pygls shows it to the user, at every keystroke."""
        if not future.cancelled() and (error := future.exception()) is not None:
            log.error("A notification couldn't be handled", exc_info=error)


class StdioServer(LanguageServer):
    """A language server on stdin and stdout that ends with its client."""

    protocol: Protocol

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version, protocol_cls=Protocol)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[int] | None = None
        self._writer: FrameWriter | None = None
        self._gone = threading.Event()

    def answer(self, method: str, handler: Callable[..., Any], options: object = None) -> None:
        """Have a handler answer a method: it takes this server and the parameters.

        pygls' `feature` looks at every signature and makes JSON of all options to see whether their types fit.
        """
        self.protocol.fm.features[method] = partial(handler, self)
        if options is not None:
            self.protocol.fm.feature_options[method] = options

    def answer_command(self, name: str, handler: Callable[[lsp.ExecuteCommandParams], Any]) -> None:
        """Have a handler run a command of the client's."""
        self.protocol.fm.commands[name] = handler

    def make_documents(self, make: Callable[..., Any]) -> None:
        """Use another class for open documents: called with URI, text, version and language.

        It needs `apply_change` and `version`. Call this in the `initialize` handler.
        """
        self.workspace._create_text_document = make  # type: ignore[method-assign]  # noqa: SLF001 - no other way

    @property
    def encoding(self) -> str:
        """The units that the client counts characters in: utf-8, utf-16 or utf-32."""
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    @property
    def backlog(self) -> int:
        """Bytes that the client hasn't read yet."""
        return 0 if self._writer is None else self._writer.backlog

    def run(self, incoming: BinaryIO, outgoing: int) -> int:
        """Serve until the client is gone, and return the exit code.

        0 after `shutdown`, 1 without it, or 128 plus the number of the signal that ended it. If work can't be stopped,
        the process ends at once.
        """
        code = asyncio.run(self._run(incoming, outgoing))
        if self.is_working():
            log.warning("A command was cancelled but still runs; it is abandoned")
            sys.stderr.flush()
            os._exit(code)
        self._gone.set()
        return code

    def prepare(self) -> None:
        """Prepare for the first document, while the client still reads the first answer."""
        self.protocol.prepare_for_documents()

    def is_working(self) -> bool:
        """Return whether threads are still working."""
        return False

    async def stop_working(self, seconds: float) -> None:
        """Cancel the work of every thread, and wait some seconds for it to stop."""

    def end(self, code: int | None = None) -> None:
        """End the server, once; without a code, as LSP says: 0 after `shutdown`, else 1."""
        if code is None:
            code = 0 if self.protocol.phase is Phase.CLOSING else 1
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(code)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the background: it is kept until it ends, and its failure is logged."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned_done)

    def report_server_error(self, error: Exception, source: object) -> None:
        """Log an error outside any request; pygls would show it to the user."""
        log.error("%s", source, exc_info=error)

    def watch_client(self) -> None:
        """End when the client's process does, even while a child of it keeps the pipes open."""
        if self.process_id is None or not hasattr(os, "pidfd_open"):
            return
        try:
            watched = os.pidfd_open(self.process_id)
        except (OSError, OverflowError):
            # The process isn't visible here, for example because the client is outside a container.
            return
        loop = asyncio.get_running_loop()

        def gone() -> None:
            loop.remove_reader(watched)
            os.close(watched)
            self.end()

        loop.add_reader(watched, gone)

    async def _run(self, incoming: BinaryIO, outgoing: int) -> int:
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.end, 128 + number)
        self._writer = FrameWriter(outgoing, on_broken=lambda: _call_on(loop, self.end, 1))
        self.protocol.set_writer(self._writer)
        threading.Thread(target=self._read, args=(incoming, loop), name="caliban-reader", daemon=True).start()
        code = await self._ended
        deadline = loop.time() + END_SECONDS
        await self.protocol.stop_requests()
        await self.stop_working(deadline - loop.time())
        self._writer.close()
        return code

    def _read(self, incoming: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        """Pass every message to the loop; this thread notices the end of stdin even while the loop is busy."""
        code = None
        try:
            for number, body in enumerate(read_frames(incoming)):
                _call_on(loop, self._take, body)
                if number == 0:
                    _call_on(loop, self.prepare)
        except ForeignInput as error:
            code = 1
            sys.stderr.write(f"caliban serve: {error}. {error.hint}\n")
        except OSError as error:
            log.warning("stdin can't be read: %s", error.strerror)
        _call_on(loop, self.end, code)
        if not self._gone.wait(END_SECONDS + 1.5):
            os._exit(1)

    def _take(self, body: bytes) -> None:
        """Receive a message with garbage collection delayed: in a large document it takes as long as a check."""
        if gc.isenabled():
            gc.disable()
            asyncio.get_running_loop().call_later(COLLECTOR_PAUSE, gc.enable)
        self.protocol.receive(body)

    def _spawned_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, JsonRpcException):
            log.warning("The client rejected a request that its capabilities allow: %s", error.message)
        elif error is not None:
            log.error("A background task failed", exc_info=error)


def response_error(error: BaseException) -> lsp.ResponseError:
    """Return the response for a failure: a hint for the user, or one sentence for a bug."""
    if isinstance(error, JsonRpcException):
        return error.to_response_error()
    if isinstance(error, CalibanError):
        code = next(
            (code for kind, code in _CODES if isinstance(error, kind)), lsp.LSPErrorCodes.RequestFailed
        )
        return lsp.ResponseError(code=code, message=str(error), data={"code": error.code, "hint": error.hint})
    log.error("A request couldn't be answered", exc_info=error)
    return lsp.ResponseError(
        code=lsp.ErrorCodes.InternalError,
        message="That failed because of a mistake in caliban-ls; the server's log says where.",
        data={"code": "bug", "hint": "Please report it with what the log says."},
    )


_CODES: Final = (
    (Cancelled, lsp.LSPErrorCodes.RequestCancelled),
    (InvalidArguments, lsp.ErrorCodes.InvalidParams),
)


def collect_garbage_again() -> None:
    """Resume garbage collection after the start; the objects that it made are permanent, so they are left out."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _may_be(method: str, *, request: bool) -> bool:
    """Return whether a method may be a request, or a notification; a method that LSP lacks may be both."""
    types = lsp.METHOD_TO_TYPES.get(method)
    return types is None or (types[1] is not None) == request


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _known(commands: dict[str, Any]) -> str:
    return f"There are {', '.join(sorted(commands))}."


def _call_on(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: object) -> None:
    with suppress(RuntimeError):  # The loop is closed: the server has ended.
        loop.call_soon_threadsafe(function, *args)
