use std::time::Duration;

use super::reading::Reading;
use super::soak::{Ledger, Look, Soak};

/// Half an hour of a runner. Its memory and its number of open files grow by these
/// amounts in a minute.
pub(super) fn example(kib: f64, fds: f64) -> Soak {
    let look = |second: u32| {
        let minutes = f64::from(second) / 60.0;
        // A wave with the period of a minute.
        let wave = 200.0 * (minutes * std::f64::consts::TAU).sin();
        Look {
            at: Duration::from_secs(second.into()),
            resident_kib: 40_000.0 + wave + kib * minutes,
            anonymous_kib: 8_000.0 + wave + kib * minutes,
            fds: (18.0 + fds * minutes) as usize,
            threads: 12,
            took: Duration::from_millis(3),
            bytes: 40_000,
            in_flight: 5.0,
            unbalanced: Vec::new(),
            load: 1.0,
        }
    };
    let ledger = |source: &str| Ledger {
        source: source.to_owned(),
        accepted: 12,
        delivered: 6,
        dropped: 6,
        in_flight: 0,
    };
    Soak {
        looks: (0..1_800).step_by(2).map(look).collect(),
        last: Reading::default(),
        replacements: 29,
        stopping: Duration::from_millis(300),
        ledgers: ["guests", "runner", "sink"].map(ledger).into(),
    }
}
