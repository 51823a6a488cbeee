//! Files that are not configurations, and an address that is in use.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{cache_home, command};
use solti_metrics_tests::child::End;
use solti_metrics_tests::trial::{Trial, trial};

use crate::configs::test_folder::TestFolder;

/// The name of a trial, what is in the file, and what is said of it.
pub(crate) type Odd = (&'static str, fn() -> Vec<u8>, &'static str);

pub(crate) const ODD: [Odd; 4] = [
    (
        "a_file_that_is_not_utf_8_is_rejected_with_the_position",
        || b"[log]\nlevel = \"\xff\"\n".to_vec(),
        "error: odd.toml:2:10: the file is not encoded in UTF-8; save it in UTF-8\n",
    ),
    (
        "a_file_of_more_than_a_mebibyte_is_rejected",
        || vec![b'#'; (1 << 20) + 1],
        "error: odd.toml: the configuration is larger than 1 MiB; check that this is the right file\n",
    ),
    (
        "a_file_in_another_encoding_is_rejected",
        || {
            "\u{feff}[log]\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect()
        },
        "error: odd.toml:1:1: the file is not encoded in UTF-8; save it in UTF-8\n",
    ),
    (
        "a_component_instead_of_a_configuration_is_rejected",
        || b"\0asm\x0d\0\x01\0\xff".to_vec(),
        "error: odd.toml:1:9: the file is not encoded in UTF-8; save it in UTF-8\n",
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("a_file_of_a_mebibyte_is_read", longest),
        trial("a_byte_order_mark_is_accepted", marked),
        trial("a_missing_file_is_named", missing),
        trial("a_directory_is_rejected_by_name", directory),
        trial("an_endless_file_is_rejected_by_kind", endless),
        trial("a_sparse_file_is_rejected_by_size", sparse),
        trial("a_pipe_is_read_if_inherited_and_rejected_by_name", piped),
        trial(
            "a_grant_of_a_missing_directory_is_found_by_the_check",
            granted,
        ),
        trial(
            "many_faults_are_counted_and_the_first_ones_are_listed",
            many,
        ),
        trial(
            "of_many_missing_files_the_first_ones_are_listed",
            many_missing,
        ),
        trial("a_long_value_is_truncated_in_its_message", long_values),
        trial("ten_thousand_tasks_are_checked_once", many_tasks),
        trial("an_address_in_use_is_named_and_no_task_runs", taken),
    ];
    for (name, bytes, said) in ODD {
        trials.push(trial(name, move || {
            let place = TestFolder::new()?;
            fs::write(place.path().join("odd.toml"), bytes())?;
            refused(&place, "odd.toml", said)
        }));
    }
    trials
}

fn longest() -> Result<()> {
    let place = TestFolder::new()?;
    let mut text = b"[tasks.a]\ncomponent = \"hello.wasm\"\n#".to_vec();
    text.resize(1 << 20, b'#');
    fs::write(place.path().join("long.toml"), text)?;
    good(&place.serve(&["--check", "long.toml"])?)
}

fn marked() -> Result<()> {
    let place = TestFolder::new()?;
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
    refused(&TestFolder::new()?, "none.toml", said)
}

fn directory() -> Result<()> {
    let said = "error: in: cannot read the configuration: it is a directory, not a regular file\n";
    refused(&TestFolder::new()?, "in", said)
}

fn endless() -> Result<()> {
    let said =
        "error: /dev/zero: cannot read the configuration: it is a device, not a regular file\n";
    refused(&TestFolder::new()?, "/dev/zero", said)
}

fn sparse() -> Result<()> {
    let place = TestFolder::new()?;
    fs::File::create(place.path().join("sparse.toml"))?.set_len(1 << 40)?;
    let said = "error: sparse.toml: the configuration is larger than 1 MiB; check that this is the right file\n";
    refused(&place, "sparse.toml", said)
}

fn piped() -> Result<()> {
    let place = TestFolder::new()?;
    let component = place.path().join("hello.wasm");
    let config = format!(
        "[tasks.a]\ncomponent = {:?}\n",
        component.display().to_string()
    );
    fs::write(place.path().join("piped.toml"), config)?;
    let output = Command::new("sh")
        .args([
            "-c",
            "cat piped.toml | \"$1\" serve --check /dev/stdin",
            "sh",
        ])
        .arg(command())
        .current_dir(place.path())
        .env("XDG_CACHE_HOME", cache_home())
        .output()?;
    ensure!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let made = Command::new("mkfifo")
        .arg(place.path().join("pipe"))
        .status()?;
    ensure!(made.success(), "{made}");
    // A task may read a pipe that has no writer yet. The check does not wait for one.
    let config = format!(
        "[tasks.digest]\ncomponent = \"{}\"\nstdin = \"pipe\"\n",
        component.display()
    );
    fs::write(place.path().join("piped_input.toml"), config)?;
    let end = place.serve(&["--check", "piped_input.toml"])?;
    ensure!(end.code == Some(0), "{end}");
    let said =
        "error: pipe: cannot read the configuration: it is a named pipe, not a regular file\n";
    refused(&place, "pipe", said)
}

