//! The filter of log entries: `RUST_LOG`, or the level of the configuration.

use std::env::{self, VarError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Environment variable that overrides the level of the log.
const VARIABLE: &str = "RUST_LOG";

/// Filter from the environment variable, or from `level` if the variable is not set. The
/// second value is the error of an invalid variable, which is not used.
pub(crate) fn filter(level: &str) -> (EnvFilter, Option<String>) {
    match of_environment(env::var(VARIABLE), level) {
        Ok(filter) => (filter.unwrap_or_else(|| EnvFilter::new(level)), None),
        Err(wrong) => {
            let what = format!(
                "{VARIABLE}: {wrong}; expected error, warn, info, debug, trace or off, or TARGET=LEVEL, separated by commas; the log uses the level {level}"
            );
            (EnvFilter::new(level), Some(what))
        }
    }
}

/// Targets of the entries of this program.
const OWN: [&str; 4] = [
    "solti_metrics",
    "solti_metrics_conformance",
    "solti_metrics_host",
    "solti_metrics_server",
];

/// `None` if the variable is not set or empty. If no directive applies to entries of this
/// program, `level` is added.
fn of_environment(
    variable: Result<String, VarError>,
    level: &str,
) -> Result<Option<EnvFilter>, String> {
    let text = match variable {
        Ok(text) => text,
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => return Err("the value is not UTF-8".into()),
    };
    let directives = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let mut directives: Vec<_> = directives.collect();
    if directives.is_empty() {
        return Ok(None);
    }
    for directive in &directives {
        // A word without `=` would be a target, and no other entries would be logged.
        let is_word = !directive.contains(['=', '[']);
        if is_word && directive.parse::<LevelFilter>().is_err() {
            return Err(format!("{directive:?} is not a level"));
        }
        // A directive without a level would select every level of the target.
        if directive.ends_with('=') {
            return Err(format!("{directive:?} has no level"));
        }
    }
    if !directives.iter().any(|it| is_of_this_program(it)) {
        directives.insert(0, level);
    }
    let text = directives.join(",");
    let filter = EnvFilter::builder().parse(&text);
    filter
        .map(Some)
        .map_err(|error| format!("{text:?}: {error}"))
}

/// Whether a directive is a plain level, or applies to entries of this program in every
/// span.
fn is_of_this_program(directive: &str) -> bool {
    match directive.split_once('=') {
        None => !directive.contains('['),
        Some((target, _)) => OWN.iter().any(|own| {
            let rest = target.strip_prefix(own);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Option<String>, String> {
        let filter = of_environment(Ok(text.to_owned()), "info")?;
        Ok(filter.map(|filter| filter.to_string()))
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        for text in ["", " ", ",", " , ,"] {
            assert_eq!(of(text), Ok(None), "{text:?}");
        }
        assert!(matches!(
            of_environment(Err(VarError::NotPresent), "info"),
            Ok(None)
        ));
    }

    #[test]
    fn levels_and_targets_are_accepted() {
        for (text, filter) in [
            ("debug", "debug"),
            ("WARN,", "warn"),
            ("off", "off"),
            (" info , wasmtime=debug ", "wasmtime=debug,info"),
            ("solti_metrics=debug", "solti_metrics=debug"),
            (
                "solti_metrics_host::runner=off",
                "solti_metrics_host::runner=off",
            ),
        ] {
            assert_eq!(of(text), Ok(Some(filter.into())), "{text:?}");
        }
    }

    #[test]
    fn directives_for_other_targets_add_to_the_level() {
        for (text, filter) in [
            ("foo=debug", "foo=debug,info"),
            ("wasmtime=debug,foo=warn", "wasmtime=debug,foo=warn,info"),
            ("[x]=info", "info,[x]=info"),
            ("solti_metric=debug", "solti_metric=debug,info"),
            ("solti_metrics_hots=debug", "solti_metrics_hots=debug,info"),
        ] {
            assert_eq!(of(text), Ok(Some(filter.into())), "{text:?}");
        }
    }

    #[test]
    fn an_error_names_the_word_that_is_not_a_level() {
        for text in [
            "warning",
            "info,verbose",
            "err",
            "solti_metrics",
            "nonsense",
        ] {
            let wrong = of(text).err().unwrap_or_default();
            assert!(wrong.ends_with("is not a level"), "{text:?}: {wrong}");
        }
        for text in [
            "info=",
            "debug,wasmtime=",
            "wasmtime=loud",
            "a=b=c",
            "[=info",
        ] {
            assert!(of(text).is_err(), "{text:?}");
        }
    }
}
