"""Hosting a target: `python -m server_core.host` in a console's child process, or `run_headless` in a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import socketio
import uvicorn
from dotenv import load_dotenv

from server_core.backstage import Backstage, Watched
from server_core.control import features
from server_core.errors import app_frames
from server_core.host_config import HOSTED, HostConfig
from server_core.listen import ListenError, bind
from server_core.loops import new_event_loop
from server_core.output import OutputTap, Tee, give_stdout_to_stderr
from server_core.recording import Recorder, RecordingError
from server_core.records import Record, ServerInfo
from server_core.server import Server
from server_core.stock_ending import end_polls
from server_core.tap import Tap
from server_core.target import Target, TargetError, load
from server_core.watch import attach

logger = logging.getLogger("server_core")

#: Seconds that open requests (polls, handlers) have to end at shutdown.
GRACE = 3
#: Seconds after which a hosted child that was told to end is made to.
LAST_RESORT = 6.0

OK, CANNOT_LOAD = 0, 2


class Host:
    """Serves one target on the main thread, watched from backstage."""

    def __init__(
        self,
        config: HostConfig,
        target: Target,
        listener: socket.socket,
        *,
        started: Callable[[], None] | None = None,
        output: OutputTap | None = None,
        write: Callable[[Sequence[Record]], None] | None = None,
    ) -> None:
        self._config = config
        self._target = target
        self._listener = listener
        self._started = started
        self._watched: list[Watched] = []
        self._uvicorn = _AppServer(self._uvicorn_config(), self._on_startup)
        self._backstage: Backstage | None = None
        self._traffic: subprocess.Popen[bytes] | None = None
        self._why = "the app ended"
        self._output = output
        self._write = write

    def run(self) -> int:
        """Serve until a signal comes; the exit code."""
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(self._serve())

    async def _serve(self) -> int:
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        for server in self._target.servers:
            self._watch(server)
        self._hush()
        try:
            await self._uvicorn.serve([self._listener])
        except SystemExit:  # uvicorn's word for a lifespan that failed: it has logged the traceback
            return self._cannot("the app failed to start: its traceback is above")
        finally:
            if self._traffic:
                self._traffic.terminate()
            for each in self._watched:
                each.tap.server_stopped(self._why)
            if self._backstage:
                await asyncio.to_thread(self._backstage.stop)
        return OK if self._watched else CANNOT_LOAD

    async def _on_startup(self) -> None:
        """The app has started, and nothing has connected yet."""
        for server in self._target.find_servers():
            if all(each.server is not server for each in self._watched):
                self._watch(server)
        if not self._watched:
            self._cannot(f"{self._target.name} has no Socket.IO server in it: name the server, or an app that holds it")
            self._uvicorn.should_exit = True
            return
        for each in self._watched:
            each.tap.server_started(self._info(each.server))
        if self._config.admin_fd >= 0 or self._write:
            others = [self._output] if self._output else []
            self._backstage = Backstage(self._config, self._watched, others=others, write=self._write)
            self._backstage.start(self._loop)
        if self._started:
            self._started()
        if self._config.traffic:
            self._traffic = _start_traffic(self._config.url)

    def _watch(self, server: socketio.AsyncServer) -> None:
        number = len(self._watched) + 1
        tap = Tap(self._target.name if number == 1 else f"{self._target.name}#{number}")
        if self._config.admin_fd >= 0 or self._write:  # else nobody would read what it notes
            attach(tap, server)
        self._watched.append(Watched(server, tap))

    def _info(self, server: socketio.AsyncServer) -> ServerInfo:
        kind = "server_core.Server" if isinstance(server, Server) else "socketio.AsyncServer"
        return ServerInfo(
            target=self._target.name,
            url=self._config.url,
            pid=os.getpid(),
            library=f"{kind} (python-socketio {version('python-socketio')}, engineio {version('python-engineio')})",
            features=features(read_only=self._config.read_only),
            started=time.time_ns(),
        )

    def _uvicorn_config(self) -> uvicorn.Config:
        config = self._config
        return uvicorn.Config(
            self._target.app,
            log_level=config.log_level,
            access_log=config.log_level in ("debug", "trace"),
            timeout_graceful_shutdown=GRACE,
            # beside uvicorn, of CPU time for an event with its ack, for a broadcast to 500, and of memory for a socket
            # (`python -m tests.benchmarks.below`): aiohttp 0.90, 0.91, 0.74, but where it can be imported it is the
            # default of `AsyncServer()`, and apps change; granian 1.20, 1.03, 4.2
            # of uvicorn's two, and with uvloop below: 83 thousand instructions for a message there and back, 147 with
            # asyncio's loop, 177 with wsproto; compression would take 38 KiB more for each connection
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ssl_keyfile=config.ssl_keyfile or None,
            ssl_certfile=config.ssl_certfile or None,
            ssl_keyfile_password=config.ssl_keyfile_password or None,
        )

    def _hush(self) -> None:
        """Leave uvicorn's line for each connection out of the log: the records tell of them."""
        if self._config.log_level not in ("debug", "trace"):
            logging.getLogger("uvicorn.error").addFilter(_tells_of_more_than_a_connection)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._uvicorn.should_exit:
            self._uvicorn.force_exit = True
        self._why = signal.Signals(number).name
        self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        """Say goodbye in Socket.IO's words where the server can, then stop serving."""
        self._accept_no_more()
        for each in self._watched:
            end = each.server.shutdown() if isinstance(each.server, Server) else end_polls(each.server)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end, GRACE)
        self._uvicorn.should_exit = True

    def _accept_no_more(self) -> None:
        """Leave those who come back at once to whoever listens next: they would only meet a server that ends."""
        for server in self._uvicorn.servers:
            server.close()
        for connection in list(self._uvicorn.server_state.connections):
            if isinstance(connection, self._uvicorn.config.http_protocol_class):
                connection.shutdown()  # ends with the response that it is at

    def _cannot(self, text: str) -> int:
        _complain(text)
        return CANNOT_LOAD


