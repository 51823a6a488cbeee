//! Tests of whole components against the built-in vectors.

use std::io::{Error as IoError, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Builder;

use super::*;

/// A provider that accepts every record and stores none.
const PROVIDER: &str = include_str!("../minimal.wat");

/// Export of the provider for started tasks.
const STARTED: &str = r#"(export "record-task-started") (param i32)"#;

fn test(text: &str) -> wat::Result<ComponentTest> {
    Ok(ComponentTest::from_bytes("minimal", wat::parse_str(text)?).records(100))
}

/// The provider with a trap at the first started task.
fn trapping() -> wat::Result<ComponentTest> {
    test(&PROVIDER.replace(STARTED, &format!("{STARTED} unreachable")))
}

#[test]
fn a_provider_is_tested_without_a_runtime_and_within_one() -> Result<(), Box<dyn std::error::Error>>
{
    let test = test(PROVIDER)?;
    let report = test.run()?;
    assert!(report.conforms(), "{report}");
    assert!(report.suites.iter().any(|suite| suite.role == "provider"));
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (blocking, awaited) = runtime.block_on(async { (test.run(), test.run_async().await) });
    assert!(blocking?.conforms());
    assert!(awaited?.conforms());
    Ok(())
}

/// Allows a caller to spawn the test on a multi-threaded runtime.
#[test]
fn an_asynchronous_test_can_move_between_threads() -> wat::Result<()> {
    fn must_be_send(_: impl Send) {}
    must_be_send(test(PROVIDER)?.run_async());
    Ok(())
}

#[test]
fn a_report_names_settings_of_the_rust_api() -> Result<(), Box<dyn std::error::Error>> {
    let text = trapping()?.run()?.to_text();
    assert!(text.contains("✗ takes-records"), "{text}");
    assert!(!text.contains("--"), "{text}");
    let test = test(PROVIDER)?.limits(|limits| limits.instances = 0);
    let text = test.run()?.to_text();
    assert!(text.contains("with `grants`"), "{text}");
    assert!(!text.contains("--"), "{text}");
    Ok(())
}

#[test]
#[should_panic(expected = "minimal does not conform: 1 failed")]
fn a_provider_that_does_not_conform_fails_the_test_with_the_report() {
    if let Some(report) = trapping().ok().and_then(|test| test.run().ok()) {
        report.assert();
    }
}

#[test]
fn options_for_another_role_are_an_error() -> Result<(), Box<dyn std::error::Error>> {
    let given = test(PROVIDER)?.arg("a").run();
    assert!(matches!(given, Err(Error::InputForProvider { .. })));
    let guest = "(component (import \"solti:metrics/backend@0.1.0\" (instance)))";
    let granted = test(guest)?.grants(Grants::new().env("A", "1")).run();
    assert!(matches!(granted, Err(Error::GrantsForGuest { .. })));
    let nothing = test("(component)")?.run();
    assert!(matches!(nothing, Err(Error::NoRole { .. })));
    let missing = ComponentTest::from_file("nowhere.wasm").run();
    assert!(matches!(missing, Err(Error::Load(_))));
    Ok(())
}

#[test]
fn a_listener_gets_each_step_and_ends_the_test_with_an_error()
-> Result<(), Box<dyn std::error::Error>> {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let report = test(PROVIDER)?.progress(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let checks: usize = report.run()?.suites.iter().map(|it| it.checks.len()).sum();
    assert_eq!(heard.load(Ordering::Relaxed), checks + 1);
    let full = || IoError::from(ErrorKind::StorageFull);
    let ended = test(PROVIDER)?.progress(move |_| Err(full())).run();
    assert!(matches!(ended, Err(Error::Listener { .. })));
    Ok(())
}
