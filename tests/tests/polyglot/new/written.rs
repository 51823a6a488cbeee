//! The files of a project, before its build.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::command;
use solti_metrics_tests::tree::tree;
use wit_parser::Resolve;

use super::target_folder::another_target_folder;
use crate::new::project::{Project, new_in};
use crate::new::{Check, LANGUAGES, ROLES};

pub(crate) const CHECKS: &[Check] = &[
    ("each_readme_names_existing_files", says_what_is_there),
    ("no_placeholder_is_left", no_placeholder_is_left),
    (
        "the_package_of_a_project_is_ours_with_open_gates",
        the_package_is_ours,
    ),
    (
        "the_world_of_a_project_has_no_gates",
        the_world_of_a_project_has_no_gates,
    ),
    (
        "the_adapter_is_the_tested_one",
        the_adapter_is_the_tested_one,
    ),
    (
        "the_named_versions_are_the_tested_ones",
        the_versions_are_those_tested,
    ),
    (
        "the_named_version_of_the_sdk_is_required",
        the_sdk_of_a_version,
    ),
    (
        "a_project_can_be_written_to_an_empty_folder",
        an_empty_folder,
    ),
    (
        "a_rust_project_works_in_a_workspace_as_a_member_or_not",
        a_workspace,
    ),
    (
        "the_makefile_of_a_rust_project_finds_each_target_folder",
        another_target_folder,
    ),
];

/// Calls `check` with each project and its name.
fn each(check: impl Fn(&Project, &str) -> Result<()>) -> Result<()> {
    for (language, _) in LANGUAGES {
        for role in ROLES {
            let project = Project::new(language, role)?;
            check(&project, role).context(project.name.clone())?;
        }
    }
    Ok(())
}

fn says_what_is_there() -> Result<()> {
    each(|project, role| {
        let files = project.files()?;
        let top: BTreeSet<_> = files
            .keys()
            .map(|path| match path.split_once('/') {
                Some((folder, _)) => format!("  {folder}/"),
                None => format!("  {path}"),
            })
            .collect();
        let said: Vec<_> = project.said.lines().collect();
        let end = said.len().saturating_sub(3);
        ensure!(said[0].starts_with(&format!("a {role} in ")), "{said:?}");
        ensure!(said[1..end].iter().eq(&top), "{said:?}");
        let next = ["next:", &format!("  cd {}", project.name), "  make"];
        ensure!(said[end..] == next, "{said:?}");

        // The README names files that exist, or will exist after the build.
        let readme = String::from_utf8(files["README.md"].clone())?;
        for path in readme.split('`').skip(1).step_by(2) {
            let is_path = path.ends_with('/') && !path.starts_with('/')
                || (path.contains('.') && !path.contains(' ') && !path.ends_with(".wasm"));
            if is_path {
                ensure!(project.path(path).exists(), "README.md names `{path}`");
            }
        }
        ensure!(
            readme.starts_with(&format!("# {}\n", project.name)),
            "{readme}"
        );
        Ok(())
    })
}

fn no_placeholder_is_left() -> Result<()> {
    each(|project, _| {
        for (path, bytes) in project.files()? {
            if let Ok(text) = std::str::from_utf8(&bytes) {
                ensure!(!text.contains("{{"), "{path}\n{text}");
                ensure!(!path.starts_with('_'), "{path}");
                if path.starts_with("bindings/") {
                    continue; // wit-bindgen's own style
                }
                let lines = text.lines().any(|line| line != line.trim_end());
                ensure!(!lines && text.ends_with('\n'), "{path} has space at an end");
            }
        }
        Ok(())
    })
}

fn the_package_is_ours() -> Result<()> {
    let mut ours = tree(&root().join("wit"))?;
    for (file, bytes) in &mut ours {
        if file != "world.wit" {
            let text = String::from_utf8(bytes.clone())?;
            let lines = text.lines().filter(|line| !line.contains("@unstable("));
            *bytes = lines
                .flat_map(|line| format!("{line}\n").into_bytes())
                .collect();
        }
    }
    each(|project, _| {
        let theirs = tree(&project.path("wit/deps/solti-metrics"))?;
        ensure!(theirs == ours, "{:?}", theirs.keys());
        Ok(())
    })
}

/// Some tools cannot open gates, and the world has none.
fn the_world_of_a_project_has_no_gates() -> Result<()> {
    each(|project, role| {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(project.path("wit"))?;
        let world = resolve.select_world(&[package], Some(role))?;
        let world = &resolve.worlds[world];
        let names = |items: &wit_parser::IndexMap<_, _>| -> Vec<String> {
            items
                .keys()
                .map(|key| resolve.name_world_key(key))
                .collect()
        };
        let (imports, exports) = (names(&world.imports), names(&world.exports));
        let has = |names: &[String], interface: &str| {
            names.contains(&format!("solti:metrics/{interface}@0.1.0"))
        };
        ensure!(
            has(&imports, "backend") == (role != "provider"),
            "{imports:?}"
        );
        ensure!(has(&exports, "backend") == (role != "guest"), "{exports:?}");
        ensure!(
            has(&exports, "exposition") == (role == "provider"),
            "{exports:?}"
        );
        Ok(())
    })
}

