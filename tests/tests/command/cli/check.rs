//! `check`: its description of a component, and its agreement with `run`.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{BARE, WASI, artifact};
use solti_metrics_tests::guest;

use crate::cli::test_folder::{TestFolder, digest};
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::guests;

/// A component, and its expected description.
struct Case {
    file: String,
    role: &'static str,
    runnable: bool,
    /// True if the component can be a backend or a middleware.
    receives: bool,
    /// Words that the problem must contain.
    named: &'static [&'static str],
}

#[test]
fn check_names_the_grants_that_a_program_needs() -> Result<()> {
    let place = TestFolder::new()?;
    let text = place.run(&["check", &digest()])?;
    ensure!(text.code == Some(0) && text.stderr.is_empty(), "{text}");
    let line = |words: &[&str]| {
        text.stdout.lines().any(|line| {
            line.split_whitespace()
                .take(words.len())
                .eq(words.iter().copied())
        })
    };
    for words in [
        &["role", "guest"][..],
        &["metrics", "solti:metrics@0.1.0"],
        &["program", "yes,"],
        &["engine", "tuned"],
        &["records", "inline"],
        &["verdict", "runs", "here"],
    ] {
        ensure!(line(words), "{words:?}\n{text}");
    }

    let (end, answer) = json(&place, &digest())?;
    ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    ensure!(answer["schema"] == "solti-metrics/check@1", "{answer}");
    ensure!(answer["role"] == "guest", "{answer}");
    ensure!(answer["metrics_version"] == "0.1.0", "{answer}");
    ensure!(
        answer["program"] == true && answer["runnable"] == true,
        "{answer}"
    );
    ensure!(answer["problem"].is_null(), "{answer}");
    ensure!(answer["engine"] == "tuned", "{answer}");
    ensure!(answer["engine_reason"].is_null(), "{answer}");
    let imports = answer["imports"].as_array().context("imports")?;
    for (path, grant) in [
        ("solti:metrics/backend@", None),
        ("wasi:cli/stdout@", None),
        ("wasi:cli/stdin@", Some("--stdin")),
        ("wasi:cli/environment@", Some("--env")),
        ("wasi:filesystem/preopens@", Some("--dir")),
        ("wasi:filesystem/types@", Some("--dir")),
    ] {
        let import = imports
            .iter()
            .find(|import| {
                import["name"]
                    .as_str()
                    .is_some_and(|it| it.starts_with(path))
            })
            .with_context(|| format!("{path}: {answer}"))?;
        let told = import["grant"].as_str();
        let named = told.and_then(|told| told.split(' ').next());
        ensure!(named == grant, "{path}: {told:?}");
        let (name, told) = (
            import["name"].as_str().unwrap_or_default(),
            told.unwrap_or_default(),
        );
        let shown = text
            .stdout
            .lines()
            .any(|line| line.contains(name) && line.ends_with(told));
        ensure!(shown, "{path}\n{text}");
    }
    Ok(())
}

#[test]
fn check_names_the_engine_and_its_reason() -> Result<()> {
    let place = TestFolder::new()?;
    let guest = artifact("reporter_wasi3", BARE).display().to_string();
    let text = place.run(&["check", &guest])?;
    let line = "  engine    async, because it imports `wasi:cli/environment@0.3.0`\n";
    ensure!(text.stdout.contains(line), "{text}");
    let (_, answer) = json(&place, &guest)?;
    ensure!(answer["engine"] == "async", "{answer}");
    let reason = "it imports `wasi:cli/environment@0.3.0`";
    ensure!(answer["engine_reason"] == reason, "{answer}");

    let provider = artifact("provider", WASI).display().to_string();
    let (_, answer) = json(&place, &provider)?;
    ensure!(answer["engine"] == "tuned", "{answer}");
    place.write("text.wasm", b"(component)")?;
    let (_, answer) = json(&place, "text.wasm")?;
    ensure!(answer["engine"].is_null(), "{answer}");
    Ok(())
}

#[test]
fn check_succeeds_exactly_for_components_that_run_accepts() -> Result<()> {
    let place = TestFolder::new()?;
    for case in cases(&place)? {
        check(&place, &case).with_context(|| case.file.clone())?;
    }
    Ok(())
}

