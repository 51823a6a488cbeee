//! The stored bindings of `wit-bindgen c` belong to the world in the same folder.

use std::fs;

use anyhow::{Context, Result, ensure};
use wit_component::{StringEncoding, WitPrinter, embed_component_metadata, metadata};
use wit_parser::{Resolve, WorldId};

use crate::contract::package::root;

/// In `guest/examples/` and `tests/raises/`: the folder of a world, its name, and the
/// object file with the world for the linker.
const KEPT: [(&str, &str, &str); 3] = [
    (
        "wit",
        "imports",
        "guest/examples/reporter/imports_component_type.o",
    ),
    (
        "guest/examples/provider/wit",
        "provider",
        "guest/examples/provider/provider_component_type.o",
    ),
    (
        "tests/raises/raises/wit",
        "raises",
        "tests/raises/raises/raises_component_type.o",
    ),
];

#[test]
fn stored_bindings_belong_to_the_world_in_their_folder() -> Result<()> {
    for (folder, world, object) in KEPT {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(root().join(folder))?;
        let world = resolve.select_world(&[package], Some(world))?;
        same(object, &resolve, world)?;
    }
    Ok(())
}

#[test]
fn bindings_of_a_new_project_belong_to_its_world() -> Result<()> {
    for role in ["guest", "provider", "middleware"] {
        let mut resolve = Resolve::default();
        // The package, with all gates open.
        resolve.push_dir(root().join("guest/examples/provider/wit/deps/solti-metrics"))?;
        let world = format!("host/cli/templates/{role}/wit/world.wit");
        let package = resolve.push_file(root().join(world))?;
        let world = resolve.select_world(&[package], Some(role))?;
        let object = format!("host/cli/templates/c/{role}/bindings/{role}_component_type.o");
        same(&object, &resolve, world)?;
    }
    Ok(())
}

fn same(object: &str, resolve: &Resolve, world: WorldId) -> Result<()> {
    let mut ours = b"\0asm\x01\0\0\0".to_vec();
    embed_component_metadata(&mut ours, resolve, world, StringEncoding::UTF8)?;
    let bytes = fs::read(root().join(object)).with_context(|| object.to_owned())?;
    let (ours, theirs) = (printed(&ours)?, printed(&bytes)?);
    ensure!(
        ours == theirs,
        "{object} has another world: generate the bindings again\n{ours}\n{theirs}"
    );
    Ok(())
}

/// The world that a module carries, with its dependencies.
fn printed(module: &[u8]) -> Result<String> {
    let (rest, carried) = metadata::decode(module)?;
    ensure!(rest.is_some(), "it carries no world");
    let resolve = carried.resolve;
    let root = resolve.worlds[carried.world].package;
    let root = root.context("a world without a package")?;
    let packages = resolve.packages.iter().map(|(id, _)| id);
    let others: Vec<_> = packages.filter(|id| *id != root).collect();
    let mut printer = WitPrinter::default();
    printer.emit_docs(false).print(&resolve, root, &others)?;
    Ok(printer.output.to_string())
}
