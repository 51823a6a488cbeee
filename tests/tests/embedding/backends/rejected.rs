//! A component that is not a backend is rejected when it is loaded, never at the first
//! record.

use std::fs;

use anyhow::{Result, bail, ensure};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::script::script;

use crate::backends::probe::{Probe, providers};

/// The fault of a component, its text, and the words of the error.
const CASES: [(&str, &str, &[&str]); 10] = [
    (
        "another version",
        r#"(component
            (instance $backend)
            (export "solti:metrics/backend@0.2.0" (instance $backend)))"#,
        &["`solti:metrics/backend@0.2.0`", "solti:metrics@0.1.0"],
    ),
    (
        "an interface that does not exist",
        r#"(component
            (instance $none)
            (export "solti:metrics/backend@0.1.0" (instance $none))
            (export "solti:metrics/labels@0.1.0" (instance $none)))"#,
        &[
            "exports `solti:metrics/labels@0.1.0`",
            "solti:metrics@0.1.0 has no interface `labels` to export",
            "only `backend`, `batch`, `lifecycle`, `exposition`, `accounting`",
        ],
    ),
    (
        "an import that does not exist",
        r#"(component
            (import "solti:metrics/labels@0.1.0" (instance))
            (instance $backend)
            (export "solti:metrics/backend@0.1.0" (instance $backend)))"#,
        &[
            "imports `solti:metrics/labels@0.1.0`",
            "solti:metrics@0.1.0 has no interface `labels` to import",
            "only `backend`, `types`",
        ],
    ),
    (
        "only a part",
        r#"(component
            (core module $m (func (export "f") (param i32)))
            (core instance $i (instantiate $m))
            (type $runner' (enum "subprocess" "container" "wasm"))
            (import "solti:metrics/types@0.1.0" (instance $types
              (type $r (enum "subprocess" "container" "wasm"))
              (export "runner-type" (type (eq $r)))))
            (alias export $types "runner-type" (type $runner))
            (func $f (param "runner" $runner) (canon lift (core func $i "f")))
            (instance $backend (export "record-task-started" (func $f)))
            (export "solti:metrics/backend@0.1.0" (instance $backend)))"#,
        &["`record-task-completed` is missing"],
    ),
    (
        "nothing in it",
        r#"(component
            (instance $backend)
            (export "solti:metrics/backend@0.1.0" (instance $backend)))"#,
        &["`record-task-started` is missing"],
    ),
    (
        "a wrong type",
        r#"(component
            (core module $m (func (export "f") (param i32)))
            (core instance $i (instantiate $m))
            (func $f (param "runner" u32) (canon lift (core func $i "f")))
            (instance $backend (export "record-task-started" (func $f)))
            (export "solti:metrics/backend@0.1.0" (instance $backend)))"#,
        &[
            "`record-task-started` has the type `func(u32)`",
            "and `func(enum(subprocess, container, wasm))` is expected",
        ],
    ),
    (
        "one label less",
        r#"(component
            (core module $m (func (export "f") (param i32)))
            (core instance $i (instantiate $m))
            (type $r' (enum "subprocess" "wasm"))
            (export $r "runner-type" (type $r'))
            (func $f (param "runner" $r) (canon lift (core func $i "f")))
            (instance $backend (export "record-task-started" (func $f)) (export "runner-type" (type $r)))
            (export "solti:metrics/backend@0.1.0" (instance $backend)))"#,
        &["has the type `func(enum(subprocess, wasm))`"],
    ),
    (
        "a function under that name",
        r#"(component
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (export "solti:metrics/backend@0.1.0" (func $f)))"#,
        &["it is not an interface"],
    ),
    (
        "a component without metrics",
        "(component)",
        &[
            "does not export `solti:metrics/backend@0.1.0`",
            "a component without metrics",
        ],
    ),
    (
        "an unknown import",
        r#"(component
            (import "acme:db/store@1.0.0" (instance))
            (instance $backend)
            (export "solti:metrics/backend@0.1.0" (instance $backend)))"#,
        &["acme:db/store@1.0.0"],
    ),
];

