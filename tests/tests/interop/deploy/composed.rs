//! The imports of composed guests, which determine the possible hosts.

use anyhow::{Result, bail, ensure};
use solti_metrics_host::compose::{Part, compose};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::trial::{Trial, trial};
use wit_component::DecodedWasm;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_program_that_pushes_otlp_imports_http", || {
            asks("otlp", "wasi:http/outgoing-handler", "wasi:sockets/udp")
        }),
        trial("a_program_that_pushes_statsd_imports_only_sockets", || {
            asks("statsd", "wasi:sockets/udp", "wasi:http/")
        }),
    ]
}

/// Checks that the composition with this provider is a program, imports `wanted`, and
/// does not import `other`.
fn asks(provider: &str, wanted: &str, other: &str) -> Result<()> {
    let read = |name| std::fs::read(artifact(name, WASI));
    let parts = [("digest", read("digest")?), (provider, read(provider)?)];
    let parts = parts.each_ref().map(|(name, bytes)| Part { name, bytes });
    let whole = compose(&parts)?.bytes;
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&whole)? else {
        bail!("a package, and no component");
    };
    let world = &resolve.worlds[world];
    let name = |key| resolve.name_world_key(key);
    let imports = || world.imports.keys().map(name);
    ensure!(
        imports().any(|import| import.starts_with(wanted)),
        "no {wanted}"
    );
    ensure!(
        !imports().any(|import| import.starts_with(other)),
        "the component imports {other}"
    );
    ensure!(
        world
            .exports
            .keys()
            .map(name)
            .any(|export| export.starts_with("wasi:cli/run@"))
    );
    Ok(())
}
