"""What stands between a program and one of Google's hosts: proxies, strangers' certificates, and answers of others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from cloud.emulator.listener import Answer, Asked, HangUp


@dataclass
class Between:
    """Nothing, unless something is said.

    Attributes:
        host: that it stands before; others are reached as always.
        tunnel: the status with which a proxy answers a CONNECT.
        cut: whether the connection ends before TLS has begun.
        certificate: which one is shown, one of `authority.KINDS`.
        answer: what comes back in place of the service's answer; None in it for a connection that is reset.
        carried_out: whether the service does all the same what it was asked for.
        times: how many requests are answered so, and the later ones as always.
        tunnels: how often a way to each host was asked for.
        requests: how often each method was asked at the host, `POST /v1/…/customJobs` and so on.
    """

    host: str = ""
    tunnel: int = 200
    cut: bool = False
    certificate: str = "good"
    answer: Callable[[], Answer | None] | None = None
    carried_out: bool = False
    times: int = 10**9
    tunnels: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def open_tunnel(self, host: str) -> int:
        """Return the status of a CONNECT."""
        with self._lock:
            self.tunnels[host] += 1
        return self.tunnel if host == self.host else 200

    def shown_by(self, host: str) -> str:
        """Return which certificate a host shows; raises `HangUp` where the connection ends before that."""
        if self.cut and host == self.host:
            raise HangUp
        return self.certificate if host == self.host else "good"

    def answered(self, asked: Asked, serve: Callable[[], Answer]) -> Answer:
        """Return what comes back; raises `HangUp` where nothing does."""
        if asked.host != self.host:
            return serve()
        with self._lock:
            self.requests[f"{asked.verb} {asked.path.rpartition('/')[2]}"] += 1
            spoilt = self.answer is not None and self.times > 0
            self.times -= spoilt
        if not spoilt or self.answer is None:
            return serve()
        if self.carried_out:
            serve()
        answer = self.answer()
        if answer is None:
            raise HangUp
        return answer
