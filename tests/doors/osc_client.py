"""A controller that speaks OSC to a session."""

from __future__ import annotations

import socket
import time

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

PATIENCE_S = 60.0


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def message(address: str, *values: object):
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return builder.build()


def bundle(*messages, at: float | None = None) -> bytes:
    builder = OscBundleBuilder(IMMEDIATELY if at is None else at)
    for part in messages:
        builder.add_content(part)
    return builder.build().dgram


class Controller:
    """One client: its port is what it is known by."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE_S)

    @property
    def name(self) -> str:
        return f"osc 127.0.0.1:{self._socket.getsockname()[1]}"

    def send(self, packet: bytes) -> None:
        self._socket.sendto(packet, self._to)

    def answer(self) -> tuple:
        """The next answer: its address and arguments."""
        packet = OscMessage(self._socket.recv(65_536))
        return (packet.address, *packet.params)

    def answers(self, count: int) -> list[tuple]:
        return [self.answer() for _ in range(count)]

    def say(self, address: str, *values: object) -> tuple:
        self.send(message(address, *values).dgram)
        return self.answer()

    def wait_for(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        self._socket.close()
