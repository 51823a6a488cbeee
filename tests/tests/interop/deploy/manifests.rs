//! Manifests: Kubernetes' own are checked with its schemas, and all are checked for
//! consistency.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

use crate::deploy::checked::must_be_accepted;
use crate::deploy::settings::{Settings, bytes};
use crate::deploy::{deployed, root};

/// The release of Kubernetes whose schemas the test uses.
const VERSION: &str = "1.37.0";

pub(crate) fn trials() -> Vec<Trial> {
    let kubernetes = ReferenceTool::kubernetes_validate();
    vec![
        kubernetes.trial("kubernetes_schemas_accept_the_manifests", |path| {
            for folder in ["kubernetes", "wasmcloud"] {
                for file in manifests(folder)? {
                    let documents = read(path, &file)?;
                    ensure!(!documents.is_empty(), "{file} is empty");
                }
            }
            Ok(())
        }),
        kubernetes.trial("kubernetes_schemas_reject_an_unknown_field", refuses),
        kubernetes.trial("the_pods_fit_their_configuration", pods_fit),
        kubernetes.trial("manifests_of_compositions_name_existing_files", composed),
        trial("spin_starts_a_component_that_may_push", spin),
    ]
}

fn manifests(folder: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join("deploy").join(folder))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".yaml") {
            files.push(format!("{folder}/{name}"));
        }
    }
    ensure!(!files.is_empty(), "no manifest in {folder}");
    Ok(files)
}

/// The documents of a valid file in `deploy/`.
fn read(python_path: &Path, file: &str) -> Result<Vec<Value>> {
    read_at(python_path, &root().join("deploy").join(file))
}

fn read_at(python_path: &Path, file: &Path) -> Result<Vec<Value>> {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("reference_tools/validate_manifests.py");
    let said = Command::new("python3")
        .env("PYTHONPATH", python_path)
        .arg(script)
        .arg(VERSION)
        .arg(file)
        .output()
        .context("python3")?;
    let why = String::from_utf8_lossy(&said.stderr);
    ensure!(said.status.success(), "{}: {why}", file.display());
    let files: Value = serde_json::from_slice(&said.stdout)?;
    let mut files = files.as_object().into_iter().flatten();
    let (_, documents) = files.next().context("nothing was read")?;
    Ok(documents.as_array().cloned().unwrap_or_default())
}

fn refuses(python_path: &Path) -> Result<()> {
    let place = tempfile::tempdir()?;
    for (right, wrong) in [
        ("serviceName:", "serviceNames:"),
        ("periodSeconds: 2", "periodSeconds: two"),
        ("name: solti-metrics", "name: twice\n  name: solti-metrics"),
    ] {
        let text = deployed("kubernetes/runner.yaml")?.replacen(right, wrong, 1);
        let file = place.path().join("wrong.yaml");
        std::fs::write(&file, &text)?;
        ensure!(
            read_at(python_path, &file).is_err(),
            "kubernetes-validate accepts {wrong}"
        );
    }
    Ok(())
}

