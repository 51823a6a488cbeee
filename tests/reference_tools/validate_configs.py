"""Prints a line for each TOML file: whether a JSON schema accepts it.

    validate_configs.py SCHEMA FILE...
"""

import json
import sys
import tomllib

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
kind = jsonschema.Draft202012Validator
kind.check_schema(schema)
validator = kind(schema)
for name in sys.argv[2:]:
    try:
        with open(name, "rb") as file:
            config = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        print(f"refused\t{name}\tno TOML: {error}")
        continue
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        print(f"refused\t{name}\t{errors[0].json_path}: {errors[0].message!r}")
    else:
        print(f"accepted\t{name}\t")
