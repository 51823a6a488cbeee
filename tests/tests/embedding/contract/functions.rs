//! The functions of `backend`: their parameters, their flattening, and the series that
//! they count.

use anyhow::Result;
use solti_metrics::{
    ExpositionFormat, MetricsBackend, PrometheusMetrics, RunnerErrorKind, RunnerType, TaskOutcome,
};
use solti_metrics_tests::exposition::samples;
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, Type};

use crate::contract::package::Package;

#[test]
fn backend_has_the_three_functions_and_no_own_type() -> Result<()> {
    let wit = Package::current()?.resolve()?;
    let backend = wit.interface("backend")?;
    let signatures: Vec<_> = backend
        .functions
        .values()
        .map(|f| {
            let params = f
                .params
                .iter()
                .map(|p| (p.name.as_str(), name_of(&wit.resolve, p.ty)));
            (
                f.name.as_str(),
                params.collect::<Vec<_>>(),
                f.kind.is_async(),
            )
        })
        .collect();

    let runner = ("runner", "runner-type");
    assert_eq!(
        signatures,
        [
            ("record-task-started", vec![runner], false),
            (
                "record-task-completed",
                vec![runner, ("outcome", "task-outcome"), ("duration-ms", "u64")],
                false
            ),
            (
                "record-runner-error",
                vec![runner, ("error", "runner-error-kind")],
                false
            ),
        ]
    );
    assert_eq!(wit.own_types(backend).count(), 0);
    Ok(())
}

#[test]
fn recording_returns_nothing() -> Result<()> {
    let wit = Package::current()?.resolve()?;
    for function in wit.interface("backend")?.functions.values() {
        assert_eq!(function.result, None, "`{}`", function.name);
    }
    Ok(())
}

#[test]
fn recording_flattens_to_integers_and_needs_no_memory() -> Result<()> {
    const I32: WasmType = WasmType::I32;
    let wit = Package::current()?.resolve()?;
    let expected = [
        ("record-task-started", vec![I32]),
        ("record-task-completed", vec![I32, I32, WasmType::I64]),
        ("record-runner-error", vec![I32, I32]),
    ];
    let functions = &wit.interface("backend")?.functions;
    assert_eq!(functions.len(), expected.len());

    for (name, params) in expected {
        for variant in [AbiVariant::GuestImport, AbiVariant::GuestExport] {
            let core = wit.resolve.wasm_signature(variant, &functions[name]);
            assert_eq!(core.params, params, "`{name}`, {variant:?}");
            assert_eq!(core.results, [], "`{name}`, {variant:?}");
            assert!(
                !core.indirect_params && !core.retptr,
                "`{name}` needs a memory"
            );
        }
    }
    Ok(())
}

/// The docs of each function name the series that it adds to. Dashboards of native
/// runners use these names.
#[test]
fn the_docs_name_the_series_that_prometheus_gets() -> Result<()> {
    let metrics = PrometheusMetrics::new();
    metrics.record_task_started(RunnerType::Wasm);
    metrics.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 1);
    metrics.record_runner_error(RunnerType::Wasm, RunnerErrorKind::SpawnFailed);
    let exposed = series(&metrics.encode(ExpositionFormat::Text)?)?;

    let wit = Package::current()?.resolve()?;
    let functions = wit.interface("backend")?.functions.values();
    let docs = functions.filter_map(|f| f.docs.contents.as_deref());
    let mut named: Vec<_> = docs
        .flat_map(|docs| docs.split('`').skip(1).step_by(2))
        .filter(|code| code.starts_with("solti_"))
        .map(str::to_owned)
        .collect();
    named.sort();
    assert_eq!(named, exposed);
    Ok(())
}

fn name_of(resolve: &Resolve, ty: Type) -> &str {
    match ty {
        Type::Id(id) => resolve.types[id]
            .name
            .as_deref()
            .unwrap_or("(without a name)"),
        Type::U64 => "u64",
        _ => "(another type)",
    }
}

/// Each metric of an exposition with the names of its labels, as `name{label, label}`. A
/// histogram occurs once, without its `le`.
fn series(exposition: &str) -> Result<Vec<String>> {
    let samples = samples(exposition)?;
    let mut series: Vec<_> = samples
        .iter()
        .filter(|sample| !sample.name.ends_with("_bucket") && !sample.name.ends_with("_sum"))
        .map(|sample| {
            let labels: Vec<_> = sample.labels.iter().map(|(name, _)| *name).collect();
            let name = sample.name.strip_suffix("_count").unwrap_or(sample.name);
            format!("{name}{{{}}}", labels.join(", "))
        })
        .collect();
    series.sort();
    series.dedup();
    Ok(series)
}
