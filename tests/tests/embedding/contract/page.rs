//! `docs/reference/wit.md`: the package as a page, generated from its text.

use std::fmt::Write;
use std::{env, fs};

use anyhow::{Result, bail};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{
    Docs, EnumCase, Function, Interface, Resolve, Stability, Type, TypeDef, TypeDefKind,
};
use wit_parser::{World, WorldItem, WorldKey};

use crate::contract::package::{Package, Wit, root};

const INTRODUCTION: &str = "\
This page lists every name, number and parameter of the package. `types` defines
the labels, `backend` defines the functions, and each world is a role of a component.

In core WebAssembly, an enum case is its number. The core signature of each
function is below the function. A result of more than one core value is in memory:
an import has the address for the result as its last parameter, and an export
returns the address of the result.

A test generates this page from the text in [`wit/`](../../wit). To change the page,
edit that text and run `BLESS=1 cargo test --workspace --test embedding -- contract::`.
[Evolution](evolution.md) describes the allowed changes.";

#[test]
fn the_page_equals_the_package() -> Result<()> {
    let path = root().join("docs/reference/wit.md");
    let page = page(&Package::current()?.resolve()?)?;
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &page)?;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/wit.md is not what wit/ says: \
         run `BLESS=1 cargo test --workspace --test embedding -- contract::`"
    );
    Ok(())
}

fn page(wit: &Wit) -> Result<String> {
    let mut page = format!("# The WIT package `{}`\n\n", wit.package().name);
    if let Some(docs) = &wit.package().docs.contents {
        writeln!(page, "{}\n", docs.trim())?;
    }
    writeln!(page, "{INTRODUCTION}\n")?;

    writeln!(page, "## Worlds\n")?;
    writeln!(
        page,
        "| world | description | imports | exports |\n|---|---|---|---|"
    )?;
    for (name, world) in wit.worlds() {
        write_world(&mut page, wit, name, world)?;
    }
    for (name, interface) in wit.interfaces() {
        write_interface(&mut page, wit, name, interface)?;
    }
    Ok(page)
}

fn write_world(page: &mut String, wit: &Wit, name: &str, world: &World) -> Result<()> {
    let mut sides = Vec::new();
    for items in [&world.imports, &world.exports] {
        let mut cell = Vec::new();
        for (key, item) in items {
            let (WorldKey::Interface(id), WorldItem::Interface { docs, .. }) = (key, item) else {
                bail!("the page has no words for {key:?} in world `{name}`");
            };
            // Imports without docs are implied by other imports, and are not in the text.
            if docs.contents.is_some() {
                let interface = wit.resolve.interfaces[*id].name.as_deref().unwrap_or("?");
                cell.push(format!(
                    "[`{interface}`](#interface-{interface}): {}",
                    line(docs)
                ));
            }
        }
        if cell.is_empty() {
            cell.push("nothing".to_owned());
        }
        sides.push(cell.join("<br>"));
    }
    let what = format!("{} {}", line(&world.docs), since(&world.stability));
    writeln!(page, "| `{name}` | {what} | {} | {} |", sides[0], sides[1])?;
    Ok(())
}

fn write_interface(page: &mut String, wit: &Wit, name: &str, interface: &Interface) -> Result<()> {
    let id = wit.package().name.interface_id(name);
    let used = wit.used_interfaces(interface).into_iter();
    let used = used.map(|name| format!(", and brings an import of [`{name}`](#interface-{name})"));
    let used: String = used.collect();
    let (docs, since) = (text(&interface.docs), since(&interface.stability));
    writeln!(page, "\n## Interface `{name}`\n\n{docs}\n")?;
    writeln!(page, "In a component it is `{id}`{used}. {since}")?;

    for (name, def) in wit.own_types(interface) {
        write_type(page, &wit.resolve, &name, def)?;
    }
    for function in interface.functions.values() {
        write_function(page, &wit.resolve, function)?;
    }
    Ok(())
}

