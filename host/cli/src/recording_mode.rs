//! Values of `--recording-mode`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use solti_metrics_host::runner::RecordingMode;

/// Parser of a recording mode.
pub(crate) fn recording_mode() -> impl TypedValueParser<Value = RecordingMode> {
    let inline = PossibleValue::new("inline").help(
        "The recording code is compiled into the guest. A guest for which that fails uses `direct`, and the report says so",
    );
    let direct = PossibleValue::new("direct").help("Each record is a call of a host function");
    PossibleValuesParser::new([inline, direct]).map(|text| match &*text {
        "direct" => RecordingMode::Direct,
        _ => RecordingMode::Inline,
    })
}
