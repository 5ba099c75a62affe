"""A line between a worker and its broker that can go dead without a word: no FIN, no reset, only silence."""

import contextlib
import selectors
import socket
import threading


class Proxy:
    """Hands bytes on between clients and a port of this machine.

    `freeze` keeps all present connections open and moves nothing on them any more, as a firewall does that has
    forgotten them; `is_dark` does so with new ones too, as a broken network does.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.is_dark = False
        self.frozen = 0
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._kept: list[socket.socket] = []
        self._lock = threading.Lock()
        self._end = threading.Event()

    def __enter__(self) -> "Proxy":
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)
        for sock in [self._listener, *self._pairs, *self._kept]:
            sock.close()

    def freeze(self) -> int:
        """Returns how many connections went dead."""
        with self._lock:
            dead = list(self._pairs)
            self._kept += dead
            self._pairs.clear()
        self.frozen += len(dead) // 2
        return len(dead) // 2

    def _serve(self) -> None:
        while not self._end.is_set():
            with selectors.DefaultSelector() as selector:
                selector.register(self._listener, selectors.EVENT_READ)
                with self._lock:
                    for sock in self._pairs:
                        selector.register(sock, selectors.EVENT_READ)
                ready = [key.fileobj for key, _events in selector.select(0.1)]
            for sock in ready:
                if sock is self._listener:
                    self._accept()
                else:
                    self._hand_on(sock)

    def _accept(self) -> None:
        client, _address = self._listener.accept()
        if self.is_dark:
            self._kept.append(client)
            return
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            client.close()
            return
        with self._lock:
            self._pairs |= {client: server, server: client}

    def _hand_on(self, sock: socket.socket) -> None:
        with self._lock:
            other = self._pairs.get(sock)
            if other is None:  # It went dead this very moment.
                return
            content = b""
            with contextlib.suppress(OSError):
                content = sock.recv(65536)
            if content:
                with contextlib.suppress(OSError):
                    other.sendall(content)
                return
            for end in (sock, other):
                self._pairs.pop(end, None)
                end.close()
