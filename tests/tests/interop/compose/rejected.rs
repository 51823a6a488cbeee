//! Components that cannot be composed are rejected. The message names the component, the
//! reason and the fix.

use anyhow::{Result, ensure};
use solti_metrics_host::component::{LoadError, Role};
use solti_metrics_host::compose::{ComposeError, Part, compose, compose_files};
use solti_metrics_tests::artifact::{BARE, WASI, artifact};

use crate::compose::composed::composed;
use crate::compose::small::{SMALL, Small};

/// Components, a check of the error, and the words of its message.
type Case = (
    Vec<(&'static str, Vec<u8>)>,
    fn(&ComposeError) -> bool,
    &'static str,
);

pub(crate) fn all() -> Result<()> {
    for (parts, is_right, said) in cases()? {
        let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
        let parts: Vec<_> = parts
            .iter()
            .map(|(name, bytes)| Part { name, bytes })
            .collect();
        let Err(error) = compose(&parts) else {
            anyhow::bail!("{names:?} are composed");
        };
        let text = error.to_string();
        ensure!(is_right(&error), "{names:?}: {error:?}");
        ensure!(text.contains(said), "{names:?}: not {said:?} but {text:?}");
        ensure!(
            text.contains("; ") || text.ends_with('?'),
            "no advice: {text}"
        );
        ensure!(!text.contains(|c: char| c.is_control()), "{text:?}");
    }
    Ok(())
}

fn cases() -> Result<Vec<Case>> {
    let guest = || Ok::<_, anyhow::Error>(("guest", SMALL.guest()?));
    let middleware = || Ok::<_, anyhow::Error>(("middleware", SMALL.middleware()?));
    let provider = || Ok::<_, anyhow::Error>(("provider", SMALL.provider()?));
    let other = |name: &'static str, text: &str| {
        Ok::<_, anyhow::Error>((name, wat::parse_str(format!("(component {text})"))?))
    };
    let next = Small {
        version: "0.2.0",
        ..SMALL
    };
    let label = Small {
        runners: r#""subprocess" "container" "wasm" "unikernel""#,
        ..SMALL
    };
    let plain = Small {
        imports_types: false,
        ..label
    };
    let longer = Small {
        parameters: r#"(param "more" u64)"#,
        ..SMALL
    };
    let with = |more| Small { more, ..SMALL };
    let mut truncated = SMALL.provider()?;
    truncated.truncate(truncated.len() - 20);
    Ok(vec![
        // Too few components, or a wrong order.
        (vec![], |e| matches!(e, ComposeError::TooFew), "a guest first"),
        (vec![guest()?], |e| matches!(e, ComposeError::TooFew), "a provider last"),
        (
            vec![provider()?, guest()?],
            |e| matches!(e, ComposeError::Misplaced { role: Role::Provider, expected: Role::Guest, .. }),
            "provider: is a provider, and the guest is expected at this position",
        ),
        (
            vec![middleware()?, provider()?],
            |e| matches!(e, ComposeError::Misplaced { role: Role::Middleware, expected: Role::Guest, .. }),
            "middleware: is a middleware, and the guest is expected at this position",
        ),
        (
            vec![guest()?, middleware()?],
            |e| matches!(e, ComposeError::Misplaced { role: Role::Middleware, expected: Role::Provider, .. }),
            "middleware: is a middleware, and the provider is expected at this position",
        ),
        (
            vec![guest()?, guest()?],
            |e| matches!(e, ComposeError::Misplaced { role: Role::Guest, expected: Role::Provider, .. }),
            "guest: is a guest",
        ),
        (
            vec![guest()?, guest()?, provider()?],
            |e| matches!(e, ComposeError::Misplaced { role: Role::Guest, expected: Role::Middleware, .. }),
            "and a middleware is expected at this position",
        ),
        (
            vec![guest()?, provider()?, provider()?],
            |e| matches!(e, ComposeError::Misplaced { role: Role::Provider, expected: Role::Middleware, .. }),
            "the provider last",
        ),
        (
            vec![guest()?, other("else", "")?],
            |e| matches!(e, ComposeError::Misplaced { role: Role::None, expected: Role::Provider, .. }),
            "else: is a component without metrics",
        ),
        (
            vec![other("else", "")?, provider()?],
            |e| matches!(e, ComposeError::RecordsNothing { .. }),
            "else: is not a guest that records metrics",
        ),
        // Versions and types.
        (
            vec![("guest", next.guest()?), provider()?],
            |e| matches!(e, ComposeError::MetricsVersion { .. }),
            "guest: has `solti:metrics/types@0.2.0`",
        ),
        (
            vec![guest()?, ("provider", next.provider()?)],
            |e| matches!(e, ComposeError::MetricsVersion { .. }),
            "provider: has `solti:metrics/types@0.2.0`",
        ),
        (
            vec![
                ("guest", with(r#"(import "solti:metrics/batch@0.1.0" (instance))"#).guest()?),
                provider()?,
            ],
            |e| matches!(e, ComposeError::MetricsInterface { .. }),
            "guest: imports `solti:metrics/batch@0.1.0`, and solti:metrics@0.1.0 has no interface `batch` to import, only `backend`, `types`",
        ),
        (
            vec![("guest", label.guest()?), provider()?],
            |e| matches!(e, ComposeError::WrongTypes { .. }),
            "guest: has `solti:metrics/types@0.1.0` with other types",
        ),
        (
            vec![guest()?, ("middleware", label.middleware()?), provider()?],
            |e| matches!(e, ComposeError::WrongTypes { .. }),
            "middleware: has `solti:metrics/types@0.1.0`",
        ),
        (
            vec![guest()?, ("provider", plain.provider()?)],
            |e| matches!(e, ComposeError::Mismatch { .. }),
            "guest: does not match provider, which exports `solti:metrics/backend@0.1.0`",
        ),
        (
            vec![guest()?, middleware()?, ("provider", longer.provider()?)],
            |e| matches!(e, ComposeError::Mismatch { .. }),
            "middleware: does not match provider",
        ),
        (
            vec![
                guest()?,
                other("provider", r#"(instance $none) (export "solti:metrics/backend@0.1.0" (instance $none))"#)?,
            ],
            |e| matches!(e, ComposeError::Mismatch { .. }),
            "with other types: instance is missing expected enum export `runner-type`; build",
        ),
        (
            vec![
                guest()?,
                other("provider", r#"(component $none) (export "solti:metrics/backend@0.1.0" (component $none))"#)?,
            ],
            |e| matches!(e, ComposeError::Mismatch { .. }),
            "guest: does not match provider",
        ),
        // Imports and exports besides the metrics.
        (
            vec![
                ("guest", with(r#"(instance $own) (export "solti:metrics/lifecycle@0.1.3" (instance $own))"#).guest()?),
                ("provider", with(r#"(instance $own) (export "solti:metrics/lifecycle@0.1.0" (instance $own))"#).provider()?),
            ],
            |e| matches!(e, ComposeError::ExportedTwice { .. }),
            "guest and provider both export `solti:metrics/lifecycle@0.1.3`",
        ),
        (
            vec![
                ("guest", with(r#"(import "acme:a/b@1.0.0" (instance (export "f" (func))))"#).guest()?),
                ("provider", with(r#"(import "acme:a/b@1.2.0" (instance (export "f" (func (param "a" u8)))))"#).provider()?),
            ],
            |e| matches!(e, ComposeError::ImportConflict { .. }),
            "provider and guest: import `acme:a/b@1.0.0` with different types",
        ),
        (
            vec![
                ("guest", with(r#"(import "acme:a/b@1.0.0" (instance (export "f" (func))))"#).guest()?),
                ("provider", with(r#"(import "acme:a/b@1.0.0" (func))"#).provider()?),
            ],
            |e| matches!(e, ComposeError::ImportConflict { .. }),
            "provider and guest: import `acme:a/b@1.0.0` with different types",
        ),
        // Bytes that are not components.
        (
            vec![("empty", vec![]), provider()?],
            |e| matches!(e, ComposeError::Part(LoadError::Empty { .. })),
            "empty: the file is empty",
        ),
        (
            vec![guest()?, ("core", wat::parse_str("(module)")?)],
            |e| matches!(e, ComposeError::Part(LoadError::CoreModule { .. })),
            "core: is a core module",
        ),
        (
            vec![guest()?, ("notes\n.txt", b"Hello".to_vec())],
            |e| matches!(e, ComposeError::Part(LoadError::NotWasm { .. })),
            "notes\\n.txt: is not a WebAssembly component but text",
        ),
        (
            vec![guest()?, ("cut", truncated)],
            |e| matches!(e, ComposeError::Part(LoadError::Invalid { .. })),
            "cut: is not a valid component",
        ),
        (
            vec![guest()?, ("large", vec![0; (64 << 20) + 1])],
            |e| matches!(e, ComposeError::TooLarge { size: 67_108_865, limit: 67_108_864, .. }),
            "large: the component has 67108865 bytes",
        ),
    ])
}

/// Valid components at which the library that composes has an assertion, or makes an
/// invalid component.
pub(crate) fn odd() -> Result<()> {
    for more in [
        // The same type for two imports of instances with a type: an assertion of the library
        // that validates.
        r#"(type $one (instance (export "e" (type (eq $enum)))))
           (import "acme:a/b" (instance (type $one))) (import "acme:a/c" (instance (type $one)))"#,
        r#"(import "res" (type $own (sub resource))) (import "f" (func (param "a" (borrow $own))))"#,
        r#"(import "res" (type $own (sub resource)))
           (import "acme:a/b" (instance
               (export "s" (type $inner (eq $own))) (export "f" (func (param "a" (own $inner))))))"#,
        r#"(import "acme:a/b" (instance (export "m" (core module))))"#,
        r#"(import "acme:a/b" (instance (export "c" (component))))"#,
        r#"(import "m" (core module (type (struct)) (export "g" (global (ref null 0)))))"#,
        r#"(import "plain" (instance $i (export "r" (type (sub resource)))))
           (alias export $i "r" (type $r))
           (import "acme:a/b" (instance
               (export "r" (type $inner (eq $r))) (export "f" (func (param "a" (own $inner))))))"#,
        r#"(type $own (resource (rep i32))) (export $out "res" (type $own))
           (core func $new (canon resource.new $own))
           (func $f (param "a" u32) (result (own $out)) (canon lift (core func $new)))
           (export "[constructor]res" (func $f) (func (param "a" u32) (result (own $out))))"#,
    ] {
        let (guest, provider) = (Small { more, ..SMALL }.guest()?, SMALL.provider()?);
        let composed = compose(&[
            Part {
                name: "guest",
                bytes: &guest,
            },
            Part {
                name: "provider",
                bytes: &provider,
            },
        ]);
        let Err(error) = composed else {
            anyhow::bail!(
                "this can be composed now, so remove it from the documented limits: {more}"
            );
        };
        let text = error.to_string();
        let named = matches!(
            error,
            ComposeError::Unsupported { .. } | ComposeError::ImportConflict { .. }
        );
        ensure!(
            named && !text.contains(|c: char| c.is_control()),
            "{text:?}"
        );
    }
    Ok(())
}

/// Damaged bytes always lead to a result: an error or a composition.
pub(crate) fn damaged() -> Result<()> {
    let whole = [SMALL.guest()?, SMALL.middleware()?, SMALL.provider()?];
    for (which, part) in whole.iter().enumerate() {
        for at in 8..part.len() {
            for byte in [0, 1, 0x7f, 0xff, part[at].wrapping_add(1)] {
                let mut parts = whole.clone();
                parts[which][at] = byte;
                if let Ok(composed) = composed(&parts) {
                    ensure!(!composed.is_empty());
                }
            }
        }
    }
    Ok(())
}

pub(crate) fn files() -> Result<()> {
    let provider = artifact("provider", WASI);
    let folder = tempfile::tempdir()?;
    for (path, said) in [
        (
            folder.path().join("missing.wasm"),
            "missing.wasm: cannot read the component",
        ),
        (folder.path().to_owned(), "is a directory"),
        (artifact("middleware", BARE), "is a middleware"),
    ] {
        let Err(error) = compose_files(&[path.as_path(), &provider]) else {
            anyhow::bail!("{} is composed", path.display());
        };
        ensure!(error.to_string().contains(said), "{error}");
    }
    let large = folder.path().join("large.wasm");
    std::fs::File::create(&large)?.set_len((64 << 20) + 1)?;
    let error = compose_files(&[large.as_path(), &provider]).err();
    ensure!(
        matches!(error, Some(ComposeError::TooLarge { .. })),
        "{error:?}"
    );
    Ok(())
}
