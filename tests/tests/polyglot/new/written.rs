//! What is in a project, before anybody builds it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::command;
use solti_metrics_tests::tree::tree;
use wit_parser::Resolve;

use crate::new::project::{Project, new_in};
use crate::new::{Check, LANGUAGES, ROLES};

pub(crate) const CHECKS: &[Check] = &[
    ("every_project_says_what_is_there", says_what_is_there),
    (
        "nothing_is_left_to_be_filled_in",
        nothing_is_left_to_be_filled_in,
    ),
    (
        "the_package_in_it_is_ours_with_its_gates_open",
        the_package_is_ours,
    ),
    (
        "its_world_is_one_for_every_tool",
        its_world_is_one_for_every_tool,
    ),
    (
        "the_adapter_is_the_one_that_is_tested",
        the_adapter_is_the_one_that_is_tested,
    ),
    (
        "the_versions_named_are_those_tested",
        the_versions_are_those_tested,
    ),
    (
        "the_sdk_s_version_is_required_as_named",
        the_sdk_of_a_version,
    ),
    ("a_project_goes_into_an_empty_folder_too", an_empty_folder),
    (
        "a_rust_project_fits_into_a_workspace_that_has_it_as_a_member_and_one_that_has_not",
        a_workspace,
    ),
    (
        "a_rust_project_is_found_wherever_cargo_builds_it",
        another_target_folder,
    ),
];

/// Calls it with each project, named for what it is.
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

        // What its README names is there, or will be.
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

fn nothing_is_left_to_be_filled_in() -> Result<()> {
    each(|project, _| {
        for (path, bytes) in project.files()? {
            if let Ok(text) = std::str::from_utf8(&bytes) {
                ensure!(!text.contains("{{"), "{path}\n{text}");
                ensure!(!path.starts_with('_'), "{path}");
                if path.starts_with("bindings/") {
                    continue; // as wit-bindgen has them
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

/// That is, for those that can open no gate.
fn its_world_is_one_for_every_tool() -> Result<()> {
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

/// `tools/languages.sh` builds with the adapters of a crate, and so do we.
fn the_adapter_is_the_one_that_is_tested() -> Result<()> {
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

/// What a README or a manifest names by its version is what the tests build with.
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

/// And the project has no bindings of its own, and no package.
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
    // And one that is to be made first, with those above it.
    let output = new_in(folder.path(), "zig", "provider", "a/b c/mine")?;
    ensure!(output.status.success(), "{output:?}");
    ensure!(tree(&mine)? == tree(&folder.path().join("a/b c/mine"))?);
    Ok(())
}

/// Cargo takes both, the project and what is around it.
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

/// With a cargo that builds nothing, and puts it where the real one would.
fn another_target_folder() -> Result<()> {
    let cargo = std::env::var("CARGO").context("run this with cargo")?;
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = build ] || exec \"{cargo}\" \"$@\"\n\
         dir=\"${{CARGO_TARGET_DIR:-${{CARGO_BUILD_TARGET_DIR:-$ELSEWHERE}}}}/wasm32-wasip2/release\"\n\
         mkdir -p \"$dir\" && echo built >\"$dir/mine.wasm\"\n"
    );
    for variable in ["ELSEWHERE", "CARGO_BUILD_TARGET_DIR", "CARGO_TARGET_DIR"] {
        let folder = tempfile::tempdir()?;
        let elsewhere = folder.path().join("else where");
        fs::write(folder.path().join("cargo"), &script)?;
        if variable == "ELSEWHERE" {
            fs::create_dir(folder.path().join(".cargo"))?;
            let config = format!("[build]\ntarget-dir = {elsewhere:?}\n");
            fs::write(folder.path().join(".cargo/config.toml"), config)?;
        }
        ensure!(
            new_in(folder.path(), "rust", "provider", "mine")?
                .status
                .success()
        );
        // The key of the same name is for other tools.
        let path = folder.path().join("mine/Cargo.toml");
        let manifest = fs::read_to_string(&path)?;
        let other = "target_directory = \"other\"\n";
        let other = format!("\n[package.metadata]\n{other}[workspace.metadata]\n{other}");
        fs::write(&path, manifest + &other)?;
        let output = Command::new("make")
            .arg("CARGO=sh ../cargo")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("CARGO_BUILD_TARGET_DIR")
            .env_remove("MAKEFLAGS")
            .env(variable, &elsewhere)
            .current_dir(folder.path().join("mine"))
            .output()?;
        ensure!(output.status.success(), "{variable}: {output:?}");
        let made = fs::read_to_string(folder.path().join("mine/mine.wasm"))?;
        ensure!(made == "built\n", "{variable}: {made}");
    }
    Ok(())
}

/// What cargo knows of the package or the workspace in a folder.
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

/// The line that begins so.
/// The version of a package that we are built with.
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