fn check(place: &TestFolder, case: &Case) -> Result<()> {
    let good = case.runnable || case.receives;
    let code = Some(i32::from(!good));
    let text = place.run(&["check", &case.file])?;
    let (end, answer) = json(place, &case.file)?;
    ensure!(text.code == code, "{text}");
    ensure!(end.code == code, "{end}");
    ensure!(answer["component"] == case.file.as_str(), "{answer}");
    ensure!(answer["role"] == case.role, "{answer}");
    ensure!(answer["runnable"] == case.runnable, "{answer}");
    ensure!(answer["backend"] == case.receives, "{answer}");
    ensure!(answer["problem"].is_null() == good, "{answer}");
    for name in case.named {
        let problem = answer["problem"].as_str().unwrap_or_default();
        ensure!(problem.contains(name), "{name}: {answer}");
        ensure!(text.stderr.contains(name), "{name}: {text}");
    }

    let run = place.run(&["run", "--format", "json", "--timeout", "30s", &case.file])?;
    let report: Value = serde_json::from_str(&run.stdout)?;
    let begun = report["started"]
        .as_array()
        .is_some_and(|it| !it.is_empty());
    ensure!(begun == case.runnable, "`run` does not agree: {run}");
    let said = &answer["problem"];
    let option = format!("--{}", case.role.replace("provider", "backend"));
    if case.receives {
        let run = place.run(&["run", &option, &case.file, "good.wasm"])?;
        ensure!(run.code == Some(0), "`run {option}` does not agree: {run}");
    } else if option == "--backend" {
        let run = place.run(&["run", &option, &case.file, "good.wasm"])?;
        let said = said.as_str().unwrap_or_default();
        ensure!(
            run.stderr.contains(said),
            "another reason than {said}: {run}"
        );
    } else {
        let agreed = case.runnable || report["ends"][0]["detail"] == *said;
        ensure!(agreed, "`run` has another reason than {said}: {run}");
    }
    Ok(())
}

/// A file that cannot be read twice, such as a pipe without an end.
#[test]
fn a_component_is_read_only_once() -> Result<()> {
    let place = TestFolder::new()?;
    let script = r#"cat "$1" | "$0" check --format json /dev/stdin"#;
    for (file, role) in [
        (digest(), "guest"),
        (artifact("lines", WASI).display().to_string(), "provider"),
    ] {
        let end = Running::start(&mut place.shell(script, &[&file])?)?.end()?;
        let answer: Value = serde_json::from_str(&end.stdout)?;
        ensure!(answer["role"] == role, "{answer}");
    }
    Ok(())
}

#[test]
fn a_name_with_control_characters_is_printed_escaped() -> Result<()> {
    let place = TestFolder::new()?;
    let name = r#"(import "\1b[31mred\0aerror: \07" (instance))"#;
    for (file, bytes) in [
        ("guest.wasm", program(name)?),
        ("odd\u{1b}[31m\n.wasm", program("")?),
    ] {
        place.write(file, &bytes)?;
        let end = place.run(&["check", file])?;
        for output in [&end.stdout, &end.stderr] {
            let control = |c: char| c.is_control() && c != '\n';
            ensure!(!output.contains(control), "{file:?}: {output:?}");
            ensure!(!output.contains("\nerror: \u{7}"), "{file:?}: {output:?}");
        }
    }
    Ok(())
}

/// The answer of `check --json`. It is valid JSON for each component.
fn json(place: &TestFolder, file: &str) -> Result<(End, Value)> {
    let end = place.run(&["check", "--format", "json", file])?;
    let answer = serde_json::from_str(&end.stdout).with_context(|| end.to_string())?;
    Ok((end, answer))
}

