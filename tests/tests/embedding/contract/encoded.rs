//! The package as one component, in the format of registries.

use std::process::Command;

use anyhow::{Result, bail, ensure};
use solti_metrics_tests::artifact::command;
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{PackageId, Resolve};

use crate::contract::package::Package;

#[test]
fn the_package_as_a_component_equals_its_text() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("solti-metrics.wasm");
    let output = Command::new(command())
        .args(["wit", "--package"])
        .arg(&file)
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    let bytes = std::fs::read(&file)?;
    let DecodedWasm::WitPackage(resolve, package) = wit_component::decode(&bytes)? else {
        bail!("a component, and no package");
    };

    let texts = Package::current()?.resolve()?;
    let (read, written) = (
        printed(&resolve, package)?,
        printed(&texts.resolve, texts.id)?,
    );
    assert_eq!(read, written);
    // The component includes the documentation, and interfaces with closed gates.
    for part in ["interface accounting", "@unstable(", "///"] {
        ensure!(read.contains(part), "no {part}");
    }
    Ok(())
}

fn printed(resolve: &Resolve, package: PackageId) -> Result<String> {
    let mut printer = WitPrinter::default();
    printer.print(resolve, package, &[])?;
    Ok(printer.output.to_string())
}