/// `serve` would start the backend, and fail.
fn granted() -> Result<()> {
    let text =
        "[tasks]\n[backends.x]\ncomponent = \"provider.wasm\"\ngrants = [\"dir=absent::/x\"]\n";
    let said = "many.toml:4:1: backends.x.grants: cannot grant the directory absent: No such file or directory (os error 2)";
    ensure!(
        faults(text)?.iter().any(|line| line.ends_with(said)),
        "{:?}",
        faults(text)?
    );
    Ok(())
}

/// The messages about a configuration, line by line.
fn faults(text: &str) -> Result<Vec<String>> {
    let place = TestFolder::new()?;
    fs::write(place.path().join("many.toml"), text)?;
    let end = place.serve(&["--check", "many.toml"])?;
    ensure!(end.code == Some(2) && end.stdout.is_empty(), "{end}");
    Ok(end.stderr.lines().map(str::to_owned).collect())
}

/// Long files with one fault each: a schema error, a broken rule, or a TOML syntax error.
fn many() -> Result<()> {
    for (line, keyed) in [
        ("component = \"\"", true),
        ("components = 1", true),
        ("= 1", false),
    ] {
        let tasks = (0..20_000).map(|number| format!("[tasks.t{number}]\n{line}\n"));
        let said = faults(&tasks.collect::<String>())?;
        ensure!(said.len() == 101, "{line}: {} lines", said.len());
        let first = said.first().map_or("", |it| it);
        ensure!(!keyed || first.contains(": tasks.t0."), "{first}");
        let last = said.last().map_or("", |it| it);
        let more = last.strip_prefix("error: many.toml: ");
        ensure!(
            more.is_some_and(|it| it.ends_with(" more errors are not shown; the first 100 are")),
            "{last}"
        );
    }
    Ok(())
}

fn many_missing() -> Result<()> {
    let tasks = (0..1_000)
        .map(|number| format!("[tasks.t{number:03}]\ncomponent = \"none-{number}.wasm\"\n"));
    let said = faults(&tasks.collect::<String>())?;
    ensure!(said.len() == 101, "{} lines", said.len());
    let last = said.last().map_or("", |it| it);
    ensure!(
        last.ends_with(": 900 more errors are not shown; the first 100 are"),
        "{last}"
    );
    Ok(())
}

fn long_values() -> Result<()> {
    let long = "\u{1b}".repeat(100_000);
    for text in [
        format!(
            "[tasks.a]\ncomponent = \"hello.wasm\"\ntimeout = '{}'\n",
            "x".repeat(500_000)
        ),
        format!("[tasks.\"{}\"]\n", long.replace('\u{1b}', "\\u001b")),
        format!("{} = 1\n", "y".repeat(500_000)),
        format!("[tasks.a.env]\n{}\n", "z.".repeat(100_000)),
        format!("a = {}\n", "[".repeat(500_000)),
    ] {
        let said = faults(&text)?;
        let length: usize = said.iter().map(String::len).sum();
        ensure!(
            !said.is_empty() && length < 10_000,
            "{length}: {:.200}",
            said[0]
        );
    }
    Ok(())
}

fn many_tasks() -> Result<()> {
    let place = TestFolder::new()?;
    let tasks =
        (0..10_000).map(|number| format!("[tasks.t{number}]\ncomponent = \"hello.wasm\"\n"));
    fs::write(place.path().join("many.toml"), tasks.collect::<String>())?;
    good(&place.serve(&["--check", "many.toml"])?)
}

fn refused(place: &TestFolder, file: &str, said: &str) -> Result<()> {
    for args in [&["--check", file][..], &[file]] {
        let end = place.serve(args)?;
        let silent = end.stdout.is_empty();
        ensure!(end.code == Some(2) && silent && end.stderr == said, "{end}");
    }
    Ok(())
}

fn taken() -> Result<()> {
    let place = TestFolder::new()?;
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
        !end.stderr.contains("task started") && end.stdout.is_empty(),
        "{end}"
    );
    Ok(())
}
