"""Runs a program with PyPI's wasmtime, a host without metrics:

    run_component.py COMPONENT FOLDER [ARGUMENT]...

The program gets the environment of this process, and FOLDER as its current, writable
folder. The exit code is that of the program, or 134 after a trap."""

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
