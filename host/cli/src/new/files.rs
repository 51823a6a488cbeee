use std::collections::BTreeMap;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};

use crate::new::kind::{Adapter, Language, Role};
use crate::new::name::Name;
use crate::new::templates::{TEMPLATES, WASI};
use crate::wit;

/// Names that would mean something to cargo or git where the templates are.
const NAMES: [(&str, &str); 2] = [("_Cargo.toml", "Cargo.toml"), ("_gitignore", ".gitignore")];

/// How what is only of use to a package on its own begins in its manifest.
const ALONE: &[u8] = b"\n\n# On its own";

/// The files of a project, by their paths in it.
///
/// They come from the templates for its role, for its language in this role, and for
/// its language. Where several have a file of the same path, it is these one after the
/// other, with an empty line between.
///
/// `member` is whether it is a member of a cargo workspace, which cannot be one itself.
/// `sdk` is what its manifest requires of the Rust SDK, if it has that instead of
/// generated bindings.
pub(crate) fn files(
    language: Language,
    role: Role,
    name: &Name,
    member: bool,
    sdk: Option<&str>,
) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::<_, Vec<u8>>::new();
    let of_role = role.name();
    let of_language = match sdk {
        Some(_) => "rust-sdk",
        None => language.folder(),
    };
    for folder in [of_role, &format!("{of_language}/{of_role}"), of_language] {
        for (path, bytes) in TEMPLATES {
            if let Some(path) = within(path, folder) {
                // The SDK has the package.
                if sdk.is_some() && path.starts_with("wit/") {
                    continue;
                }
                let file = files.entry(path).or_default();
                if !file.is_empty() {
                    file.push(b'\n');
                }
                file.extend(filled(bytes, role, name, sdk));
            }
        }
    }
    if let Some(manifest) = files.get_mut("Cargo.toml").filter(|_| member) {
        let end = manifest.windows(ALONE.len()).position(|it| it == ALONE);
        manifest.truncate(end.map_or(manifest.len(), |end| end + 1));
    }
    let package: &[_] = match sdk {
        Some(_) => &[],
        None => &wit::FILES,
    };
    for &(file, text) in package {
        let text = if file == "world.wit" {
            text.to_owned()
        } else {
            opened(text)
        };
        files.insert(format!("wit/deps/solti-metrics/{file}"), text.into());
    }
    if role == Role::Guest && language.exports_main() {
        for (file, text) in WASI {
            files.insert(format!("wit/deps/{file}"), text.into());
        }
    }
    if let Some(adapter) = language.adapter(role) {
        let (model, bytes) = match adapter {
            Adapter::Command => ("command", WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER),
            Adapter::Reactor => ("reactor", WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER),
        };
        let path = format!("adapter/wasi_snapshot_preview1.{model}.wasm");
        files.insert(path, bytes.into());
    }
    files
}

/// Where a template goes, if it is in this folder, and not in that of a role there.
fn within(path: &str, folder: &str) -> Option<String> {
    let path = path.strip_prefix(folder)?.strip_prefix('/')?;
    let roles = [Role::Guest, Role::Provider, Role::Middleware];
    let first = path.split('/').next()?;
    if roles.iter().any(|role| role.name() == first) {
        return None;
    }
    let name = NAMES.iter().find(|(template, _)| *template == path);
    Some(name.map_or(path, |(_, name)| name).to_owned())
}

fn filled(template: &[u8], role: Role, name: &Name, sdk: Option<&str>) -> Vec<u8> {
    match std::str::from_utf8(template) {
        Ok(text) => text
            .replace("{{name}}", &name.to_string())
            .replace("{{role}}", role.name())
            .replace("{{sdk}}", sdk.unwrap_or_default())
            .into_bytes(),
        // Made by a machine.
        Err(_) => template.into(),
    }
}

/// An interface without its gates: few tools can open them.
fn opened(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains("@unstable("));
    lines.map(|line| format!("{line}\n")).collect()
}