fn pods_fit(python_path: &Path) -> Result<()> {
    let documents = read(python_path, "kubernetes/runner.yaml")?;
    let of = |kind: &str| documents.iter().find(|document| document["kind"] == kind);
    let config = of("ConfigMap").context("no ConfigMap")?;
    let config = config["data"]["serve.toml"].as_str().context("no config")?;
    must_be_accepted(config)?;
    let config = Settings::read(config)?;
    let set = of("StatefulSet").context("no StatefulSet")?;
    let pod = &set["spec"]["template"]["spec"];
    let runner = &pod["containers"][0];

    let stop = pod["terminationGracePeriodSeconds"].as_u64();
    ensure!(stop > Some(config.stop()?), "killed at {stop:?}");
    let memory = runner["resources"]["limits"]["memory"].as_str();
    ensure!(bytes(memory.context("no limit")?)? > config.memory()?);
    ensure!(runner["ports"][0]["containerPort"] == config.port()?);
    // All addresses of the pod, of both families.
    let listen = config.text("server", "listen")?;
    ensure!(listen.starts_with("[::]:"), "it listens on {listen}");
    let service = of("Service").context("no Service")?;
    ensure!(service["spec"]["ipFamilyPolicy"] == "PreferDualStack");

    // The watched folders are mounted.
    let mounts = runner["volumeMounts"].as_array().context("no mounts")?;
    let mounted = |path: &str| {
        let mut paths = mounts
            .iter()
            .filter_map(|mount| mount["mountPath"].as_str());
        paths.any(|mount| path.starts_with(&format!("{mount}/")))
    };
    ensure!(mounted(config.text("server", "token_file")?));
    ensure!(mounted(config.text("compilation", "cache")?));
    let args = runner["args"].as_array().context("no args")?;
    ensure!(args[0] == "serve" && args[1].as_str().is_some_and(mounted));
    let claims = set["spec"]["volumeClaimTemplates"].as_array();
    let volumes = pod["volumes"].as_array().into_iter().flatten();
    let named: Vec<_> = volumes
        .map(|volume| &volume["name"])
        .chain(
            claims
                .into_iter()
                .flatten()
                .map(|it| &it["metadata"]["name"]),
        )
        .collect();
    for mount in mounts {
        ensure!(named.contains(&&mount["name"]), "nothing is {mount}");
    }
    for (probe, page) in [
        ("startupProbe", "/healthz"),
        ("livenessProbe", "/healthz"),
        ("readinessProbe", "/readyz"),
    ] {
        ensure!(runner[probe]["httpGet"]["path"] == page, "{probe}");
    }

    let monitor = read(python_path, "kubernetes/podmonitor.yaml")?;
    let monitor = &monitor[0]["spec"];
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    ensure!(&monitor["selector"]["matchLabels"] == labels);
    ensure!(monitor["podMetricsEndpoints"][0]["port"] == runner["ports"][0]["name"]);
    Ok(())
}

fn composed(python_path: &Path) -> Result<()> {
    for file in ["composed-runwasi", "composed-spin"] {
        let documents = read(python_path, &format!("kubernetes/{file}.yaml"))?;
        let [class, job] = &documents[..] else {
            anyhow::bail!("{file} has {} documents", documents.len());
        };
        let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        ensure!(pod["runtimeClassName"] == class["metadata"]["name"]);
    }
    let wadm = read(python_path, "wasmcloud/wadm.yaml")?;
    let components = wadm[0]["spec"]["components"].as_array();
    let components = components.context("no components")?;
    let traits = |component: &Value| component["traits"].as_array().cloned();
    for link in components.iter().filter_map(traits).flatten() {
        if link["type"] == "link" {
            let target = &link["properties"]["target"]["name"];
            let found = components
                .iter()
                .any(|component| &component["name"] == target);
            ensure!(found, "nothing is {target}");
        }
    }
    let workload = read(python_path, "wasmcloud/workload.yaml")?;
    let resources = &workload[0]["spec"]["template"]["spec"]["service"]["localResources"];
    may_push(
        &resources["allowedHosts"],
        &resources["environment"]["config"]["OTLP_ENDPOINT"],
    )
}

fn spin() -> Result<()> {
    let manifest: toml::Table = deployed("kubernetes/spin.toml")?.parse()?;
    let manifest = serde_json::to_value(manifest)?;
    let started = manifest["trigger"]["command"][0]["component"].as_str();
    let component = &manifest["component"][started.context("the container has no command")?];
    let environment = &component["environment"];
    may_push(
        &component["allowed_outbound_hosts"],
        &environment["OTLP_ENDPOINT"],
    )
}

/// Checks that the network policy allows the pushes.
fn may_push(allowed: &Value, endpoint: &Value) -> Result<()> {
    let endpoint = endpoint.as_str().context("no endpoint")?;
    let mut allowed = allowed.as_array().into_iter().flatten();
    let may = allowed.any(|host| host.as_str().is_some_and(|host| endpoint.starts_with(host)));
    ensure!(may, "{endpoint} is refused");
    Ok(())
}
