"""Where the processor time of an exchange goes, as a picture: 64 in flight, streams, every conversion proven.

    python bench/flame.py docs/where-time-goes.svg

Three real processes are sampled (``sampled.py``) while exchanges go through them. Each gets a column as wide as its share; above a
function lie those that it calls. What runs in C is in the function that calls it.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from figures import IN_FLIGHT
from stage import Side, prepare

from warifu.curve.suites import available_suites

_HERE = Path(__file__).parent
_SECONDS = 20.0
_LOOP = "runners"
_STARTING = ("importlib", "<module>", "construction.", "folder.", "load.main.run")
_WIDTH, _HEIGHT, _DEEPEST = 1200, 15, 24
_LEAST = 1.5  # pixels: what is narrower is not drawn
_COLOURS = (
    ("group.", "#d9a441"), ("edwards25519.", "#d9a441"), ("ristretto255.", "#d9a441"),
    ("hpke.", "#c97b4a"), ("seal.", "#c97b4a"), ("signature.", "#c97b4a"), ("nacl", "#c97b4a"),
    ("database.", "#6b9ac4"), ("store_", "#6b9ac4"), ("leaves.", "#6b9ac4"),
    ("multiplex.", "#7fb685"), ("grpc", "#7fb685"), ("google", "#7fb685"),
)  # fmt: skip


@dataclass
class _Box:
    """A function in one place of the picture, and what it calls."""

    count: int = 0
    above: dict[str, _Box] = field(default_factory=dict)

    def add(self, stack: list[str], count: int) -> None:
        self.count += count
        if stack:
            self.above.setdefault(stack[0], _Box()).add(stack[1:], count)


def sampled(folder: Path) -> dict[str, Path]:
    """Run exchanges through sampled processes; where each party's stacks were written."""
    out = {party: folder / f"{party}.folded" for party in ("inquirer", "hub", "provider")}
    network = folder / "network"
    prepare({"always": network}, suite=available_suites()[0], sets=1, tell=lambda _: None)
    with ExitStack() as ends:
        side = Side(ends, network, "stream", through=lambda party, words: _through(out[party], words))
        pids = [side.load.pid, side.hub.pid, side.provider.pid]
        order = {"in_flight": IN_FLIGHT[-1], "settle_s": 0.25, "seconds": _SECONDS, "pids": pids}
        side.load.order({"do": "slice", "slice": order})
    return out


def _through(out: Path, words: list[str]) -> list[str]:
    return [words[0], str(_HERE / "sampled.py"), str(out), *(word for word in words[1:] if word != "-P")]


def read(folded: Path) -> _Box:
    """A party's stacks, from the first function that its event loop called; how it started is left out."""
    box = _Box()
    for line in folded.read_text("utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        names = stack.split(";")
        if _LOOP not in names:
            continue
        called = names[len(names) - names[::-1].index(_LOOP) :]
        if called and not any(word in name for name in called for word in _STARTING):
            box.add(called[:_DEEPEST], int(count))
    return box


def drawn(boxes: dict[str, _Box]) -> str:
    """The picture."""
    whole = sum(box.count for box in boxes.values())
    parts: list[str] = []
    at = 0.0
    for party, box in boxes.items():
        width = _WIDTH * box.count / whole
        _draw(parts, f"{party} {box.count / whole:.0%}", box, at, width)
        at += width
    height = (_DEEPEST + 2) * _HEIGHT
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="10">'
    return "\n".join(
        [head, "<title>Where the processor time of an exchange goes. SIMULATED.</title>", *parts, "</svg>", ""]
    )


def _draw(parts: list[str], name: str, box: _Box, at: float, width: float, depth: int = 0) -> None:
    if width < _LEAST:
        return
    top = (_DEEPEST - depth + 1) * _HEIGHT
    colour = next((colour for begins, colour in _COLOURS if name.startswith(begins)), "#cfcabf")
    text = escape(name if len(name) * 5.6 < width else name[: int(width / 5.6)])
    parts.append(
        f'<g><title>{escape(name)}: {width / _WIDTH:.1%}</title><rect x="{at:.1f}" y="{top}" width="{width:.1f}" height="{_HEIGHT - 1}"'
        f' fill="{colour}"/><text x="{at + 2:.1f}" y="{top + 11}">{text if width > 16 else ""}</text></g>'
    )
    for called, inner in sorted(box.above.items()):
        share = width * inner.count / box.count
        _draw(parts, called, inner, at, share, depth + 1)
        at += share


def main() -> None:
    """Sample, draw, and say where the picture is."""
    target = Path(sys.argv[1])
    stage_results = _HERE / "results"
    stage_results.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stage_results, prefix="flame-") as folder:
        found = sampled(Path(folder))
        boxes = {party: read(path) for party, path in found.items()}
    target.write_text(drawn(boxes), "utf-8")
    print(f"{target}: {sum(box.count for box in boxes.values())} samples")


if __name__ == "__main__":
    main()
