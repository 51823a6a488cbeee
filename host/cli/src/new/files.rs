//! Files of a project, from the templates of its role and language.

use std::collections::BTreeMap;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};

use crate::new::kind::{Adapter, Language, ProjectRole};
use crate::new::name::ProjectName;
use crate::new::templates::{TEMPLATES, WASI};
use crate::wit;

/// Names of files that cargo or git would interpret in the folder of the templates.
const NAMES: [(&str, &str); 2] = [("_Cargo.toml", "Cargo.toml"), ("_gitignore", ".gitignore")];

/// Start of the part of a manifest that only a package outside a workspace needs.
const ALONE: &[u8] = b"\n\n# On its own";

/// The files of a project, by path.
///
/// The files come from the templates of the role, of the role in the language, and of the
/// language. Templates with the same path are concatenated, with an empty line between
/// them.
///
/// `member` is true if the project is a member of a cargo workspace. A member cannot be a
/// workspace itself. `sdk` is the requirement on the Rust SDK, for a project that uses the
/// SDK instead of generated bindings.
pub(crate) fn files(
    language: Language,
    role: ProjectRole,
    name: &ProjectName,
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
                // The SDK contains the WIT package.
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
    if role == ProjectRole::Guest && language.exports_main() {
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

/// Path of a template in the project. `None` if the template is outside of `folder`, or in
/// the folder of a role there.
fn within(path: &str, folder: &str) -> Option<String> {
    let path = path.strip_prefix(folder)?.strip_prefix('/')?;
    let roles = [
        ProjectRole::Guest,
        ProjectRole::Provider,
        ProjectRole::Middleware,
    ];
    let first = path.split('/').next()?;
    if roles.iter().any(|role| role.name() == first) {
        return None;
    }
    let name = NAMES.iter().find(|(template, _)| *template == path);
    Some(name.map_or(path, |(_, name)| name).to_owned())
}

fn filled(template: &[u8], role: ProjectRole, name: &ProjectName, sdk: Option<&str>) -> Vec<u8> {
    match std::str::from_utf8(template) {
        Ok(text) => text
            .replace("{{name}}", &name.to_string())
            .replace("{{role}}", role.name())
            .replace("{{sdk}}", sdk.unwrap_or_default())
            .into_bytes(),
        // Binary files are copied unchanged.
        Err(_) => template.into(),
    }
}

/// Removes the feature gates of an interface, because few tools can enable them.
fn opened(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains("@unstable("));
    lines.map(|line| format!("{line}\n")).collect()
}