def _tells_of_more_than_a_connection(record: logging.LogRecord) -> bool:
    return not str(record.msg).endswith(("[accepted]", "connection open", "connection closed"))


class _AppServer(uvicorn.Server):
    """Uvicorn, with our own signals, and a word when the app has started."""

    def __init__(self, config: uvicorn.Config, on_startup: Callable[[], Any]) -> None:
        super().__init__(config)
        self._on_startup = on_startup

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await self._on_startup()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _start_traffic(url: str) -> subprocess.Popen[bytes]:
    """The demo's simulated clients, in a process that ends when our end of its stdin does."""
    return subprocess.Popen([sys.executable, "-m", "server_core.demo_traffic", url], stdin=subprocess.PIPE)  # noqa: S603


def _complain(text: str) -> None:
    sys.stdout.flush()
    print(f"socketscope: {text}", file=sys.stderr, flush=True)  # noqa: T201


def _load(config: HostConfig) -> Target | None:
    """The target, or None when it can't be loaded: stderr says why."""
    if config.env_file and not load_dotenv(config.env_file):
        _complain(f"{config.env_file} holds no environment variables, or can't be read")
        return None
    try:
        return load(config.target, app_dir=config.app_dir, factory=config.factory)
    except TargetError as error:
        _complain(str(error))
    except Exception as error:  # noqa: BLE001  the app's own code
        frames = None if isinstance(error, SyntaxError) else app_frames(error)
        traceback.print_exception(type(error), error, frames)
        _complain(f"{config.target} can't be imported: its traceback is above")
    except SystemExit as error:
        _complain(f"{config.target} ended the process when it was imported (exit code {error.code})")
    return None


def run_headless(config: HostConfig, record: Path | None, *, show_secrets: bool = False) -> int:
    """Host a target without a console; the exit code. The app's output goes to stderr, a recording to `record`."""
    try:
        listener = bind(config.host, config.port)
    except ListenError as error:
        _complain(str(error))
        return CANNOT_LOAD
    config = msgspec.structs.replace(config, port=listener.getsockname()[1])
    stdout = give_stdout_to_stderr()

    def started() -> None:
        os.write(stdout, f"listening on {config.url}\n".encode())

    if record is None:
        target = _load(config)
        return Host(config, target, listener, started=started).run() if target else CANNOT_LOAD
    try:
        recorder = Recorder(record, target=config.target, url=config.url, show_secrets=show_secrets)
    except RecordingError as error:
        _complain(str(error))
        return CANNOT_LOAD
    tap = OutputTap()
    try:
        with Tee(tap.log):
            target = _load(config)
            if target is None:
                return CANNOT_LOAD
            return Host(config, target, listener, started=started, output=tap, write=recorder.write).run()
    finally:
        recorder.write(tap.drain())  # what was written last, or before the app could start
        recorder.close()


def _end_with_console(config: int) -> None:
    """When the console is gone, so is its child, and all that the child started where it has a session of its own."""
    with contextlib.suppress(OSError):
        while os.read(config, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_RESORT)
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _read_config() -> HostConfig:
    """The configuration, from a pipe that the console holds open for as long as it is there."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("socketscope: this process is started by the socketscope command, not by hand")
    pipe, line = int(sys.argv[1]), bytearray()
    os.set_inheritable(pipe, False)
    while not line.endswith(b"\n"):
        data = os.read(pipe, 65_536)
        if not data:
            sys.exit(CANNOT_LOAD)  # the console went away
        line += data
    threading.Thread(target=_end_with_console, args=(pipe,), name="socketscope-console", daemon=True).start()
    return msgspec.json.decode(bytes(line), type=HostConfig)


def main() -> int:
    """The hosted child."""
    config = _read_config()
    sys.argv = sys.argv[:1]
    os.environ[HOSTED] = "1"
    target = _load(config)
    if target is None:
        return CANNOT_LOAD

    def started() -> None:
        if config.says_fd >= 0:
            os.write(config.says_fd, f"listening on {config.url}\n".encode())

    return Host(config, target, socket.socket(fileno=config.fd), started=started).run()


if __name__ == "__main__":
    sys.exit(main())
