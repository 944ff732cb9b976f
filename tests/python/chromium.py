"""A browser for the tests of the report."""

import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """Headless Chromium, driven through the pipes of its DevTools protocol."""

    FLAGS = (
        "--headless=new --no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader"
        " --disable-background-networking --disable-component-update --disable-sync"
        " --disable-quic --no-first-run --disable-dev-shm-usage --hide-scrollbars"
        " --window-size=1360,940"
        " --remote-debugging-pipe about:blank"
    ).split()

    def __init__(self, profile: Path) -> None:
        child_read, self.to = os.pipe()
        self.back, child_write = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 30) for end in (child_read, child_write)]

        def wire() -> None:  # Chromium reads commands from 3 and answers on 4
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            [CHROMIUM, f"--user-data-dir={profile}", *self.FLAGS],
            preexec_fn=wire,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (child_read, child_write, *ends):
            os.close(end)
        self.number, self.buffer, self.session = 0, b"", None
        self.events: list[dict] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while (answer := self.receive()).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def receive(self) -> dict:
        while b"\0" not in self.buffer:
            if not select.select([self.back], [], [], 60)[0]:
                raise TimeoutError("Chromium does not answer")
            self.buffer += os.read(self.back, 1 << 20)
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def ask(self, expression: str):
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        end = time.monotonic() + 60
        while not self.ask(expression):
            assert time.monotonic() < end, f"never: {expression}"
            time.sleep(0.02)

    def open(self, file: Path, scheme: str = "light", hash: str = "", width: int = 0) -> None:
        """Open a report; `width` above 0 is a phone with a touch screen."""
        self.events.clear()
        self.call("Emulation.setTouchEmulationEnabled", enabled=bool(width))
        if width:
            self.call(
                "Emulation.setDeviceMetricsOverride",
                width=width, height=844, deviceScaleFactor=2, mobile=True,
            )  # fmt: skip
        else:
            self.call("Emulation.clearDeviceMetricsOverride")
        self.call("Page.navigate", url="about:blank")
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        self.call("Page.navigate", url=file.resolve().as_uri() + hash)
        self.wait("document.documentElement?.dataset.ready === 'yes'")

    def click(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = "none" if kind == "mouseMoved" else "left"
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def key(self, key: str, modifiers: int = 0) -> None:
        """Press a key: a letter, or a name like ArrowDown."""
        codes = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "ArrowRight": 39}
        code = codes.get(key, ord(key[0].upper()))
        sent = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        if len(key) == 1 or key == "Enter":
            sent["text"] = "\r" if key == "Enter" else key
        self.call("Input.dispatchKeyEvent", type="keyDown", **sent)
        self.call("Input.dispatchKeyEvent", type="keyUp", **sent)

    def wheel(self, x: float, y: float, by: float, modifiers: int = 0) -> None:
        self.call(
            "Input.dispatchMouseEvent",
            type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by, modifiers=modifiers,
        )  # fmt: skip

    def drag(self, path: list[tuple[float, float]], modifiers: int = 0) -> None:
        """Move the mouse along a path with the left button down."""
        kinds = ["mousePressed"] + ["mouseMoved"] * (len(path) - 1) + ["mouseReleased"]
        for kind, (x, y) in zip(kinds, [*path, path[-1]], strict=True):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind, x=x, y=y, button="left", buttons=1, clickCount=1, modifiers=modifiers,
            )  # fmt: skip

    def swipe(self, x: float, y: float, by: float) -> None:
        """Swipe a finger up or down."""
        for step in range(16):
            kind = "touchMove" if step else "touchStart"
            points = [{"x": x, "y": y + by * step / 15}]
            self.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def tap(self, x: float, y: float) -> None:
        points = [{"x": x, "y": y}]
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=points)
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def settle(self) -> None:
        """Wait until the map's animation has ended and everything is drawn."""
        self.wait("!longtail.map?.flying && !longtail.map?.waiting")

    def press(self, selector: str) -> None:
        self.ask(f"document.querySelector({selector!r}).click()")

    def complaints(self) -> list[str]:
        """Return messages of the console, the network and dialogs."""
        bad = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded",
               "Page.javascriptDialogOpening")  # fmt: skip
        found = [str(event) for event in self.events if event.get("method") in bad]
        asked = {
            event["params"]["request"]["url"].split(":")[0]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        }
        return found + [scheme for scheme in asked if scheme not in ("file", "about")]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        os.close(self.to)
        os.close(self.back)
