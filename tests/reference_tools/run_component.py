"""Runs a program with PyPI's wasmtime, a host that has never heard of metrics:

    run_component.py COMPONENT FOLDER [ARGUMENT]...

The program sees this one's environment, and FOLDER as its current one, which it
may write to. The exit code is the program's, and
134 if it trapped."""

import sys

from wasmtime import Engine, ExitTrap, Store, WasiConfig, WasmtimeError
from wasmtime.component import Component, Linker, Variant

path, folder, *arguments = sys.argv[1:]
engine = Engine()
wasi = WasiConfig()
wasi.argv = [path, *arguments]
wasi.inherit_env()
wasi.inherit_stdout()
wasi.inherit_stderr()
wasi.preopen_dir(folder, ".")
store = Store(engine)
store.set_wasi(wasi)
linker = Linker(engine)
linker.add_wasip2()

component = Component.from_file(engine, path)
instance = linker.instantiate(store, component)
exports = component.type.exports(engine)
name = next(name for name in exports if name.startswith("wasi:cli/run@"))
interface = instance.get_export_index(store, name)
run = instance.get_func(store, instance.get_export_index(store, "run", interface))
try:
    result = run(store)
except ExitTrap as exit:
    sys.exit(exit.code)
except WasmtimeError as error:
    print(error, file=sys.stderr)
    sys.exit(134)
failed = isinstance(result, Variant) and result.tag == "err"
sys.exit(int(failed))
