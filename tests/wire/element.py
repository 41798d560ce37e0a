# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our end: icesink and icesrc, driven by nothing but their properties and signals."""
import re
import threading

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

Gst.init(None)
PATIENCE = 10.0


class Agent:
    """An icesink for each component and an icesrc for the first, on loopback. Use with `with`."""

    def __init__(self, role="controlling", components=(1,), interfaces="127.0.0.1", **properties):
        text = ""
        for component in components:
            text += f" appsrc name=in{component} ! icesink name=sink{component} component={component}"
        text += " icesrc name=src ! appsink name=out sync=false emit-signals=true"
        self.pipeline = Gst.parse_launch(text)
        self.sink = self.pipeline.get_by_name(f"sink{components[0]}")
        self._changed = threading.Condition()
        self._state = "new"
        self._description = ""
        self.states: list[str] = []
        self.media: list[bytes] = []
        self.sink.set_property("interfaces", interfaces)
        if role is not None:
            self.sink.set_property("controlling", role == "controlling")
        for name, value in properties.items():
            self.sink.set_property(name.replace("_", "-"), value)
        self.sink.connect("notify::ice-connection-state", self._on_state)
        self.sink.connect("notify::local-description", self._on_description)
        self.sink.connect("notify::selected-pair", self._on_selected)
        self.pipeline.get_by_name("out").connect("new-sample", self._on_sample)

    def __enter__(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.wait(lambda: "a=end-of-candidates" in self._description, "gathering to end")
        return self

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)

    # ---- what it says ----
    def _on_state(self, sink, _):
        state = sink.get_property("ice-connection-state").value_nick
        with self._changed:
            self._state = state
            self.states.append(state)
            self._changed.notify_all()

    def _on_description(self, sink, _):
        description = sink.get_property("local-description")
        with self._changed:
            self._description = description or ""
            self._changed.notify_all()

    def _on_selected(self, *_):
        with self._changed:
            self._changed.notify_all()

    def _on_sample(self, out):
        buffer = out.emit("pull-sample").get_buffer()
        with self._changed:
            self.media.append(buffer.extract_dup(0, buffer.get_size()))
            self._changed.notify_all()
        return Gst.FlowReturn.OK

    @property
    def state(self) -> str:
        return self._state

    @property
    def description(self) -> str:
        return self._description

    def line(self, name: str) -> str:
        """The value of the first a=NAME: of the description."""
        return re.search(rf"^a={name}:(.*?)\r?$", self._description, re.MULTILINE).group(1)

    @property
    def ufrag(self) -> str:
        return self.line("ice-ufrag")

    @property
    def pwd(self) -> str:
        return self.line("ice-pwd")

    def candidates(self) -> list[list[str]]:
        return [line.split() for line in re.findall(r"^a=candidate:(.*?)\r?$", self._description, re.MULTILINE)]

    def address(self, component=1) -> tuple[str, int]:
        found = next(c for c in self.candidates() if c[1] == str(component))
        return found[4], int(found[5])

    def selected(self):
        return self.sink.get_property("selected-pair")

    def get(self, name: str):
        return self.sink.get_property(name)

    def stat(self, name: str) -> int:
        return self.sink.get_property("stats").get_value(name)

    # ---- what it is told ----
    def hear(self, description: str):
        self.sink.set_property("remote-description", description)

    def hear_candidate(self, line: str):
        self.sink.emit("add-ice-candidate", 0, line)

    def send(self, payload: bytes, component=1):
        self.pipeline.get_by_name(f"in{component}").emit("push-buffer", Gst.Buffer.new_wrapped(payload))

    # ---- waiting ----
    def wait(self, holds, what: str, seconds: float = PATIENCE):
        with self._changed:
            if not self._changed.wait_for(holds, seconds):
                raise AssertionError(f"waited {seconds} s for {what}; the state is {self._state}")

    def wait_state(self, *states: str, seconds: float = PATIENCE):
        self.wait(lambda: self._state in states, " or ".join(states), seconds)

    def wait_selected(self, holds, seconds: float = PATIENCE):
        self.wait(lambda: self.selected() is not None and holds(self.selected()), "that pair to be selected", seconds)

    def wait_media(self, payload: bytes, seconds: float = PATIENCE):
        self.wait(lambda: payload in self.media, f"media {payload!r}", seconds)

