//! The tables in `docs/guests/languages.md`, between two marks.

use super::backend::{Backend, MANY};
use super::guest::Guest;
use crate::bench::Result;
use crate::bench::figure::{bytes, count, figure, seconds};
use crate::bench::machine::Machine;
use crate::toolchains::Example;

const BEGIN: &str = "<!-- measured by `make languages-table`: -->\n";
const END: &str = "<!-- end -->\n";

/// The first cells of the row of an example.
#[must_use]
pub fn row_begins(example: &Example) -> String {
    let file = example.source.file_name().unwrap_or_default();
    let file = file.to_string_lossy();
    format!(
        "| {} | [`{file}`](../../guest/examples/{file}) |",
        example.toolchain
    )
}

/// Replaces the tables of the page.
pub(super) fn with(page: &str, tables: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).ok_or("no mark where tables begin")?;
    let (_, after) = rest.split_once(END).ok_or("no mark where tables end")?;
    Ok([before, BEGIN, tables, END, after].concat())
}

pub(super) fn tables(machine: &Machine, guests: &[Guest], backends: &[Backend]) -> String {
    let mut text = "
### The reporter

| toolchain | source | built in | component | memory | loads in | µs a record, inlined | µs a record, direct |
|---|---|--:|--:|--:|--:|--:|--:|
"
    .to_owned();
    for guest in guests {
        text += &format!(
            "{} {} | {} | {} | {} | {} | {} |\n",
            row_begins(&guest.example),
            seconds(guest.built.seconds),
            bytes(guest.built.bytes),
            bytes(guest.memory as u64),
            seconds(guest.load.as_secs_f64()),
            figure(guest.inline_us),
            figure(guest.direct_us),
        );
    }
    text += "
### The provider

| toolchain | source | built in | component | memory | loads in | µs a record | µs a scrape | scrapes in 64 MiB |
|---|---|--:|--:|--:|--:|--:|--:|--:|
";
    for backend in backends {
        text += &format!(
            "{} {} | {} | {} | {} | {} | {} | {} |\n",
            row_begins(&backend.example),
            seconds(backend.built.seconds),
            bytes(backend.built.bytes),
            bytes(backend.memory as u64),
            seconds(backend.load.as_secs_f64()),
            figure(backend.record_us),
            figure(backend.expose_us),
            match backend.scrapes {
                MANY => format!("{} or more", count(MANY.into())),
                few => count(few.into()),
            },
        );
    }
    text + &on(machine)
}

fn on(machine: &Machine) -> String {
    let mut text = format!(
        "\n{} with {} cores, wasmtime {}, {}; the load was {:.2} in the minute before.",
        machine.cpu, machine.cores, machine.wasmtime, machine.date, machine.load,
    );
    if machine.load > machine.most_load() {
        text += " **The machine was busy with other things**: run it again when it is not.";
    }
    if cfg!(debug_assertions) {
        text += " **The host was a debug build**, in which records cost more.";
    }
    text + "\n\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_tables_replace_only_the_old_tables() -> Result<()> {
        let page = format!("before\n{BEGIN}old\n{END}after\n");
        let new = format!("before\n{BEGIN}new\n{END}after\n");
        assert_eq!(with(&page, "new\n")?, new);
        assert!(with("no marks", "new\n").is_err());
        Ok(())
    }
}