fn write_type(page: &mut String, resolve: &Resolve, name: &str, def: &TypeDef) -> Result<()> {
    writeln!(page, "\n### `{name}`\n\n{}\n", text(&def.docs))?;
    match &def.kind {
        TypeDefKind::Enum(cases) => {
            writeln!(
                page,
                "| number | case | label | meaning |\n|---|---|---|---|"
            )?;
            for (number, case) in cases.cases.iter().enumerate() {
                let (meaning, label) = meaning_and_label(case);
                writeln!(page, "| {number} | `{}` | {label} | {meaning} |", case.name)?;
            }
        }
        TypeDefKind::Record(record) => {
            writeln!(page, "| field | type | meaning |\n|---|---|---|")?;
            for field in &record.fields {
                let (ty, meaning) = (name_of(resolve, field.ty)?, line(&field.docs));
                writeln!(page, "| `{}` | `{ty}` | {meaning} |", field.name)?;
            }
        }
        kind => bail!("the page has no words for `{name}`, a {}", kind.as_str()),
    }
    Ok(())
}

fn write_function(page: &mut String, resolve: &Resolve, function: &Function) -> Result<()> {
    let mut params = Vec::new();
    for param in &function.params {
        params.push(format!("{}: {}", param.name, name_of(resolve, param.ty)?));
    }
    let result = match function.result {
        Some(ty) => format!(" -> {}", name_of(resolve, ty)?),
        None => String::new(),
    };
    let name = &function.name;
    let params = params.join(", ");
    writeln!(page, "\n### `{name}`\n")?;
    writeln!(page, "```wit\n{name}: func({params}){result};\n```\n")?;
    writeln!(page, "{}\n", text(&function.docs))?;

    let import = core_signature(resolve, AbiVariant::GuestImport, function);
    let export = core_signature(resolve, AbiVariant::GuestExport, function);
    if import == export {
        writeln!(page, "Core signature: `{import}`.")?;
    } else {
        writeln!(
            page,
            "Core signature: `{import}` as an import, `{export}` as an export."
        )?;
    }
    Ok(())
}

/// The parameters and results in core WebAssembly.
fn core_signature(resolve: &Resolve, variant: AbiVariant, function: &Function) -> String {
    let core = resolve.wasm_signature(variant, function);
    let list = |types: &[WasmType]| {
        let types: Vec<_> = types
            .iter()
            .map(|ty| format!("{ty:?}").to_lowercase())
            .collect();
        // The width of a pointer gives its type.
        types
            .join(" ")
            .replace("pointer", "i32")
            .replace("length", "i32")
    };
    let params = list(&core.params);
    match &core.results[..] {
        [] => format!("({params})"),
        results => format!("({params}) -> {}", list(results)),
    }
}

/// The sentence of a case, and the text of its label at the end, if any.
fn meaning_and_label(case: &EnumCase) -> (String, String) {
    let docs = line(&case.docs);
    match docs
        .rsplit_once(": `")
        .map(|(meaning, label)| (meaning, label.strip_suffix("`.")))
    {
        Some((meaning, Some(label))) => (format!("{meaning}."), format!("`{label}`")),
        _ => (docs, String::new()),
    }
}

fn name_of(resolve: &Resolve, ty: Type) -> Result<String> {
    let Type::Id(id) = ty else {
        return Ok(format!("{ty:?}").to_lowercase());
    };
    let def = &resolve.types[id];
    if let Some(name) = &def.name {
        return Ok(name.clone());
    }
    Ok(match &def.kind {
        TypeDefKind::List(ty) => format!("list<{}>", name_of(resolve, *ty)?),
        TypeDefKind::Option(ty) => format!("option<{}>", name_of(resolve, *ty)?),
        TypeDefKind::Result(result) => {
            let part = |ty: Option<Type>| ty.map_or(Ok("_".into()), |ty| name_of(resolve, ty));
            format!("result<{}, {}>", part(result.ok)?, part(result.err)?)
        }
        kind => bail!("the page has no words for a {}", kind.as_str()),
    })
}

fn since(gate: &Stability) -> String {
    match gate {
        Stability::Stable { since, .. } => format!("Since {since}."),
        Stability::Unstable { feature, .. } => {
            format!("Unstable: it may change, under the feature `{feature}`.")
        }
        Stability::Unknown => "Not released yet.".to_owned(),
    }
}

fn text(docs: &Docs) -> &str {
    docs.contents.as_deref().unwrap_or_default().trim()
}

/// Docs for a table cell, as one line.
fn line(docs: &Docs) -> String {
    text(docs)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}
