//! The vectors of `host/conformance/`: their expectations follow from their records, they
//! match their schema, and the command runs them or a user's own vectors.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_tests::series::Series;

use crate::cli::conformance_report::{checks, report};
use crate::cli::faulty::provider;
use crate::cli::test_folder::TestFolder;

#[test]
fn the_command_runs_all_vectors() -> Result<()> {
    let (_, report) = report(
        &TestFolder::with(&provider()?)?,
        "guest.wasm",
        &["--records", "10"],
    )?;
    let checked: Vec<_> = checks(&report)?
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    for (name, _) in vectors()? {
        ensure!(
            checked.iter().any(|check| *check == *name),
            "{name} is not run: list it in host/conformance/src/vectors.rs"
        );
    }
    Ok(())
}

#[test]
fn expectations_follow_from_the_records() -> Result<()> {
    let mut compared = 0;
    for (name, vector) in vectors()? {
        compared += follow(&vector).with_context(|| name)?;
    }
    ensure!(compared > 100, "only {compared} samples were compared");
    Ok(())
}

/// Compares each `expect` with the series counted here. Returns their number.
fn follow(vector: &Value) -> Result<usize> {
    let (mut series, mut compared) = (Series::of(&[])?, 0);
    for step in array(vector, "steps")? {
        match step["do"].as_str() {
            Some("record") => {
                let records = array(step, "records")?.iter().map(event);
                let records: Vec<Event> = records.collect::<Result<_>>()?;
                let repeat = step["repeat"].as_u64().unwrap_or(1);
                series = series.plus(&Series::of(&records)?, repeat);
            }
            Some("restart") => series = Series::of(&[])?,
            Some("expose") if step.get("expect").is_some() => {
                let expected = array(step, "expect")?;
                let mut told = Series::default();
                for sample in expected {
                    let labels: BTreeMap<String, String> =
                        serde_json::from_value(sample["labels"].clone())?;
                    let labels: Vec<_> = labels.iter().map(|(k, v)| (&**k, &**v)).collect();
                    told.add(
                        text(sample, "metric")?,
                        &labels,
                        text(sample, "value")?.parse()?,
                    )?;
                }
                // Buckets follow from the other values. A series that the vector omits is
                // 0.
                let buckets = expected.iter().any(|it| it["labels"].get("le").is_some());
                series
                    .clone()
                    .without_zeros(!buckets)
                    .must_equal(&told.without_zeros(!buckets))?;
                compared += expected.len();
            }
            _ => {}
        }
    }
    Ok(compared)
}

fn event(record: &Value) -> Result<Event> {
    let label = |name| Ok::<_, anyhow::Error>(text(record, name)?.replace('-', "_"));
    let runner: RunnerType = label("runner")?.parse()?;
    Ok(match text(record, "record")? {
        "task-started" => Event::TaskStarted { runner },
        "task-completed" => Event::TaskCompleted {
            runner,
            outcome: label("outcome")?.parse::<TaskOutcome>()?,
            duration_ms: text(record, "duration-ms")?.parse()?,
        },
        "runner-error" => Event::RunnerError {
            runner,
            error: label("error")?.parse::<RunnerErrorKind>()?,
        },
        other => bail!("{other} is not a record"),
    })
}

#[test]
fn vectors_have_all_labels_and_both_extreme_durations() -> Result<()> {
    let (every, extreme) = (recorded("every-label")?, recorded("extreme-durations")?);
    for runner in RunnerType::ALL {
        ensure!(every.contains(&Event::TaskStarted { runner }));
        for error in RunnerErrorKind::ALL {
            ensure!(
                every.contains(&Event::RunnerError { runner, error }),
                "{error:?}"
            );
        }
        for outcome in TaskOutcome::ALL {
            let has = |event: &Event| matches!(event, Event::TaskCompleted { runner: r, outcome: o, .. } if (*r, *o) == (runner, outcome));
            ensure!(every.iter().any(has), "{runner:?} {outcome:?}");
        }
    }
    for duration in [0, u64::MAX] {
        let has = |event: &Event| matches!(event, Event::TaskCompleted { duration_ms, .. } if *duration_ms == duration);
        ensure!(extreme.iter().any(has), "{duration}");
    }
    Ok(())
}

fn recorded(name: &str) -> Result<Vec<Event>> {
    let vectors = vectors()?;
    let vector = vectors.get(name).with_context(|| name.to_owned())?;
    let mut events = Vec::new();
    for step in array(vector, "steps")? {
        for record in step["records"].as_array().into_iter().flatten() {
            events.push(event(record)?);
        }
    }
    Ok(events)
}

