//! Files that are no configuration, and an address that is taken.

use std::fs;
use std::net::TcpListener;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use solti_metrics_tests::child::End;

use crate::place::Place;
use crate::trial;

/// The name of a trial, what is in the file, and what is said of it.
type Odd = (&'static str, fn() -> Vec<u8>, &'static str);

const ODD: [Odd; 4] = [
    (
        "a_file_that_is_no_utf_8_is_refused_where_that_begins",
        || b"[log]\nlevel = \"\xff\"\n".to_vec(),
        "error: odd.toml:2:10: this is no UTF-8: save the file in that encoding\n",
    ),
    (
        "a_file_of_more_than_a_mebibyte_is_refused",
        || vec![b'#'; (1 << 20) + 1],
        "error: odd.toml: a configuration has at most 1 MiB; is it the right file?\n",
    ),
    (
        "a_file_in_another_encoding_is_refused",
        || {
            "\u{feff}[log]\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect()
        },
        "error: odd.toml:1:1: this is no UTF-8: save the file in that encoding\n",
    ),
    (
        "a_component_in_the_place_of_a_configuration_is_refused",
        || b"\0asm\x0d\0\x01\0\xff".to_vec(),
        "error: odd.toml:1:9: this is no UTF-8: save the file in that encoding\n",
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("a_file_of_a_mebibyte_is_read", longest),
        trial("a_byte_order_mark_is_no_fault", marked),
        trial("a_missing_file_is_named", missing),
        trial("a_directory_is_refused_by_name", directory),
        trial("an_endless_file_is_given_up", endless),
        trial("an_address_that_is_taken_is_named_and_nothing_runs", taken),
    ];
    for (name, bytes, said) in ODD {
        trials.push(trial(name, move || {
            let place = Place::new()?;
            fs::write(place.path().join("odd.toml"), bytes())?;
            refused(&place, "odd.toml", said)
        }));
    }
    trials
}

fn longest() -> Result<()> {
    let place = Place::new()?;
    let mut text = b"[tasks.a]\ncomponent = \"hello.wasm\"\n#".to_vec();
    text.resize(1 << 20, b'#');
    fs::write(place.path().join("long.toml"), text)?;
    good(&place.serve(&["--check", "long.toml"])?)
}

fn marked() -> Result<()> {
    let place = Place::new()?;
    let text = "\u{feff}[tasks.a]\ncomponent = \"hello.wasm\"\n";
    fs::write(place.path().join("marked.toml"), text)?;
    good(&place.serve(&["--check", "marked.toml"])?)
}

fn good(end: &End) -> Result<()> {
    ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    Ok(())
}

fn missing() -> Result<()> {
    let said =
        "error: none.toml: cannot read the configuration: No such file or directory (os error 2)\n";
    refused(&Place::new()?, "none.toml", said)
}

fn directory() -> Result<()> {
    let said = "error: in: cannot read the configuration: Is a directory (os error 21)\n";
    refused(&Place::new()?, "in", said)
}

fn endless() -> Result<()> {
    let said = "error: /dev/zero: a configuration has at most 1 MiB; is it the right file?\n";
    refused(&Place::new()?, "/dev/zero", said)
}

fn refused(place: &Place, file: &str, said: &str) -> Result<()> {
    for args in [&["--check", file][..], &[file]] {
        let end = place.serve(args)?;
        let silent = end.stdout.is_empty();
        ensure!(end.code == Some(2) && silent && end.stderr == said, "{end}");
    }
    Ok(())
}

fn taken() -> Result<()> {
    let place = Place::new()?;
    let other = TcpListener::bind("127.0.0.1:0")?;
    let address = other.local_addr()?;
    let config = format!(
        "[server]\nlisten = \"{address}\"\n[tasks.a]\ncomponent = \"hello.wasm\"\nargs = [\"/\"]\n"
    );
    fs::write(place.path().join("taken.toml"), config)?;
    good(&place.serve(&["--check", "taken.toml"])?)?;
    let end = place.serve(&["taken.toml"])?;
    let last = end.stderr.lines().last().unwrap_or_default();
    ensure!(end.code == Some(1), "{end}");
    ensure!(
        last.starts_with("error: cannot listen on ") && last.contains(&address.to_string()),
        "{end}"
    );
    ensure!(
        !end.stderr.contains("task begun") && end.stdout.is_empty(),
        "{end}"
    );
    Ok(())
}
