//! Test a WebAssembly component against the contract of `solti:metrics`: a guest, a
//! provider or a middleware, in any language.
//!
//! The author of a provider writes one test, for a component from any toolchain:
//!
//! ```no_run
//! #[test]
//! fn the_provider_conforms() -> Result<(), solti_metrics_conformance::Error> {
//!     let test = solti_metrics_conformance::ComponentTest::from_file("provider.wasm");
//!     test.run()?.assert();
//!     Ok(())
//! }
//! ```
//!
//! If the provider does not conform, the test fails with a report. For each failed check, the
//! report shows the expected result, the observed result and a fix for the author. The report
//! is also a value, and can be rendered as text, JSON and JUnit XML:
//!
//! ```
//! use solti_metrics_conformance::{ComponentTest, Error, Verdict};
//!
//! fn main() -> Result<(), Error> {
//!     let report = ComponentTest::from_bytes("minimal", provider())
//!         .records(1_000)
//!         .run()?;
//!     report.assert();
//!
//!     let [suite] = &report.suites[..] else { unreachable!() };
//!     assert_eq!((suite.role, suite.failed()), ("provider", 0));
//!     assert_eq!(suite.checks[0].name, "starts");
//!     assert_eq!(suite.checks[0].verdict, Verdict::Passed);
//!     assert!(report.to_text().contains("✓ many-records       1000 records"));
//!     assert!(report.to_junit().contains(r#"<testsuite name="provider""#));
//!     Ok(())
//! }
//!
//! # /// A component in place of a file.
//! # fn provider() -> Vec<u8> {
//! #     let text = include_str!("minimal.wat");
//! #     wat::parse_str(text).expect("a component")
//! # }
//! ```
//!
//! # A provider in Rust
//!
//! Cargo does not build a component for a test, so the test starts the build. The test also
//! grants a directory to the provider:
//!
//! ```no_run
//! use std::process::Command;
//!
//! use solti_metrics_conformance::{Access, ComponentTest, Grants};
//!
//! # fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let build = ["build", "--release", "--target", "wasm32-wasip2"];
//! assert!(Command::new("cargo").args(build).status()?.success());
//!
//! ComponentTest::from_file("target/wasm32-wasip2/release/jsonl.wasm")
//!     .grants(Grants::new().dir("target/out", "/out", Access::ReadWrite))
//!     .run()?
//!     .assert();
//! # Ok(())
//! # }
//! ```
//!
//! # A guest
//!
//! A guest gets [arguments](ComponentTest::arg), [variables](ComponentTest::env),
//! [directories](ComponentTest::dir) and a [standard input](ComponentTest::stdin), and
//! runs three times: in the recording modes `inline` and `direct`, and with a quota.
//!
//! ```no_run
//! # use solti_metrics_conformance::{Access, ComponentTest};
//! # fn test() -> Result<(), solti_metrics_conformance::Error> {
//! ComponentTest::from_file("digest.wasm")
//!     .dir("src", "src", Access::ReadOnly)
//!     .arg("src")
//!     .run()?
//!     .assert();
//! # Ok(())
//! # }
//! ```
//!
//! # A backend in Rust
//!
//! [`BackendTest`] tests an implementation of the trait `MetricsBackend` with the same vectors,
//! without a component.
//!
//! # Resources of a test
//!
//! [`ComponentTest::run`] uses a separate thread and runtime. A caller on a tokio runtime can
//! use [`ComponentTest::run_async`]. Components are compiled in this process, unless other
//! [`Artifacts`] are set. A provider gets a million records, within
//! [five seconds](ComponentTest::budget) for each check. A debug build compiles components
//! faster with `[profile.dev.package."*"] opt-level = 2`.
//!
//! # Test vectors
//!
//! [`Vectors`] define the records for a provider or a middleware, and the expected exposition.
//! Vectors are files, so that tests in other languages can use them.
//! `docs/reference/conformance.md` of this project describes each check and the format of
//! vectors.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend_test;
mod check;
mod component_test;
mod report;
mod suite;

mod error;
mod progress;
mod term;

mod vector;
mod vector_error;
mod vectors;

mod backend;
mod blocking;
mod component;
mod guest;
mod options;
mod recorder;

mod counts;
mod exposition;
mod sums;

pub use backend_test::BackendTest;
pub use check::{Check, Fault, Verdict};
pub use component_test::ComponentTest;
pub use counts::RecordCount;
pub use error::Error;
pub use progress::Progress;
pub use report::Report;
pub use solti_metrics_host::artifact::Artifacts;
pub use solti_metrics_host::component::{NetworkGrant, Role};
pub use solti_metrics_host::limits::{Limit, Limits};
pub use solti_metrics_host::provider::Grants;
pub use solti_metrics_host::runner::Stdin;
pub use solti_metrics_host::wasi::{Access, Output};
pub use suite::Suite;
pub use term::Term;
pub use vector_error::{VectorError, VectorsError};
pub use vectors::Vectors;
