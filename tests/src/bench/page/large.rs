//! Compilations of large components.

use crate::bench::Run;
use crate::bench::figure::{bytes, figure, seconds};

pub(super) fn section(run: &Run) -> String {
    let mut text = "\
## Compilation

Each component is compiled in new processes: as `solti-metrics run` does, with the shim and in
a compiler process, and with the defaults of the same wasmtime. Both sides take turns, and
figures are medians. Time is the wall-clock time until the component can be instantiated.
Memory is the peak of resident memory of the process that compiles.

| component | bytes | time | defaults of wasmtime | ratio | memory | defaults of wasmtime | ratio |
|---|--:|--:|--:|--:|--:|--:|--:|
"
    .to_owned();
    for compiled in &run.compiled {
        let (ours, stock) = (compiled.ours, compiled.stock);
        text += &format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
            compiled.name,
            bytes(compiled.bytes as u64),
            seconds(ours.seconds),
            seconds(stock.seconds),
            figure(compiled.time_ratio()),
            bytes(ours.peak_kib * 1_024),
            bytes(stock.peak_kib * 1_024),
            figure(compiled.memory_ratio()),
        );
    }
    text + "\n\
*CPython* is the example in Python, with the interpreter and its library. *Empty functions*
are 50,000 functions without a statement. *One function* is a single function of 900 KB, of
calls.
"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::example::example;

    #[test]
    fn each_component_has_its_ratios() {
        let text = section(&example());
        let line = "| CPython | 18.0 MB | 9.90 s | 9.00 s | 1.10 | 410 MB | 379 MB | 1.08 |";
        assert!(text.contains(line), "{text}");
    }
}
