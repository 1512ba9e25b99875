#!/usr/bin/env python3
"""Writes the Python code of the protos, or says what is stale.

Everything below ``src/warifu/api`` is generated from ``protos/`` and is committed, so that an install needs no
compiler. This script always generates into a temporary folder first. Then it either copies what changed (and removes
what no longer comes from a proto), or, with ``--check``, lists the differences and fails.

Usage::

    python3 tools/generate_protos.py                 # write src/warifu/api
    python3 tools/generate_protos.py --output DIR    # write DIR/warifu/api
    python3 tools/generate_protos.py --check         # write nothing; exit 1 if src/warifu/api is stale

It needs only the standard library; the generator lives in ``.protogen``, which ``tools/bootstrap.sh`` makes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
GENERATOR = ROOT / ".protogen" / "bin"
GENERATED = Path("warifu", "api")
INIT_TEXT = '"""Generated from {origin}. Do not edit."""\n'


def main() -> int:
    """Generate, then write or compare. Returns the exit status."""
    arguments = _parse_arguments()
    with tempfile.TemporaryDirectory(prefix="warifu-protos-") as folder:
        fresh = Path(folder)
        _generate(fresh)
        if arguments.check:
            return _report_stale(fresh, arguments.output)
        changed = _write(fresh, arguments.output)
    print(f"protos: {len(changed)} generated files changed")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the generated code is stale")
    parser.add_argument("--output", type=Path, default=ROOT / "src", help="folder that holds (or will hold) warifu/api")
    return parser.parse_args()


def _generate(target: Path) -> None:
    sources = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))
    if not sources:
        sys.exit("protos: there is no .proto file below protos/")
    subprocess.run([ROOT / "tools" / "bootstrap.sh", "protogen"], check=True)
    command = [
        str(GENERATOR / "python"),
        *("-m", "grpc_tools.protoc", "-I", str(PROTOS)),
        f"--plugin=protoc-gen-mypy_grpc={GENERATOR / 'protoc-gen-mypy_grpc'}",
        *(f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")),
        f"--mypy_grpc_out=quiet:{target}",
        *sources,
    ]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:  # protoc has said what is wrong, with file and line
        sys.exit("protos: the generator failed")
    _add_package_files(target)


def _add_package_files(target: Path) -> None:
    """Make every generated folder a package; protoc does not."""
    folders = {path.parent for path in (target / GENERATED).rglob("*.py")}
    folders |= {parent for folder in folders for parent in folder.parents if parent.is_relative_to(target / GENERATED)}
    for folder in folders:
        origin = f"protos/{folder.relative_to(target).as_posix()}"
        (folder / "__init__.py").write_text(INIT_TEXT.format(origin=origin), encoding="utf-8")


def _contents(root: Path) -> dict[Path, bytes]:
    """Every generated file below ``root``, by its path from there."""
    files = (path for path in (root / GENERATED).rglob("*") if path.suffix in {".py", ".pyi"})
    return {path.relative_to(root): path.read_bytes() for path in files}


def _differences(fresh: Path, output: Path) -> dict[Path, str]:
    """What must happen to each file that differs: ``add``, ``change`` or ``remove``."""
    wanted, present = _contents(fresh), _contents(output)
    verbs = {path: "change" if path in present else "add" for path in wanted if wanted[path] != present.get(path)}
    return verbs | {path: "remove" for path in present if path not in wanted}


def _write(fresh: Path, output: Path) -> dict[Path, str]:
    changed = _differences(fresh, output)
    for path, verb in changed.items():
        target = output / path
        if verb == "remove":
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((fresh / path).read_bytes())
    return changed


def _report_stale(fresh: Path, output: Path) -> int:
    stale = _differences(fresh, output)
    for path, verb in sorted(stale.items()):
        print(f"protos: to {verb}: {path}", file=sys.stderr)
    if stale:
        print("protos: the generated code is stale; run: make protos", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
