"""The examples of both READMEs: python blocks run in the order of the text, pycon blocks print what they show."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import waypoint_xds

from conftest import ROOT, SHOP

BLOCK = re.compile(r"(?:<!-- (?P<file>\S+) -->\n)?```(?P<language>python|pycon)\n(?P<code>.*?)```\n", re.DOTALL)
"""A block; a comment before it names the file that it is."""



class Checker(doctest.OutputChecker):
    """As for the console blocks: blanks at the ends of lines do not count, a line `…` stands for any number of lines."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        wanted, found = (text.replace("<BLANKLINE>", "").rstrip().splitlines() for text in (want, got))
        found = [line.rstrip() for line in found]
        if "…" not in wanted:
            return wanted == found
        gap = wanted.index("…")
        start, end = wanted[:gap], wanted[gap + 1 :]
        return found[:gap] == start and found[len(found) - len(end) :] == end and len(found) >= len(start + end)


def readmes() -> list[Path]:
    return [ROOT / "docs" / "python.md", ROOT / "crates" / "py" / "README.md", ROOT / "docs" / "guides" / "notebooks.md"]


@pytest.mark.parametrize("readme", readmes(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_readme_s_examples_run(readme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(Checker(), verbose=False)
    text = readme.read_text()
    count = 0
    for block in BLOCK.finditer(text):
        if block["file"]:
            continue
        count += 1
        line = text.count("\n", 0, block.start("code"))
        code = block["code"]
        if block["language"] == "python":
            exec(compile("\n" * line + code, str(readme), "exec"), names)
        else:
            test = doctest.DocTestParser().get_doctest(code, names, readme.name, str(readme), line)
            runner.run(test, clear_globs=False)
            names = test.globs
    assert count > 0, "the README lost its examples"
    assert runner.summarize(verbose=False).failed == 0


def test_the_package_s_docstring_is_true() -> None:
    assert doctest.testmod(waypoint_xds).failed == 0
    assert doctest.testmod(waypoint_xds).attempted > 0


def example(name: str, folder: Path, mesh: str) -> None:
    """Writes an example of the README into a folder, beside a mesh."""
    readme = readmes()[1].read_text()
    [code] = [block["code"] for block in BLOCK.finditer(readme) if block["file"] == name]
    (folder / name).write_text(code)
    (folder / "mesh").mkdir()
    (folder / "mesh" / "shop.yaml").write_text(mesh)


def run(folder: Path, **environment: str) -> int:
    """The exit code of pytest in a folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, check=False)
    return done.returncode


def test_the_golden_file_example_works(tmp_path: Path) -> None:
    example("test_waypoints.py", tmp_path, SHOP)
    assert run(tmp_path, UPDATE_GOLDEN="1") == 0
    assert run(tmp_path) == 0
    (tmp_path / "mesh" / "shop.yaml").write_text(SHOP.replace("10.96.0.7", "10.96.0.8"))
    assert run(tmp_path) == 1


CART_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {app: cart}}
spec: {containers: [{name: cart, image: cart}]}
status: {phase: Running, podIP: 10.244.1.9, conditions: [{type: Ready, status: "True"}]}
"""
MESH_TESTS = """\
apiVersion: waypoint-xds.io/v1
kind: MeshTest
default:
  request: {from: sa/web.shop, to: "cart.shop:80"}
tests:
- name: everybody reads the cart
  for: {method: [GET, HEAD]}
  expect: {verdict: VERDICT, waypoint: shop/waypoint}
"""


def test_the_example_of_tests_for_a_mesh_works(tmp_path: Path) -> None:
    example("test_mesh.py", tmp_path, SHOP)
    (tmp_path / "mesh" / "pods.yaml").write_text(CART_POD)
    tests = tmp_path / "shop.test.yaml"
    tests.write_text(MESH_TESTS.replace("VERDICT", "allowed"))
    assert run(tmp_path) == 0
    tests.write_text(MESH_TESTS.replace("VERDICT", "denied"))
    assert run(tmp_path) == 1
    tests.write_text(MESH_TESTS.replace("verdict", "verdikt"))
    assert run(tmp_path) == 1
