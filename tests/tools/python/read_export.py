"""Reads the files of one table of an export, and prints its rows in the order of time, as each tool found them, as JSON."""
import json
import sys

import duckdb
import pandas

folder, form, order = sys.argv[1:]
READERS = {
    "parquet": "read_parquet('{}')",
    "csv": "read_csv('{}', auto_type_candidates = ['BIGINT', 'DOUBLE', 'VARCHAR'], nullstr = '', max_line_size = 100000000)",
    "jsonl": "read_json('{}', format = 'newline_delimited', maximum_object_size = 100000000)",
}


def with_duckdb():
    source = READERS[form].format(f"{folder}/*.{form}")
    found = duckdb.sql(f"SELECT * FROM {source} ORDER BY {order}")
    return [dict(zip(found.columns, row)) for row in found.fetchall()]


def with_pandas():
    read = {"parquet": pandas.read_parquet, "csv": pandas.read_csv, "jsonl": lambda path: pandas.read_json(path, lines=True)}
    import glob

    frames = [read[form](path) for path in sorted(glob.glob(f"{folder}/*.{form}"))]
    rows = pandas.concat(frames).to_dict("records")
    return [{name: None if pandas.isna(value) else value for name, value in row.items()} for row in rows]


print(json.dumps({"duckdb": with_duckdb(), "pandas": with_pandas()}, default=str))