fn cases(place: &TestFolder) -> Result<Vec<Case>> {
    let example = |name, target| artifact(name, target).display().to_string();
    let case = |file: String, role, named| Case {
        file,
        role,
        runnable: false,
        receives: false,
        named,
    };
    let runnable = |file: String, role| Case {
        file,
        role,
        runnable: true,
        receives: false,
        named: &[],
    };
    let receiver = |file: String, role| Case {
        file,
        role,
        runnable: false,
        receives: true,
        named: &[],
    };
    let part = r#"(component
        (instance $backend)
        (export "solti:metrics/backend@0.1.0" (instance $backend)))"#;
    let new_guest = program(r#"(import "solti:metrics/backend@0.2.0" (instance))"#)?;
    let unheard = program(r#"(import "solti:metrics/labels@0.1.0" (instance))"#)?;
    let strange = program(
        r#"(import "wasi:http/outgoing-handler@0.2.0" (instance))
        (import "acme:queue/push" (instance))"#,
    )?;
    let misfit = program(
        r#"(import "wasi:cli/stdin@0.2.0" (instance (export "get-stdin" (func (result u64)))))"#,
    )?;
    let later = program(r#"(import "wasi:cli/stdin@0.3.0" (instance))"#)?;
    let early = program(r#"(import "wasi:cli/stdin@0.3.0-rc-2025-09-16" (instance))"#)?;
    let waiting = guest::asynchronous(&wat::parse_str(part)?);
    let good = guests::printer("stdout", 1)?;
    for (name, bytes) in [
        ("core.wasm", wat::parse_str("(module)")?),
        ("good.wasm", good.clone()),
        ("early.wasm", early),
        ("later.wasm", later),
        ("library.wasm", guest::component("(module)")?),
        ("misfit.wasm", misfit),
        ("new.wasm", new_guest),
        ("part.wasm", wat::parse_str(part)?),
        ("empty.wasm", Vec::new()),
        ("plain.wasm", program("")?),
        ("strange.wasm", strange),
        ("unheard.wasm", unheard),
        ("text.wasm", b"(component)".to_vec()),
        ("waiting.wasm", waiting),
        ("truncated.wasm", good[..good.len() / 2].to_vec()),
    ] {
        place.write(name, &bytes)?;
    }
    fs::create_dir(place.path("folder"))?;
    Ok(vec![
        runnable(digest(), "guest"),
        runnable("good.wasm".into(), "none"),
        runnable("plain.wasm".into(), "none"),
        receiver(example("lines", WASI), "provider"),
        receiver(example("middleware", WASI), "middleware"),
        receiver(example("middleware", BARE), "middleware"),
        case(
            "part.wasm".into(),
            "provider",
            &["`record-task-started` is missing"],
        ),
        case(example("bare", WASI), "guest", &["wasi:cli/run"]),
        case("library.wasm".into(), "none", &["wasi:cli/run"]),
        case("core.wasm".into(), "none", &["core module"]),
        case(
            "new.wasm".into(),
            "guest",
            &["solti:metrics/backend@0.2.0", "solti:metrics@0.1.0"],
        ),
        case(
            "unheard.wasm".into(),
            "none",
            &[
                "`solti:metrics/labels@0.1.0`",
                "has no interface `labels` to import, only `backend`, `types`",
            ],
        ),
        case(
            "strange.wasm".into(),
            "none",
            &["wasi:http/outgoing-handler@0.2.0", "acme:queue/push"],
        ),
        runnable("later.wasm".into(), "none"),
        runnable(example("reporter_wasi3", BARE), "guest"),
        case(
            "early.wasm".into(),
            "none",
            &["wasi:cli/stdin@0.3.0-rc-2025-09-16"],
        ),
        case(
            "waiting.wasm".into(),
            "provider",
            &["component-model async", "it has streams"],
        ),
        case("misfit.wasm".into(), "none", &["wasi:cli/stdin"]),
        case(
            "missing.wasm".into(),
            "none",
            &["missing.wasm", "cannot read the component"],
        ),
        case("empty.wasm".into(), "none", &["is empty"]),
        case("text.wasm".into(), "none", &["text of a component"]),
        case(
            "truncated.wasm".into(),
            "none",
            &["check that the file is complete"],
        ),
        case("folder".into(), "none", &["directory"]),
    ])
}

/// A component with a `main` and these imports, which it does not use.
fn program(imports: &str) -> Result<Vec<u8>> {
    Ok(wat::parse_str(format!(
        r#"(component {imports}
        (core module $m (func (export "run") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $r (export "run" (func $run)))
        (export "wasi:cli/run@0.2.12" (instance $r)))"#
    ))?)
}
