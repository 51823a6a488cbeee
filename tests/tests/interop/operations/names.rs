//! No expression uses a series that no runner exposes.

use anyhow::{Result, ensure};
use solti_metrics_tests::exposition::families;
use solti_metrics_tests::operations::alerts::recordings;
use solti_metrics_tests::operations::exposed::missing;
use solti_metrics_tests::operations::promql::{Use, uses};
use solti_metrics_tests::trial::{Trial, trial};

use crate::operations::askable;
use crate::operations::exposition::exposition;
use crate::operations::expressions::asked;
use crate::operations::rules::all;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("all_series_of_the_dashboard_are_exposed", || {
            for asked in asked()? {
                must_be_exposed(&asked.by, &asked.uses()?)?;
            }
            Ok(())
        }),
        trial("all_series_of_rules_are_exposed", || {
            for (name, expression) in expressions() {
                must_be_exposed(name, &uses(&expression)?)?;
            }
            Ok(())
        }),
        trial("an_unexposed_series_is_named", || {
            let exposed = "solti_metrics_task_loaded{task=\"x\"} 1\n";
            for (name, expression) in expressions() {
                let missing = missing(&uses(&expression)?, exposed)?;
                ensure!(
                    missing.is_empty() == (name == "SoltiTaskNotLoaded"),
                    "{name}"
                );
            }
            Ok(())
        }),
        trial("counters_are_read_as_rates_and_gauges_are_not", rates),
    ]
}

/// The expressions of all rules, by name.
fn expressions() -> Vec<(&'static str, String)> {
    let recorded = recordings().into_iter().map(|it| (it.name, it.expression));
    recorded
        .chain(all().map(|alert| (alert.name, alert.expression)))
        .collect()
}

fn must_be_exposed(by: &str, uses: &[Use]) -> Result<()> {
    ensure!(!uses.is_empty(), "{by} asks for nothing");
    let missing = askable()?.missing(uses);
    ensure!(missing.is_empty(), "{by}: {}", missing.join("; "));
    Ok(())
}

/// Counters start at 0 with each start of a runner. Only the balance of a ledger uses
/// their values, since they all start together.
fn rates() -> Result<()> {
    let rules = expressions()
        .into_iter()
        .map(|(name, text)| Ok((name.to_owned(), uses(&text)?)));
    let panels = asked()?
        .into_iter()
        .map(|asked| Ok((asked.by.clone(), asked.uses()?)));
    let families = families(exposition()?)?;
    let whole =
        |by: &str| by.contains("imbalance") || by.starts_with("Imbalance") || by.starts_with('$');
    for found in rules.chain(panels).collect::<Result<Vec<_>>>()? {
        let (by, uses) = found;
        for asked in uses
            .iter()
            .filter(|asked| !whole(&by) && !asked.metric.contains(':'))
        {
            let of_buckets = asked.metric.strip_suffix("_bucket");
            let counter = families.iter().any(|family| match family.kind {
                "counter" => family.name == asked.metric,
                "histogram" => Some(family.name) == of_buckets,
                _ => false,
            });
            let rate = matches!(asked.function.as_deref(), Some("rate" | "increase"));
            ensure!(
                counter == rate,
                "{by} reads {} in another way",
                asked.metric
            );
        }
    }
    Ok(())
}
