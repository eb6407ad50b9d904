"""Where studies are stored: the journal file of the home folder, or a database for several computers.

The formats are Optuna's own, so that optuna-dashboard and other programs read them.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from tmeattn.errors import BadInput, EnvironmentProblem, TmeattnError, shortened
from tmeattn.files import disk_errors
from tmeattn.foreign import one_line
from tmeattn.paths import home
from tmeattn.runs.lock import holding

if TYPE_CHECKING:
    import sqlalchemy
    from optuna.storages import BaseStorage

CONNECT_SECONDS = 5
"""Seconds after which a database counts as unreachable."""
JOURNAL_SUFFIX = ".log"
_LOCK_SECONDS = 60
_DRIVERS = {"psycopg": "psycopg", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient", "pymysql": "PyMySQL"}
"""The packages of the drivers of databases, by their modules."""


def journal_path() -> Path:
    """The journal file of the home folder."""
    return home() / "sweeps" / f"journal{JOURNAL_SUFFIX}"


@dataclass(frozen=True)
class Store:
    """An opened storage. label: how a user names it, without a password. given: what `--storage` was."""

    storage: BaseStorage
    label: str
    given: str | None
    engine: sqlalchemy.Engine | None
    journal: Path | None

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Inside the block, no other worker of this storage takes a trial.

        Raises:
            EnvironmentProblem: another worker does not end its own block, or the storage cannot be reached.
        """
        with contextlib.ExitStack() as held:
            if self.journal is not None:
                held.enter_context(holding(self.journal.with_name(f"{self.journal.name}.workers"), "the study"))
            elif self.engine is not None:
                held.enter_context(_database_lock(self.engine))
            yield

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Name the storage where Optuna or a database raises an error.

        Raises:
            EnvironmentProblem: instead of that error.
        """
        try:
            if self.journal is not None:
                with disk_errors("the study", self.journal):
                    yield
            else:
                yield
        except TmeattnError:
            raise
        except Exception as error:
            if not _is_of_storage(error, self.journal is not None):
                raise
            raise problem(self.label, error) from error


def require_optuna() -> None:
    """Raises:
    EnvironmentProblem: Optuna is not installed.
    """
    if importlib.util.find_spec("optuna") is None:
        raise EnvironmentProblem("Sweeps need Optuna, which is not installed.", hint='pip install "tmeattn[sweep]"')
    import warnings

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", module=r"optuna\..*")
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


@overload
def open_store(given: str | None) -> Store: ...
@overload
def open_store(given: str | None, *, create: bool) -> Store | None: ...
def open_store(given: str | None, *, create: bool = True) -> Store | None:
    """Open the storage that `--storage` names, or else the journal file of the home folder.

    create: make a journal that does not exist; otherwise the result is None where there is none.

    Raises:
        BadInput: `given` is no URL of a database and no path of a journal.
        EnvironmentProblem: Optuna or the driver is not installed, or the database cannot be reached.
    """
    require_optuna()
    if given is not None and "://" in given:
        return _open_database(given)
    if given is not None and not given.endswith(JOURNAL_SUFFIX):
        raise BadInput(
            f"--storage: {shortened(given)!r} is no URL of a database, and no journal file ({JOURNAL_SUFFIX}).",
            hint="For example: --storage postgresql://user@host/database",
        )
    return _open_journal(journal_path() if given is None else Path(given).expanduser().absolute(), given, create)


def _open_journal(path: Path, given: str | None, create: bool) -> Store | None:
    from optuna.storages import JournalStorage

    from tmeattn.sweep.journal import JournalBackend

    if not path.exists() and not create:
        return None
    with disk_errors("the study", path):
        if given is None:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise BadInput(f"{shortened(path)} is no journal of studies: it is not a file.")
        try:
            storage = JournalStorage(JournalBackend(path))
        except OSError:
            raise
        except Exception as error:
            raise BadInput(f"{shortened(path)} is no journal of studies, or is damaged: {one_line(error)}.") from None
    return Store(storage, str(path), given, None, path)


def _open_database(given: str) -> Store:
    import sqlalchemy
    from optuna.storages import RDBStorage

    url, label = _database_url(given)
    arguments: dict[str, Any] = {"pool_pre_ping": True}
    if url.get_backend_name() in ("postgresql", "mysql", "mariadb"):
        arguments["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
    text = url.render_as_string(hide_password=False)
    for attempt in range(3):
        try:
            storage = RDBStorage(text, engine_kwargs=arguments)
            break
        except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError) as error:
            if attempt == 2:  # otherwise another worker was making the tables
                raise problem(label, error) from None
        except ImportError as error:
            raise _missing_driver(label, error) from None
        except Exception as error:
            raise problem(label, error) from None
    return Store(storage, label, given, storage.engine, None)


def _database_url(given: str) -> tuple[sqlalchemy.URL, str]:
    """The URL, with the driver psycopg where PostgreSQL is named without one, and the text that hides its password."""
    import sqlalchemy

    scheme, _, rest = given.partition("://")
    if scheme in ("postgres", "postgresql"):
        given = f"postgresql+psycopg://{rest}"
    try:
        url = sqlalchemy.make_url(given)
        url.get_dialect()
    except sqlalchemy.exc.NoSuchModuleError:
        raise BadInput(
            f"--storage: there is no kind of database named {shortened(scheme)!r}.",
            hint="Use postgresql://, mysql:// or sqlite:///FILE",
        ) from None
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise BadInput(
            "--storage is no URL of a database.", hint="It has the form postgresql://user@host:5432/database"
        ) from None
    except ImportError as error:
        raise _missing_driver(scheme, error) from None
    return url, url.render_as_string(hide_password=True).replace("+psycopg://", "://", 1)


def _missing_driver(label: str, error: ImportError) -> EnvironmentProblem:
    causes = [each for each in (error, error.__cause__, error.__context__) if isinstance(each, ImportError)]
    module = next((each.name for each in causes if each.name), "").partition(".")[0]
    package = _DRIVERS.get(module, module or "the driver")
    install = '"tmeattn[postgres]"' if module == "psycopg" else package
    return EnvironmentProblem(
        f"The storage {shortened(label)} needs the package {package}, which is not installed.",
        hint=f"pip install {install}",
    )


def problem(label: str, error: Exception) -> EnvironmentProblem:
    """The one line about a storage that cannot be used."""
    cause = getattr(error, "orig", None) or error.__cause__ or error
    lines = str(cause).strip().splitlines()
    reason = lines[0] if lines else one_line(error)
    return EnvironmentProblem(
        f"The storage {shortened(label)} cannot be used: {shortened(reason.rstrip('.'))}.",
        hint="Check the URL, and that the database runs and can be reached from here.",
    )


def _is_of_storage(error: Exception, is_journal: bool) -> bool:
    """Whether Optuna's storage raised an error, rather than a training."""
    module = type(error).__module__
    if module.partition(".")[0] in ("sqlalchemy", "psycopg", "psycopg2") or module == "optuna.exceptions":
        return True
    return is_journal and isinstance(error, KeyError | ValueError | AssertionError | RuntimeError)


@contextlib.contextmanager
def _database_lock(engine: sqlalchemy.Engine) -> Iterator[None]:
    """A lock of the database that ends with the connection of its holder; beside a file of SQLite, a lock of a file."""
    from sqlalchemy import text

    kind = engine.dialect.name
    if kind == "sqlite":
        name = engine.url.database
        if not name or name == ":memory:":
            yield
            return
        path = Path(name).absolute()
        with holding(path.with_name(f"{path.name}.workers"), "the study"):
            yield
        return
    if kind not in ("postgresql", "mysql", "mariadb"):
        yield
        return
    key = int.from_bytes(hashlib.sha256(b"tmeattn sweep").digest()[:7], "big")
    with engine.begin() as connection:
        if kind == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
            yield
        else:
            connection.execute(text("SELECT GET_LOCK(:key, :most)"), {"key": f"tmeattn-{key}", "most": _LOCK_SECONDS})
            try:
                yield
            finally:
                connection.execute(text("SELECT RELEASE_LOCK(:key)"), {"key": f"tmeattn-{key}"})
