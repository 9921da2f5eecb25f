"""The order of the rooms, and where each heavy library may be imported."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("corpus", "index", "assistant", "ui")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]

# Library: the files that may import it; None as a second value: only inside a function.
HOMES = {
    "sqlite3": {"corpus/sqlite.py"},
    "faiss": {"index/vectors.py"},
    "tantivy": {"index/lexical.py", "index/wording.py"},
    "onnxruntime": {"index/onnx.py"},
    "sentence_transformers": {"index/encoder.py"},
    "torch": {"index/onnx.py"},
    "gradio": {"ui/chat.py", "ui/server.py"},
}
ONLY_IN_FUNCTIONS = {"sentence_transformers", "torch", "onnxruntime"}


def imports(path: Path):
    """(top-level name, whether at the module's top level) of every import in a file."""
    tree = ast.parse(path.read_text())
    top = {id(node) for statement in tree.body for node in ([statement] if not isinstance(statement, ast.If) else [])}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0], id(node) in top


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_the_house_only(path):
    relative = str(path.relative_to(ROOT))
    room = ROOMS.index(relative.split("/")[0])
    for name, at_top in imports(path):
        if name in ROOMS:
            assert ROOMS.index(name) <= room, f"{relative} imports {name}, which stands above it"
        if name in HOMES:
            assert relative in HOMES[name], f"{relative} imports {name}: that belongs in {HOMES[name]}"
        if name in ONLY_IN_FUNCTIONS:
            assert not at_top, f"{relative} imports {name} when it is loaded"
        assert name not in {"pickle", "joblib", "shelve", "marshal", "dill"}, f"{relative}: no pickle, anywhere"


def test_no_code_loads_pickles_or_evaluates_text():
    """THREATS 28: there is nothing here that a crafted file could make run."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"eval", "exec", "compile", "torch.load", "np.load", "numpy.load"}, path
                trusting = [ast.unparse(word) for word in node.keywords if word.arg in {"trust_remote_code", "allow_pickle"}]
                assert all(word.endswith("=False") for word in trusting), (path, trusting)


def test_answering_imports_neither_torch_nor_gradio(tmp_path):
    code = """
import sys
from pathlib import Path
from ui import sample
from assistant.assistant import Assistant
answer = Assistant(sample.sample_library()).ask("who controls eastern Aleppo?")
assert answer.claims
print([name for name in ("torch", "transformers", "sentence_transformers", "gradio") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
