//! Checks of the dashboard that need no Grafana.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::operations::dashboard::dashboard;
use solti_metrics_tests::trial::{Trial, trial};

use crate::operations::expressions::{list, text};
use crate::operations::written;

const DASHBOARD: &str = "dashboards/solti-metrics.json";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the_stored_dashboard_is_current", || {
            written(DASHBOARD, &dashboard()?)
        }),
        trial("the_dashboard_can_be_imported", imports),
        trial("panels_are_on_the_grid_and_do_not_overlap", grid),
        trial("each_panel_has_a_description_and_a_unit", words),
        trial("each_query_goes_to_the_chosen_source", sources),
    ]
}

fn value() -> Result<Value> {
    Ok(serde_json::from_str(&dashboard()?)?)
}

/// The dashboard has nothing of one installation.
fn imports() -> Result<()> {
    let dashboard = value()?;
    ensure!(
        dashboard["id"].is_null(),
        "it has the number of one database"
    );
    ensure!(dashboard.get("__inputs").is_none(), "it asks at its import");
    ensure!(
        dashboard["schemaVersion"].as_u64() >= Some(39),
        "an old schema"
    );
    ensure!(
        text(&dashboard["uid"])?.len() <= 40,
        "Grafana takes no longer uid"
    );
    let mut names = Vec::new();
    for variable in list(&dashboard["templating"]["list"])? {
        names.push(text(&variable["name"])?);
    }
    ensure!(names == ["datasource", "job", "instance", "task", "backend"]);
    Ok(())
}

fn grid() -> Result<()> {
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in list(&value()?["panels"])? {
        let title = text(&panel["title"])?;
        let id = panel["id"].as_u64().context("no id")?;
        ensure!(id > 0 && ids.insert(id), "{title}: {id} twice");
        let place = |side: &str| panel["gridPos"][side].as_u64().context("no place");
        let (x, y, width, height) = (place("x")?, place("y")?, place("w")?, place("h")?);
        ensure!(
            width > 0 && height > 0 && x + width <= 24,
            "{title} sticks out"
        );
        for cell in (y..y + height).flat_map(|y| (x..x + width).map(move |x| (x, y))) {
            ensure!(taken.insert(cell), "{title} lies on another panel");
        }
    }
    // Grafana moves panels up into free space.
    let lines = taken.iter().map(|(_, y)| y).collect::<BTreeSet<_>>();
    ensure!(
        lines.len() as u64 == lines.last().map_or(0, |last| **last + 1),
        "a gap"
    );
    Ok(())
}

fn words() -> Result<()> {
    for panel in list(&value()?["panels"])? {
        if panel["type"] == "row" {
            continue;
        }
        let title = text(&panel["title"])?;
        let description = text(&panel["description"]).context(title.to_owned())?;
        ensure!(description.ends_with('.'), "{title}: no sentence");
        text(&panel["fieldConfig"]["defaults"]["unit"])?;
        for target in list(&panel["targets"])? {
            if target["format"] != "table" {
                text(&target["legendFormat"]).context(title.to_owned())?;
            }
        }
    }
    Ok(())
}

fn sources() -> Result<()> {
    let dashboard = value()?;
    let is_chosen = |of: &Value| {
        of["datasource"]["uid"] == "${datasource}" && of["datasource"]["type"] == "prometheus"
    };
    for annotation in list(&dashboard["annotations"]["list"])? {
        ensure!(is_chosen(annotation), "{annotation}");
    }
    for variable in list(&dashboard["templating"]["list"])? {
        ensure!(
            variable["type"] == "datasource" || is_chosen(variable),
            "{variable}"
        );
    }
    for panel in list(&dashboard["panels"])? {
        let mut letters = BTreeSet::new();
        if panel["type"] == "row" {
            continue;
        }
        ensure!(is_chosen(panel), "{panel}");
        let targets = list(&panel["targets"])?;
        ensure!(!targets.is_empty(), "{panel} asks nothing");
        for target in targets {
            ensure!(is_chosen(target), "{target}");
            ensure!(
                letters.insert(text(&target["refId"])?),
                "{target}: a letter twice"
            );
        }
    }
    Ok(())
}
