"""Reads every table and view of a SQLite file with each tool, and prints how many rows each of them found, as JSON."""
import asyncio
import json
import sqlite3
import sys

import duckdb
import pandas
import sqlite_utils
from datasette.app import Datasette
from duckdb_extensions import import_extension

TABLES_AND_VIEWS = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"


def with_duckdb(path):
    import_extension("sqlite_scanner")
    connection = duckdb.connect()
    connection.execute("LOAD sqlite_scanner")
    connection.execute(f"ATTACH '{path}' AS day (TYPE sqlite, READ_ONLY)")
    names = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'day' "
        "UNION SELECT view_name FROM duckdb_views() WHERE database_name = 'day'"
    ).fetchall()
    return {name: len(connection.execute(f'SELECT * FROM day.main."{name}"').fetchall()) for (name,) in names}


def with_sqlite_utils(path):
    db = sqlite_utils.Database(path)
    return {table.name: len(list(table.rows)) for table in [*db.tables, *db.views]}


def with_pandas(path):
    connection = sqlite3.connect(path)
    names = [name for (name,) in connection.execute(TABLES_AND_VIEWS)]
    return {name: len(pandas.read_sql(f'SELECT * FROM "{name}"', connection)) for name in names}


async def with_datasette(path):
    datasette = Datasette([path])
    await datasette.invoke_startup()
    [database] = [name for name in datasette.databases if not name.startswith("_")]
    listed = (await datasette.client.get(f"/{database}.json")).json()
    counts = {}
    for item in listed["tables"] + listed["views"]:
        page = await datasette.client.get(f"/{database}/{item['name']}.json?_size=max")
        counts[item["name"]] = len(page.json()["rows"])
    return counts


path = sys.argv[1]
print(
    json.dumps(
        {
            "duckdb": with_duckdb(path),
            "sqlite-utils": with_sqlite_utils(path),
            "pandas": with_pandas(path),
            "datasette": asyncio.run(with_datasette(path)),
        }
    )
)
