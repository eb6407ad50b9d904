"""The command `tmeattn`, also `python -m tmeattn`. Nothing is imported before the current folder is off the path."""

import sys


def main() -> None:
    from tmeattn.child_python import leave_out_current_folder

    leave_out_current_folder()
    from tmeattn.cli.process import run_process

    sys.exit(run_process(sys.argv[1:]))


def _load_package() -> None:
    """Make `tmeattn` the package of this file, wherever the import path leads: tmeattn starts itself by this path."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("tmeattn", __file__.removesuffix("__main__.py") + "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["tmeattn"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["tmeattn"])


if not __package__ and "tmeattn" not in sys.modules:  # started by its path
    _load_package()
if __name__ == "__main__":
    main()
