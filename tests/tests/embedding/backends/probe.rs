//! A middleware written by hand: it forwards each record, and executes test instructions
//! before.

use std::sync::OnceLock;

use anyhow::Result;
use solti_metrics::{Event, RunnerType, TaskOutcome};
use solti_metrics_host::provider::{Grants, Provider, Providers};
use solti_metrics_tests::guest;

/// The duration at which a probe executes its instructions.
pub(crate) const NOW: u64 = 666;

/// A probe, built step by step.
#[derive(Clone, Default)]
pub(crate) struct Probe {
    /// Instructions for a task of [`NOW`] milliseconds.
    now: &'static str,
    /// Instructions at instantiation.
    start: &'static str,
    /// Imports besides the next backend.
    imports: &'static str,
    /// The runner type that replaces the recorded one.
    renamed: Option<RunnerType>,
    exports: String,
}

impl Probe {
    /// A probe that only forwards.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds instructions for a task of [`NOW`] milliseconds.
    pub(crate) fn now(mut self, instructions: &'static str) -> Self {
        self.now = instructions;
        self
    }

    /// Adds instructions at instantiation.
    pub(crate) fn start(mut self, instructions: &'static str) -> Self {
        self.start = instructions;
        self
    }

    pub(crate) fn importing(mut self, imports: &'static str) -> Self {
        self.imports = imports;
        self
    }

    /// Replaces the runner type of each record.
    pub(crate) fn renaming(mut self, runner: RunnerType) -> Self {
        self.renamed = Some(runner);
        self
    }

    /// Adds the interface `batch`.
    pub(crate) fn batch(self) -> Self {
        self.exporting(BATCH)
    }

    /// Adds the interface `lifecycle`. A flush records an error of a container into the
    /// next backend.
    pub(crate) fn lifecycle(self) -> Self {
        self.exporting(
            r#"(func (export "solti:metrics/lifecycle@0.1.0#flush") (result i32)
                 (call $error (i32.const 1) (i32.const 0))
                 (i32.store (i32.const 16) (i32.const 0))
                 (i32.const 16))"#,
        )
    }

    /// Adds the interface `lifecycle` with a failing flush.
    pub(crate) fn failing_lifecycle(self) -> Self {
        self.exporting(
            r#"(data (i32.const 64) "disk full")
               (func (export "solti:metrics/lifecycle@0.1.0#flush") (result i32)
                 (i32.store (i32.const 16) (i32.const 1))
                 (i32.store (i32.const 20) (i32.const 64))
                 (i32.store (i32.const 24) (i32.const 9))
                 (i32.const 16))"#,
        )
    }

    /// Adds an exposition of seventeen bytes.
    pub(crate) fn exposition(mut self, text: &str) -> Self {
        let length = text.len();
        let text = text.escape_default();
        self.exports.push_str(&format!(
            r#"(data (i32.const 128) "{text}")
               (func (export "solti:metrics/exposition@0.1.0#expose") (result i32)
                 (i32.store (i32.const 32) (i32.const 128))
                 (i32.store (i32.const 36) (i32.const {length}))
                 (i32.const 32))"#
        ));
        self
    }

    /// Adds the interface `accounting`, with these numbers after each call.
    pub(crate) fn accounting(mut self, sampled: u64, failed: u64) -> Self {
        self.exports.push_str(&format!(
            r#"(func (export "solti:metrics/accounting@0.1.0#take-discards") (result i32)
                 (i64.store (i32.const 40) (i64.const {sampled}))
                 (i64.store (i32.const 48) (i64.const {failed}))
                 (i32.const 40))"#
        ));
        self
    }

    fn exporting(mut self, text: &str) -> Self {
        self.exports.push_str(text);
        self
    }

    /// The bytes of the component.
    pub(crate) fn component(&self) -> Result<Vec<u8>> {
        let Self {
            now,
            start,
            imports,
            renamed,
            exports,
        } = self;
        let runner = match renamed {
            Some(runner) => format!("(i32.const {})", *runner as u8),
            None => "(local.get $runner)".into(),
        };
        guest::component(&format!(
            r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-started"
              (func $started (param i32)))
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
              (func $completed (param i32 i32 i64)))
            (import "solti:metrics/backend@0.1.0" "record-runner-error"
              (func $error (param i32 i32)))
            {imports}
            (memory (export "memory") 2)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
              (i32.const 65536))
            (func $init {start})
            (start $init)
            (func $take_started (export "solti:metrics/backend@0.1.0#record-task-started")
              (param $runner i32)
              (call $started {runner}))
            (func $take_completed (export "solti:metrics/backend@0.1.0#record-task-completed")
              (param $runner i32) (param $outcome i32) (param $ms i64)
              (if (i64.eq (local.get $ms) (i64.const {NOW})) (then {now}))
              (call $completed {runner} (local.get $outcome) (local.get $ms)))
            (func $take_error (export "solti:metrics/backend@0.1.0#record-runner-error")
              (param $runner i32) (param $error i32)
              (call $error {runner} (local.get $error)))
            {exports})"#
        ))
    }

    /// The component, loaded without any grant.
    pub(crate) fn load(&self) -> Result<Provider> {
        Ok(providers().load("probe", &self.component()?, &Grants::new())?)
    }
}

/// Decodes words as `wit/batch.wit` describes them.
const BATCH: &str = r#"
  (func (export "solti:metrics/batch@0.1.0#record-batch") (param $at i32) (param $words i32)
    (local $head i64) (local $runner i32) (local $label i32) (local $ms i64) (local $end i32)
    (local.set $end (i32.add (local.get $at) (i32.mul (local.get $words) (i32.const 8))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $head (i64.load (local.get $at)))
      (local.set $ms (i64.load offset=8 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (local.set $runner (i32.and (i32.wrap_i64 (i64.shr_u (local.get $head) (i64.const 8))) (i32.const 255)))
      (local.set $label (i32.and (i32.wrap_i64 (i64.shr_u (local.get $head) (i64.const 16))) (i32.const 255)))
      (if (i32.eqz (i32.and (i32.wrap_i64 (local.get $head)) (i32.const 255)))
        (then (call $take_started (local.get $runner)))
        (else (if (i32.eq (i32.and (i32.wrap_i64 (local.get $head)) (i32.const 255)) (i32.const 1))
          (then (call $take_completed (local.get $runner) (local.get $label) (local.get $ms)))
          (else (call $take_error (local.get $runner) (local.get $label))))))
      (br $next))))
"#;

/// A shared engine, since each engine has a thread.
pub(crate) fn providers() -> &'static Providers {
    static PROVIDERS: OnceLock<Providers> = OnceLock::new();
    #[expect(clippy::expect_used, reason = "the test needs it")]
    PROVIDERS.get_or_init(|| Providers::new().expect("an engine"))
}

/// A completed task of this duration.
pub(crate) fn completed(duration_ms: u64) -> Event {
    Event::TaskCompleted {
        runner: RunnerType::Wasm,
        outcome: TaskOutcome::Success,
        duration_ms,
    }
}