#[test]
fn each_vector_matches_the_schema() -> Result<()> {
    let schema = fs::read_to_string(folder().join("../vector.schema.json"))?;
    let schema: Value = serde_json::from_str(&schema)?;
    for (name, vector) in vectors()? {
        ensure!(
            keeps(&schema, &schema, &vector),
            "{name} does not keep to the schema"
        );
    }
    let broken =
        serde_json::json!({ "description": "", "steps": [{ "do": "record", "records": [] }] });
    ensure!(!keeps(&schema, &schema, &broken));
    Ok(())
}

/// The part of JSON Schema that this schema needs.
fn keeps(root: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(pointer) = schema["$ref"].as_str() {
        let named = pointer.strip_prefix('#').and_then(|it| root.pointer(it));
        if !named.is_some_and(|schema| keeps(root, schema, value)) {
            return false;
        }
    }
    let of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        _ => true,
    };
    let (object, items) = (value.as_object(), value.as_array());
    let properties = schema["properties"].as_object();
    let closed = schema["additionalProperties"] == false;
    let least = schema["minItems"].as_u64().unwrap_or(0);
    of_type
        && schema.get("const").is_none_or(|it| it == value)
        && schema["enum"]
            .as_array()
            .is_none_or(|it| it.contains(value))
        && schema["oneOf"]
            .as_array()
            .is_none_or(|all| all.iter().filter(|it| keeps(root, it, value)).count() == 1)
        && schema["required"].as_array().is_none_or(|all| {
            all.iter()
                .all(|name| name.as_str().is_some_and(|name| value.get(name).is_some()))
        })
        && object.into_iter().flatten().all(|(name, value)| {
            match properties.and_then(|all| all.get(name)) {
                Some(schema) => keeps(root, schema, value),
                None => !closed,
            }
        })
        && items.is_none_or(|items| {
            let each = schema.get("items");
            items.len() as u64 >= least
                && each.is_none_or(|each| items.iter().all(|it| keeps(root, each, it)))
        })
}

#[test]
fn a_users_own_vectors_replace_the_built_in_ones() -> Result<()> {
    let place = TestFolder::with(&provider()?)?;
    let vector = r#"{ "description": "mine", "steps": [
        { "do": "record", "records": [{ "record": "task-started", "runner": "wasm" }] },
        { "do": "expose", "expect": [
            { "metric": "solti_runner_tasks_started_total", "labels": {}, "value": "2" } ] } ] }"#;
    place.write("vectors/mine.json", vector.as_bytes())?;
    let (end, report) = report(&place, "guest.wasm", &["--vectors", "vectors"])?;
    let names: Vec<_> = checks(&report)?
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    ensure!(
        names == ["starts", "mine", "exposition", "time-per-record"],
        "{end}"
    );
    let mine = checks(&report)?[1];
    ensure!(mine["result"] == "failed", "{end}");
    ensure!(
        mine["expected"] == "solti_runner_tasks_started_total{} 2",
        "{mine}"
    );
    ensure!(mine["seen"] == "1", "{mine}");
    Ok(())
}

#[test]
fn an_invalid_vector_is_wrong_use_and_has_a_position() -> Result<()> {
    let place = TestFolder::with(&provider()?)?;
    place.write("vectors/mine.json", br#"{ "description": "mine" }"#)?;
    for (folder, words) in [
        ("vectors", "mine.json: missing field `steps`"),
        ("nowhere", "cannot read the vectors in nowhere"),
    ] {
        let end = place.run(&["conformance", "--vectors", folder, "guest.wasm"])?;
        ensure!(end.code == Some(2) && end.stderr.contains(words), "{end}");
    }
    Ok(())
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../host/conformance/vectors")
}

/// All vectors, by the stems of their files.
fn vectors() -> Result<BTreeMap<String, Value>> {
    let mut vectors = BTreeMap::new();
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        let name = path.file_stem().context("no name")?.to_string_lossy();
        vectors.insert(
            name.into_owned(),
            serde_json::from_str(&fs::read_to_string(&path)?)?,
        );
    }
    Ok(vectors)
}

fn array<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>> {
    value[name]
        .as_array()
        .with_context(|| format!("no list {name}"))
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name]
        .as_str()
        .with_context(|| format!("no text {name}"))
}
