"""Published test vectors: data of others, unchanged, kept outside the repository."""

import os
from pathlib import Path

import pytest


def published(relative: str) -> Path:
    """The file of the published vectors; without HIFADHI_VECTORS the test is skipped, with it the file must exist."""
    root = os.environ.get("HIFADHI_VECTORS")
    if root is None:
        pytest.skip("HIFADHI_VECTORS does not name the folder of published vectors")
    path = Path(root, relative)
    if not path.is_file():
        pytest.fail(f"HIFADHI_VECTORS is set, but {relative} is not in it")
    return path