#[test]
fn an_unsuitable_component_is_rejected_at_load() -> Result<()> {
    for (what, text, parts) in CASES {
        refused(what, &wat::parse_str(text)?, &Grants::new(), parts)?;
    }
    refused(
        "a guest",
        &recording(&script())?,
        &Grants::new(),
        &["is not a provider but a guest", "name a provider"],
    )
}

#[test]
fn an_optional_interface_of_the_wrong_type_is_rejected_at_load() -> Result<()> {
    let whole = Probe::new().exposition("# EOF\n").component()?;
    // An interface of another type under this name.
    let text = wasm_text(&whole)?;
    let wrong = text.replace("solti:metrics/exposition@", "solti:metrics/lifecycle@");
    ensure!(wrong != text);
    refused(
        "an exposition as a lifecycle",
        &wat::parse_str(wrong)?,
        &Grants::new(),
        &["`solti:metrics/lifecycle@0.1.0`", "`flush` is missing"],
    )
}

#[test]
fn an_import_that_was_not_granted_is_named_with_its_grant() -> Result<()> {
    let text = |import: &str| {
        format!(
            r#"(component
                (import "{import}" (instance))
                (instance $backend)
                (export "solti:metrics/backend@0.1.0" (instance $backend)))"#
        )
    };
    for (import, grant) in [
        (
            "wasi:http/outgoing-handler@0.2.0",
            "the authority of an HTTP server",
        ),
        ("wasi:sockets/tcp@0.2.0", "an address for TCP or UDP"),
        ("wasi:sockets/udp@0.2.3", "an address for TCP or UDP"),
    ] {
        let bytes = wat::parse_str(text(import))?;
        refused(
            import,
            &bytes,
            &Grants::new(),
            &[import, "not granted", grant],
        )?;
        // With the grant, the load finds the next fault.
        let granted = Grants::new()
            .http("localhost:1")
            .udp(([127, 0, 0, 1], 1).into());
        refused(import, &bytes, &granted, &["is missing"])?;
        refused(import, &bytes, &Grants::new().no_network(), &["is missing"])?;
    }
    Ok(())
}

#[test]
fn a_middleware_without_a_next_backend_is_rejected_at_the_start() -> Result<()> {
    let probe = Probe::new().load()?;
    let error = ComponentBackend::start(&probe, BackendOptions::default());
    let error = error.err().map(|error| error.to_string());
    ensure!(
        error
            .as_deref()
            .is_some_and(|said| said.contains("needs a next backend")),
        "{error:?}"
    );
    Ok(())
}

#[test]
fn a_missing_directory_is_named_at_the_start() -> Result<()> {
    let bytes = fs::read(artifact("lines", WASI))?;
    let grants = Grants::new().dir(
        "/nowhere/to/be/found",
        "/out",
        solti_metrics_host::wasi::Access::ReadOnly,
    );
    let provider = providers().load("provider", &bytes, &grants)?;
    let error = ComponentBackend::start(&provider, BackendOptions::default());
    let error = error.err().map(|error| error.to_string());
    ensure!(
        error
            .as_deref()
            .is_some_and(|said| said.contains("/nowhere/to/be/found")),
        "{error:?}"
    );
    Ok(())
}

#[test]
fn a_component_above_the_size_cap_is_rejected() -> Result<()> {
    let small = Providers::builder().max_component(16).build()?;
    let error = small.load("probe", &Probe::new().component()?, &Grants::new());
    let error = error.err().map(|error| error.to_string());
    ensure!(
        error
            .as_deref()
            .is_some_and(|said| said.contains("the limit is 16")),
        "{error:?}"
    );
    Ok(())
}

fn refused(what: &str, bytes: &[u8], grants: &Grants, parts: &[&str]) -> Result<()> {
    let Err(error) = providers().load("part.wasm", bytes, grants) else {
        bail!("{what} was loaded");
    };
    let error = error.to_string();
    ensure!(error.starts_with("part.wasm: "), "{what}: {error}");
    for part in parts {
        ensure!(error.contains(part), "{what}: {error}");
    }
    Ok(())
}

fn wasm_text(bytes: &[u8]) -> Result<String> {
    wasmprinter::print_bytes(bytes)
}
