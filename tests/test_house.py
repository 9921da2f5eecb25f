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
    "torch": {"index/onnx.py", "assistant/reader/training/network.py", "assistant/reader/training/train.py",
              "assistant/reader/training/export.py"},
    "pypdfium2": {"corpus/readers/pdf.py", "corpus/readers/pdf_lines.py"},
    "charset_normalizer": {"corpus/readers/guessing.py"},
    "gradio": {"ui/chat.py", "ui/server.py"},
    "spacy": {"assistant/parsing.py"},
}
TRAINING = "assistant/reader/training/"  # run by itself: nothing that answers imports it
ONLY_IN_FUNCTIONS = {"sentence_transformers", "torch", "onnxruntime", "spacy"}


def imports(path: Path):
    """(top-level name, whether at the module's top level) of every import in a file."""
    tree = ast.parse(path.read_text())
    typing = {  # imports that only a type checker runs
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
    }
    top = {id(node) for statement in tree.body for node in ([statement] if not isinstance(statement, ast.If) else [])}
    for node in ast.walk(tree):
        if id(node) in typing:
            continue
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
        if name in ONLY_IN_FUNCTIONS and not relative.startswith(TRAINING):
            assert not at_top, f"{relative} imports {name} when it is loaded"
        assert name not in {"pickle", "joblib", "shelve", "marshal", "dill"}, f"{relative}: no pickle, anywhere"


def test_the_parser_is_loaded_in_one_place():
    naming = [path.relative_to(ROOT).as_posix() for path in FILES if "en_core_web_sm" in path.read_text()]
    assert [name for name in naming if not name.startswith(TRAINING)] == ["assistant/parsing.py"]


def test_nothing_that_answers_imports_the_training():
    for path in FILES:
        if TRAINING not in path.as_posix():
            assert "assistant.reader.training" not in path.read_text(), path


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
