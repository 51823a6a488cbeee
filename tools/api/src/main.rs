//! Lists the public API of a library, one item a line, from rustdoc's JSON.

mod listing;

use std::error::Error;
use std::io::{Write, stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os()
        .nth(1)
        .ok_or("usage: api FILE, with rustdoc's JSON of a library")?;
    // Implementations for all types belong to other crates.
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .build()?;
    let lines = api.items().map(ToString::to_string);
    let mut out = stdout().lock();
    for line in listing::without_the_obvious(lines) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
