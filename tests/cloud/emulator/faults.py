"""What goes wrong on demand."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field


@dataclass
class Faults:
    """How often and how long. Shares are of the creates, from 0 to 1; times are seconds.

    Attributes:
        busy: answered with 429 before anything happens.
        retry_after: what such an answer says to wait, None for nothing.
        unavailable: answered with 503, half of them after the job was made.
        lost: the job is made, and the connection ends without an answer.
        reset: the connection ends before anything happens.
        late: of the answers that are lost, how long after that the job comes into being.
        hidden: for how long lists don't show a new job.
        latency: before every answer.
        slow_body: between the bytes of an answer's body.
        seed: of the dice.
    """

    busy: float = 0.0
    retry_after: float | None = None
    unavailable: float = 0.0
    lost: float = 0.0
    reset: float = 0.0
    late: float = 0.0
    hidden: float = 0.0
    latency: float = 0.0
    slow_body: float = 0.0
    seed: int = 1
    _dice: random.Random = field(init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def throw(self) -> str:
        """What happens to this create: "busy", "unavailable", "unavailable after", "lost", "reset" or ""."""
        with self._lock:
            number, half = self._dice.random(), self._dice.random() < 0.5
        for name, share in (
            ("busy", self.busy),
            ("unavailable after" if half else "unavailable", self.unavailable),
            ("lost", self.lost),
            ("reset", self.reset),
        ):
            if number < share:
                return name
            number -= share
        return ""
