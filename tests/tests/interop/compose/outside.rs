//! The imports and exports of a composition. Its caller can flush and scrape it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_tests::artifact::{BARE, WASI, artifact};
use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Engine, Store};

use crate::compose::composed::composed;
use crate::compose::small::{SMALL, Small};
use solti_metrics_tests::parts;

pub(crate) fn no_metrics_are_imported() -> Result<()> {
    let parts = [
        ("digest", WASI),
        ("middleware", WASI),
        ("middleware", BARE),
        ("lines", WASI),
    ];
    let mut files = Vec::new();
    for (name, target) in parts {
        files.push(fs::read(artifact(name, target))?);
    }
    let composed = outside(&files)?;
    let mut expected = BTreeSet::new();
    for file in &files {
        let part = Inspection::of("part", file)?;
        let others = part
            .imports
            .iter()
            .filter(|import| !import.path().starts_with("solti:"));
        expected.extend(others.map(|import| import.name().to_owned()));
    }
    let found: BTreeSet<_> = names(&composed).0.into_iter().collect();
    ensure!(found == expected, "{found:#?}");
    ensure!(!found.is_empty());
    Ok(())
}

/// Composes each provider and middleware in `guest/examples/`, also future ones.
pub(crate) fn every_example() -> Result<()> {
    let guest = fs::read(artifact("digest", WASI))?;
    let (mut middlewares, mut providers) = (Vec::new(), Vec::new());
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/examples");
    for entry in fs::read_dir(examples)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let Some(stem) = name.strip_suffix(".rs") else {
            continue;
        };
        for target in [WASI, BARE] {
            // Some examples are built for one target only.
            let Ok(bytes) = fs::read(artifact(stem, target)) else {
                continue;
            };
            let part = (format!("{stem} for {target}"), bytes);
            match Inspection::of(stem, &part.1)?.role() {
                Role::Middleware => middlewares.push(part),
                Role::Provider => providers.push(part),
                _ => {}
            }
        }
    }
    ensure!(middlewares.len() > 3 && providers.len() > 5);
    for (name, provider) in &providers {
        for (between, middleware) in &middlewares {
            let composed = outside(&[guest.clone(), middleware.clone(), provider.clone()])
                .with_context(|| format!("{between}, {name}"))?;
            ensure!(composed.is_program(), "{composed:?}");
            let (imports, _) = names(&composed);
            let metrics = imports.iter().any(|import| import.starts_with("solti:"));
            ensure!(!metrics, "{between}, {name}: {imports:?}");
        }
    }
    Ok(())
}

