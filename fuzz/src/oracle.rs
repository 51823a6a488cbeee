//! Statements that several targets check.

use anyhow::{Result, ensure};
use solti_metrics::LedgerSnapshot;
use solti_metrics_host::text::is_hidden;

/// Maximum number of characters of a message. A message can contain several shortened names.
const LONGEST: usize = 4_000;

/// Checks a text for one line of a log: it has no hidden characters, and a bounded length.
///
/// # Errors
///
/// When the text could break or falsify a line.
pub fn is_one_line(text: &str) -> Result<()> {
    ensure!(!text.is_empty(), "the message is empty");
    if let Some(hidden) = text.chars().find(|it| is_hidden(*it)) {
        anyhow::bail!("the message has the character {hidden:?}: {text:?}");
    }
    let length = text.chars().count();
    ensure!(
        length <= LONGEST,
        "the message has {length} characters: {text:?}"
    );
    Ok(())
}

/// Checks a text of a library, which the caller makes printable: it has no control characters.
///
/// # Errors
///
/// When the text could break a line.
pub fn has_no_control(text: &str) -> Result<()> {
    ensure!(!text.is_empty(), "the message is empty");
    ensure!(
        !text.chars().any(char::is_control),
        "the message has a control character: {text:?}"
    );
    Ok(())
}

/// Checks a ledger after a drain: each accepted record was delivered or dropped.
///
/// # Errors
///
/// When a record is missing, or is counted twice.
pub fn is_settled(ledger: &LedgerSnapshot) -> Result<()> {
    balances(ledger)?;
    ensure!(
        ledger.in_flight() == 0,
        "records are in flight after the drain: {ledger:?}"
    );
    Ok(())
}

/// Checks that a ledger balances: accepted records are delivered, dropped or in flight.
///
/// # Errors
///
/// When it does not balance.
pub fn balances(ledger: &LedgerSnapshot) -> Result<()> {
    let settled = ledger.delivered() + ledger.dropped_total();
    ensure!(
        ledger.accepted() == settled + ledger.in_flight(),
        "the ledger does not balance: {ledger:?}"
    );
    Ok(())
}
