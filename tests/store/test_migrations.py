"""The revisions: one line of them, the same tables as the code has, done once by whoever comes first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from sqlalchemy import Connection, create_engine, inspect, text

from service.cli import main
from service.store.engine import Address, Mode, Waits, open_engine
from service.store.migrate import Standing, _config, migrate, status
from service.store.store import Store
from service.store.tables import metadata
from tests.store.conftest import MakeStore

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 4


def address(url: str) -> Address:
    return Address.of(url.replace("postgresql://", "postgresql+psycopg://"))


def in_sql(url: str, statement: str) -> None:
    engine = open_engine(address(url), Waits(5, 5))
    with engine.connect().execution_options(mode=Mode.WRITE) as connection, connection.begin():
        connection.execute(text(statement))
    engine.dispose()


def test_the_revisions_are_one_line() -> None:
    """Two revisions on the same one: whoever came second puts his on top of the other."""
    assert len(ScriptDirectory.from_config(_config()).get_heads()) == 1


def test_the_revisions_make_the_tables_that_the_code_uses(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    assert store.run("test", differences, Mode.READ) == []


def test_an_empty_database_is_brought_up_to_date_once(url: str) -> None:
    assert status(address(url)).standing is Standing.EMPTY
    first = migrate(address(url))
    assert (first.standing, first.revision) == (Standing.CURRENT, first.newest)
    assert migrate(address(url)) == first == status(address(url))


def test_every_revision_can_be_taken_back(url: str) -> None:
    migrate(address(url))
    engine = open_engine(address(url), Waits(5, 5))
    with engine.connect().execution_options(mode=Mode.WRITE) as connection, connection.begin():
        command.downgrade(_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(_config(connection), "head")
    engine.dispose()
    assert status(address(url)).standing is Standing.CURRENT


def test_several_processes_may_bring_it_up_to_date_at_once(url: str) -> None:
    code = (
        "import sys; from service.store.engine import Address; from service.store.migrate import migrate;"
        "sys.stdin.read(1); print(migrate(Address.of(sys.argv[1])).standing.value)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, address(url).url.render_as_string(hide_password=False)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for _ in range(AT_ONCE)
    ]  # fmt: skip
    for process in processes:
        assert process.stdin
        process.stdin.write("x")
        process.stdin.flush()
    done = [process.communicate(timeout=60) for process in processes]
    assert done == [("current\n", "")] * AT_ONCE
    assert status(address(url)).standing is Standing.CURRENT


def test_a_revision_that_fails_leaves_nothing_behind(url: str) -> None:
    """A table of that name is in the way of the first revision."""
    in_sql(url, "CREATE TABLE used_token (id INTEGER)")
    result = CliRunner().invoke(main, ["store", "migrate"], env={"RELAPSE_CDS_DATABASE_URL": url})
    assert result.exit_code == 2
    assert result.output.startswith("relapse-cds: the store cannot be used (")
    assert status(address(url)).standing is Standing.EMPTY
    in_sql(url, "DROP TABLE used_token")
    assert migrate(address(url)).standing is Standing.CURRENT


def test_a_store_migrated_by_a_later_version_goes_on_working(make_store: MakeStore, url: str) -> None:
    migrate(address(url))
    in_sql(url, "UPDATE alembic_version SET version_num = 'of_a_later_version'")
    assert status(address(url)).standing is Standing.AHEAD
    assert migrate(address(url)).standing is Standing.AHEAD
    assert make_store(url).works()


def test_tables_that_nobody_may_touch_count_as_down_until_someone_migrates(
    make_store: MakeStore, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = make_store(url, store_migrate=False)
    assert not store.prepare()
    assert not store.works()
    assert "run `relapse-cds store migrate`" in caplog.text
    migrate(address(url))
    assert make_store(url, store_migrate=False).works()


def test_the_command_says_how_the_store_stands(url: str) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["store", *arguments], env={"RELAPSE_CDS_DATABASE_URL": url})
        return result.exit_code, result.output

    code, said = run("status")
    assert (code, "empty" in said) == (1, True)
    code, said = run("migrate")
    assert (code, "current" in said) == (0, True)
    assert run("status") == (0, said)


def test_asking_how_it_stands_makes_no_file(tmp_path: Path) -> None:
    assert status(address(f"sqlite:///{tmp_path / 'none.db'}")).standing is Standing.EMPTY
    assert list(tmp_path.iterdir()) == []


def test_the_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    migrate(address(f"sqlite:///{file}"))
    assert file.stat().st_mode & 0o077 == 0
    with create_engine(f"sqlite:///{file}").connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