/// `tools/languages.sh` builds with the adapters of the same crate.
fn the_adapter_is_the_tested_one() -> Result<()> {
    let pinned = locked("wasi-preview1-component-adapter-provider")?;
    let tested = format!("wasi-preview1-component-adapter-provider = \"={pinned}\"");
    let pins = fs::read_to_string(root().join("tools/languages/adapter/Cargo.toml"))?;
    ensure!(pins.lines().any(|line| line == tested), "no {tested}");
    each(|project, _| {
        let makefile = fs::read_to_string(project.path("Makefile"))?;
        let adapters = match tree(&project.path("adapter")) {
            Ok(files) => files.into_keys().collect(),
            Err(_) => Vec::new(),
        };
        let adapted = makefile.contains("--adapt");
        ensure!(adapters.len() == usize::from(adapted), "{adapters:?}");
        Ok(())
    })
}

/// The versions in a README or a manifest are those that the tests use.
fn the_versions_are_those_tested() -> Result<()> {
    let pins: String = ["wasm-tools", "ziglang", "go", "componentize-py"]
        .iter()
        .map(|name| fs::read_to_string(root().join(format!("tools/languages/{name}.txt"))))
        .collect::<Result<_, _>>()?;
    let bindgen = fs::read_to_string(root().join("Cargo.toml"))?;
    each(|project, _| {
        for (path, bytes) in project.files()? {
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            for word in text.split_whitespace().filter(|word| word.contains("==")) {
                let name = word.chars().next().is_some_and(char::is_alphabetic);
                ensure!(!name || pins.contains(word), "{path} names {word}");
            }
            for line in text
                .lines()
                .filter(|line| line.starts_with("wit-bindgen = "))
            {
                ensure!(bindgen.contains(line), "{path} has {line}");
            }
            if let Some((_, rest)) = text.split_once("wit-bindgen-cli@") {
                let (version, _) = rest.split_once('`').context("no version")?;
                let made = tree(&project.path("bindings"))?;
                for (file, bytes) in made.iter().filter(|(file, _)| !file.ends_with(".o")) {
                    let head = format!("// Generated by `wit-bindgen` {version}.");
                    ensure!(
                        bytes.starts_with(head.as_bytes()),
                        "{file} is not by {version}"
                    );
                }
            }
        }
        Ok(())
    })
}

/// The project has neither its own bindings nor the package.
fn the_sdk_of_a_version() -> Result<()> {
    for role in ROLES {
        let folder = tempfile::tempdir()?;
        let output = Command::new(command())
            .args(["new", "--language", "rust", "--sdk-version", "0.1.0"])
            .args(["--role", role, "mine"])
            .current_dir(&folder)
            .output()?;
        ensure!(output.status.success(), "{output:?}");
        let files = tree(&folder.path().join("mine"))?;
        let manifest = String::from_utf8(files["Cargo.toml"].clone())?;
        let manifest: toml::Table = manifest.parse()?;
        let dependencies = manifest["dependencies"].as_table();
        let dependencies = dependencies.context("no dependencies")?;
        ensure!(dependencies.len() == 1, "{dependencies:?}");
        ensure!(dependencies["solti-metrics-guest"].as_str() == Some("0.1.0"));
        let bindings = |path: &&String| path.starts_with("wit/") || path.contains("bindings");
        ensure!(files.keys().find(bindings).is_none(), "{:?}", files.keys());
    }
    Ok(())
}

fn an_empty_folder() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mine = folder.path().join("mine");
    fs::create_dir(&mine)?;
    let output = new_in(&mine, "zig", "provider", ".")?;
    ensure!(output.status.success(), "{output:?}");
    let makefile = fs::read_to_string(mine.join("Makefile"))?;
    ensure!(makefile.starts_with("NAME := mine\n"), "{makefile}");
    // A folder that must be created first, with its parents.
    let output = new_in(folder.path(), "zig", "provider", "a/b c/mine")?;
    ensure!(output.status.success(), "{output:?}");
    ensure!(tree(&mine)? == tree(&folder.path().join("a/b c/mine"))?);
    Ok(())
}

/// Cargo accepts the project and the project around it.
fn a_workspace() -> Result<()> {
    for (members, is_member) in [("[]", false), ("[\"crates/*\"]", true)] {
        for role in ROLES {
            let folder = tempfile::tempdir()?;
            fs::create_dir(folder.path().join("crates"))?;
            let manifest = format!("[workspace]\nmembers = {members}\nresolver = \"3\"\n");
            fs::write(folder.path().join("Cargo.toml"), manifest)?;
            let output = new_in(&folder.path().join("crates"), "rust", role, "mine")?;
            ensure!(output.status.success(), "{output:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            let told = said.starts_with("note: the project is a member of the workspace in /");
            ensure!(told == is_member && (told || said.is_empty()), "{said}");
            for (dir, names_it) in [("crates/mine", true), (".", is_member)] {
                let metadata = metadata(&folder.path().join(dir))?;
                let packages = metadata["packages"].as_array().context("no packages")?;
                let named = packages.iter().any(|it| it["name"] == "mine");
                ensure!(named == names_it, "{members} {dir}: {metadata}");
            }
        }
    }
    Ok(())
}

/// The metadata of the package or the workspace in a folder.
fn metadata(folder: &Path) -> Result<Value> {
    let cargo = std::env::var("CARGO").context("run this with cargo")?;
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(folder)
        .output()?;
    ensure!(output.status.success(), "{}: {output:?}", folder.display());
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The locked version of a package.
fn locked(name: &str) -> Result<String> {
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.lock"))?.parse()?;
    let mut packages = lock["package"].as_array().into_iter().flatten();
    let package = packages.find(|it| it["name"].as_str() == Some(name));
    let version = package.and_then(|it| it["version"].as_str());
    Ok(version.with_context(|| format!("no {name}"))?.to_owned())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