pub(crate) fn scraped() -> Result<()> {
    let parts = [
        fs::read(artifact("bare", BARE))?,
        fs::read(artifact("middleware", BARE))?,
        fs::read(artifact("provider", BARE))?,
    ];
    let mut running = Running::start(&composed(&parts)?)?;
    for times in 1..=3 {
        running.call(None, "run")?;
        let said = running.call(Some("solti:metrics/exposition@0.1.0"), "expose")?;
        let [Val::String(text)] = &said[..] else {
            anyhow::bail!("no text: {said:?}");
        };
        let line = format!(r#"solti_runner_tasks_started_total{{runner="container"}} {times}"#);
        ensure!(text.lines().any(|it| it == line), "{line}: {text}");
        ensure!(text.ends_with("# EOF\n"), "{text}");
    }
    Ok(())
}

/// Other exports of the components, which a runtime may need.
pub(crate) fn exports() -> Result<()> {
    let own = |more| Small { more, ..SMALL };
    let guest = own(r#"(instance $none)
        (core module $code (func (export "f")))
        (core instance $code (instantiate $code))
        (func $f (canon lift (core func $code "f")))
        (export "f" (func $f))
        (export "acme:a/b@1.0.0" (instance $none))
        (export "acme:a/c" (instance $none))
        (export "solti:metrics/batch@0.1.0" (instance $none))"#);
    let middleware = own(r#"(instance $none)
        (export "solti:metrics/exposition@0.1.0" (instance $none))
        (export "acme:b/middleware" (instance $none))"#);
    let provider = own(r#"(instance $none)
        (export "solti:metrics/batch@0.1.0" (instance $none))
        (export "solti:metrics/accounting@0.1.0" (instance $none))
        (export "solti:metrics/lifecycle@0.1.4" (instance $none))
        (export "solti:metrics/exposition@0.1.2" (instance $none))
        (export "solti:metrics/unheard-of@0.1.9" (instance $none))
        (export "acme:b/provider" (instance $none))"#);
    let composed = outside(&[
        guest.guest()?,
        middleware.middleware()?,
        provider.provider()?,
    ])?;
    let (imports, exports) = names(&composed);
    ensure!(imports.is_empty(), "{imports:?}");
    ensure!(
        exports
            == [
                "f",
                "acme:a/b@1.0.0",
                "acme:a/c",
                "solti:metrics/batch@0.1.0",
                "solti:metrics/lifecycle@0.1.4",
                "solti:metrics/exposition@0.1.2",
            ],
        "{exports:?}"
    );
    Ok(())
}

pub(crate) fn versions_of_a_line() -> Result<()> {
    let of = |version| Small { version, ..SMALL };
    for (guest, middleware, provider) in [("0.1.0", "0.1.3", "0.1.0"), ("0.1.7", "0.1.0", "0.1.12")]
    {
        let composed = outside(&[
            of(guest).guest()?,
            of(middleware).middleware()?,
            of(provider).provider()?,
        ])?;
        ensure!(composed.imports.is_empty(), "{composed:?}");
    }
    Ok(())
}

pub(crate) fn merged() -> Result<()> {
    let with = |more| Small { more, ..SMALL };
    let composed = outside(&[
        with(
            r#"(import "acme:a/b@1.0.0" (instance (export "f" (func))))
               (import "acme:a/own" (instance))"#,
        )
        .guest()?,
        with(
            r#"(import "acme:a/b@1.2.0" (instance (export "f" (func)) (export "g" (func))))
               (import "f" (func))"#,
        )
        .provider()?,
    ])?;
    let (mut imports, _) = names(&composed);
    imports.sort();
    ensure!(
        imports == ["acme:a/b@1.2.0", "acme:a/own", "f"],
        "{imports:?}"
    );
    Ok(())
}

pub(crate) fn reproducible() -> Result<()> {
    let parts = [
        fs::read(artifact("digest", WASI))?,
        parts::keeping_middleware()?,
        fs::read(artifact("middleware", BARE))?,
        parts::keeper()?,
    ];
    let first = composed(&parts)?;
    for _ in 0..20 {
        ensure!(composed(&parts)? == first, "other bytes");
    }
    Ok(())
}

/// If the guest is not a program, its caller flushes.
pub(crate) fn flushed_from_outside() -> Result<()> {
    let guest = || Ok::<_, anyhow::Error>(fs::read(artifact("bare", BARE))?);
    let long = 300_000;
    for (receivers, reason) in [
        (vec![parts::failing(false, 'p', 9)?], Some("p".repeat(9))),
        (
            vec![
                parts::failing(true, 'm', 5)?,
                parts::failing(false, 'p', 9)?,
            ],
            Some("m".repeat(5)),
        ),
        (
            vec![
                parts::failing(true, 'm', long)?,
                parts::failing(true, 'n', long)?,
                parts::failing(false, 'p', long)?,
            ],
            Some("m".repeat(long)),
        ),
        (
            vec![parts::keeping_middleware()?, parts::failing(false, 'p', 9)?],
            Some("p".repeat(9)),
        ),
        (vec![parts::keeping_middleware()?, parts::silent()?], None),
    ] {
        let mut parts = vec![guest()?];
        parts.extend(receivers);
        let mut running = Running::start(&composed(&parts)?)?;
        for _ in 0..3 {
            running.call(None, "run")?;
            let said = running.call(Some("solti:metrics/lifecycle@0.1.0"), "flush")?;
            let expected = match &reason {
                None => Val::Result(Ok(None)),
                Some(reason) => Val::Result(Err(Some(Box::new(Val::String(reason.clone()))))),
            };
            ensure!(said == [expected], "{} parts: {said:?}", parts.len());
        }
    }
    Ok(())
}

fn outside(parts: &[Vec<u8>]) -> Result<Inspection> {
    Ok(Inspection::of("composed", &composed(parts)?)?)
}

fn names(inspection: &Inspection) -> (Vec<String>, Vec<String>) {
    let names = |interfaces: &[solti_metrics_host::component::Interface]| {
        interfaces.iter().map(ToString::to_string).collect()
    };
    (names(&inspection.imports), names(&inspection.exports))
}

/// A composition without imports, in a store.
struct Running {
    store: Store<()>,
    instance: wasmtime::component::Instance,
}

impl Running {
    fn start(bytes: &[u8]) -> Result<Self> {
        let engine = Engine::default();
        let component = Component::from_binary(&engine, bytes).map_err(said)?;
        let mut store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        let instance = linker.instantiate(&mut store, &component).map_err(said)?;
        Ok(Self { store, instance })
    }

    fn call(&mut self, interface: Option<&str>, function: &str) -> Result<Vec<Val>> {
        let Self { store, instance } = self;
        let mut within = None;
        if let Some(interface) = interface {
            let found = instance.get_export_index(&mut *store, None, interface);
            within = Some(found.with_context(|| format!("no {interface}"))?);
        }
        let function = instance
            .get_export_index(&mut *store, within.as_ref(), function)
            .and_then(|function| instance.get_func(&mut *store, function))
            .with_context(|| format!("no {function}"))?;
        let count = function.ty(&*store).results().len();
        let mut results = vec![Val::Bool(false); count];
        function
            .call(&mut *store, &[], &mut results)
            .map_err(said)?;
        Ok(results)
    }
}

/// Converts an error of wasmtime, which has its own type.
fn said(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}
