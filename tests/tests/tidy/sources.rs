//! Forbidden parts of Rust source and of the tree.

use anyhow::Result;

use crate::code::{code, has, is_word};
use crate::tree::{File, files, paths};

/// The files with `unsafe`, each with the contract that makes it sound. Expansions of
/// macros do not count.
const UNSAFE: [&str; 2] = ["host/src/code/known.rs", "host/src/code/shim.rs"];

/// A longer file rarely has one purpose.
const LINES: usize = 350;

/// The folders in which a file is a component with its own world.
const COMPONENTS: [&str; 2] = ["guest/examples/", "tests/raises/"];

/// All except `tidy` link wasmtime, which takes long and makes each larger than 100 MB.
const TEST_BINARIES: [&str; 6] = [
    "tests/tests/allocations/main.rs",
    "tests/tests/command/main.rs",
    "tests/tests/embedding/main.rs",
    "tests/tests/interop/main.rs",
    "tests/tests/polyglot/main.rs",
    "tests/tests/tidy/main.rs",
];

#[test]
fn generated_code_has_one_door() -> Result<()> {
    none(
        |file| file.path.ends_with("/bindings.rs") || is_component(&file.path),
        |code| has(code, "bindgen", "!") || has(code, "generate", "!"),
        "only a `bindings.rs` generates bindings",
    )
}

#[test]
fn only_declared_files_have_unsafe() -> Result<()> {
    let mut found: Vec<_> = files("rs")?
        .into_iter()
        .filter(|file| has(&code(&file.text), "unsafe", ""))
        .map(|file| file.path)
        .collect();
    found.sort();
    assert_eq!(found, UNSAFE);
    Ok(())
}

/// The contract of `host/src/code.rs` says which code comes from elsewhere.
#[test]
fn only_two_files_load_code_from_elsewhere() -> Result<()> {
    let mut found: Vec<_> = files("rs")?
        .into_iter()
        .filter(|file| {
            let code = code(&file.text);
            ["Code::known", "Code::known_file"]
                .iter()
                .any(|made| has(&code, made, "("))
        })
        .map(|file| file.path)
        .collect();
    found.sort();
    assert_eq!(
        found,
        ["host/src/artifact/cache.rs", "host/src/artifact/engine.rs"]
    );
    Ok(())
}

#[test]
fn no_test_is_ignored() -> Result<()> {
    none(
        |_| false,
        |code| has(code, "#[ignore", ""),
        "a test that cannot run here is a listed skip",
    )
}

#[test]
fn no_test_sleeps() -> Result<()> {
    none(
        |file| !file.path.split('/').any(|part| part == "tests"),
        |code| has(code, "sleep", "("),
        "a test waits for what it waits for, not for a while",
    )
}

#[test]
fn no_source_has_a_to_do() -> Result<()> {
    none(
        |_| false,
        |code| has(code, "todo", "!") || has(code, "unimplemented", "!"),
        "what is not there is not promised",
    )
}

#[test]
fn no_re_export_is_a_glob() -> Result<()> {
    none(
        |_| false,
        re_exports_a_glob,
        "a re-export names what it exports",
    )
}

/// An example is a single file, and its modules are in a folder next to it. The models
/// compile files of the server.
#[test]
fn modules_are_where_the_compiler_looks_for_them() -> Result<()> {
    const EXCEPTED: [&str; 2] = ["guest/examples/", "tests/models/"];
    none(
        |file| EXCEPTED.iter().any(|folder| file.path.starts_with(folder)),
        |code| has(code, "#[path", ""),
        "a module has the place that its name says",
    )
}

#[test]
fn each_suite_is_a_module_of_a_test_binary() -> Result<()> {
    let is_binary = |path: &String| {
        let within = path.strip_prefix("tests/tests/");
        within.is_some_and(|it| !it.contains('/') || it.ends_with("/main.rs"))
    };
    let mut found = paths()?;
    found.retain(is_binary);
    assert_eq!(found, TEST_BINARIES);
    Ok(())
}

#[test]
fn no_file_is_too_long() -> Result<()> {
    let mut long = Vec::new();
    for file in files("rs")? {
        let lines = file.text.lines().count();
        let ours = ["src/", "fuzz/", "guest/", "host/"];
        if lines > LINES && ours.iter().any(|folder| file.path.starts_with(folder)) {
            long.push(format!("{} has {lines} lines", file.path));
        }
    }
    assert!(long.is_empty(), "more than {LINES} lines: {long:#?}");
    Ok(())
}

#[test]
fn libraries_mention_no_options() -> Result<()> {
    let mut found = Vec::new();
    for file in files("rs")? {
        let libraries = [
            "src/",
            "host/src/",
            "host/server/src/",
            "host/conformance/src/",
        ];
        let is_test = file.path.contains("/tests/") || file.path.ends_with("/tests.rs");
        if is_test || !libraries.iter().any(|it| file.path.starts_with(it)) {
            continue;
        }
        let text = file.text.split("#[cfg(test)]\nmod tests {").next();
        for line in text.unwrap_or_default().lines() {
            // A schema may have a guest's options as examples.
            let is_comment = ["//", "#["]
                .iter()
                .any(|it| line.trim_start().starts_with(it));
            if !is_comment && line.contains('"') && names_an_option(line) {
                found.push(format!("{}: {}", file.path, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "the command says this: {found:#?}");
    Ok(())
}

/// Returns whether the line has an option, such as `--listen`.
fn names_an_option(line: &str) -> bool {
    line.match_indices("--").any(|(at, _)| {
        let after = line[at + 2..].chars().next();
        let begins = line[..at].ends_with([' ', '`', '"', '(']);
        begins && after.is_some_and(|c| c.is_ascii_lowercase())
    })
}

#[test]
fn each_file_and_folder_has_a_specific_name() -> Result<()> {
    const NAMES: [&str; 7] = [
        "utils", "util", "common", "helpers", "helper", "misc", "shared",
    ];
    let mut nameless = paths()?;
    nameless.retain(|path| {
        let stems = path.split('/').filter_map(|part| part.split('.').next());
        stems.into_iter().any(|stem| NAMES.contains(&stem))
    });
    assert!(nameless.is_empty(), "named for nothing: {nameless:#?}");
    Ok(())
}

fn is_component(path: &str) -> bool {
    COMPONENTS.iter().any(|folder| path.starts_with(folder))
}

/// Asserts that no Rust file, except for the `excepted`, has `bad` code.
fn none(excepted: fn(&File) -> bool, bad: fn(&str) -> bool, rule: &str) -> Result<()> {
    let found: Vec<_> = files("rs")?
        .into_iter()
        .filter(|file| !excepted(file) && bad(&code(&file.text)))
        .map(|file| file.path)
        .collect();
    assert!(found.is_empty(), "{rule}: {found:#?}");
    Ok(())
}

fn re_exports_a_glob(code: &str) -> bool {
    code.match_indices("use ").any(|(at, _)| {
        let before = code[..at].trim_end();
        let public = before.ends_with("pub") || before.ends_with(')');
        let whole_word = !code[..at].ends_with(is_word);
        let path = code[at..].split(';').next().unwrap_or_default();
        public && whole_word && path.contains('*')
    })
}

#[test]
fn a_glob_is_found_in_every_kind_of_re_export() {
    for glob in [
        "pub use a::*;",
        "pub(crate) use a::*;",
        "pub use a::{b, c::*};",
    ] {
        assert!(re_exports_a_glob(glob), "{glob}");
    }
    for fine in ["use super::*;", "pub use a::b; x * y", "pub because a::*;"] {
        assert!(!re_exports_a_glob(fine), "{fine}");
    }
}
