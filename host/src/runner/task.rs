//! A task: inputs, grants and limits of one run.

use std::path::PathBuf;
use std::time::Duration;

use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::{CancellationToken, SpawnError, Stdin, TaskUsage};
use crate::LedgerTotals;
use crate::limits::Limits;
use crate::wasi::{Access, GuestOutput, Holdings, Output};

/// One execution of a program: its inputs, its grants and its limits.
///
/// A task starts with nothing: no arguments, no environment, no directory, an empty standard input,
/// no network, and discarded output. Clocks and randomness are always available.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Task {
    /// Arguments, without the program's name, which the host passes first.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Directories: the path on the host, the path that the guest sees, and the access.
    pub dirs: Vec<(PathBuf, String, Access)>,
    /// Standard input.
    pub stdin: Stdin,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
    /// Limits of the task.
    pub limits: Limits,
    /// Maximum time of the task, including the set-up of the instance. `None` is no limit. Default:
    /// five minutes.
    pub deadline: Option<Duration>,
    /// Maximum number of records of the guest; see
    /// [`MetricsCtxBuilder::quota`](crate::MetricsCtxBuilder::quota). `None` is no limit.
    pub quota: Option<u64>,
    /// Identity with which the records are made. Default: the program's name.
    pub identity: Option<String>,
    /// Ledger totals to which the ledger of the task's records is added, in addition to those of
    /// all guests.
    pub totals: Option<LedgerTotals>,
    /// Usage to which the task's usage is added while it runs. Without it, calls of the host are
    /// not counted.
    pub usage: Option<TaskUsage>,
    /// Ends the task when this token is canceled.
    pub cancel: CancellationToken,
}

impl Default for Task {
    fn default() -> Self {
        Self {
            args: Vec::new(),
            env: Vec::new(),
            dirs: Vec::new(),
            stdin: Stdin::default(),
            stdout: Output::default(),
            stderr: Output::default(),
            limits: Limits::default(),
            deadline: Some(Duration::from_secs(300)),
            quota: None,
            identity: None,
            totals: None,
            usage: None,
            cancel: CancellationToken::default(),
        }
    }
}

impl Task {
    /// A task without inputs and grants, with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds an environment variable. A name that is added twice is passed twice, and the guest's
    /// language decides which value it reads.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Grants a directory of the host, under the name `guest`.
    #[must_use]
    pub fn dir(
        mut self,
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
        access: Access,
    ) -> Self {
        self.dirs.push((host.into(), guest.into(), access));
        self
    }

    /// Sets standard input.
    #[must_use]
    pub fn stdin(mut self, from: Stdin) -> Self {
        self.stdin = from;
        self
    }

    /// Sets the destination of standard output.
    #[must_use]
    pub fn stdout(mut self, to: Output) -> Self {
        self.stdout = to;
        self
    }

    /// Sets the destination of standard error.
    #[must_use]
    pub fn stderr(mut self, to: Output) -> Self {
        self.stderr = to;
        self
    }

    /// Sets the limits of the task.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the maximum time of the task; `None` is no limit.
    #[must_use]
    pub fn deadline(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.deadline = time.into();
        self
    }

    /// Sets the maximum number of records of the guest.
    #[must_use]
    pub fn quota(mut self, records: u64) -> Self {
        self.quota = Some(records);
        self
    }

    /// Sets the identity with which the records are made.
    #[must_use]
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// Sets the ledger totals to which the ledger of the task's records is added.
    #[must_use]
    pub fn ledger_totals(mut self, totals: &LedgerTotals) -> Self {
        self.totals = Some(totals.clone());
        self
    }

    /// Sets the usage to which the task's usage is added.
    #[must_use]
    pub fn usage(mut self, usage: &TaskUsage) -> Self {
        self.usage = Some(usage.clone());
        self
    }

    /// Ends the task when this token is canceled.
    #[must_use]
    pub fn cancel(mut self, token: CancellationToken) -> Self {
        self.cancel = token;
        self
    }

    /// Whether setting the task up touches the file system, which may block.
    pub(super) fn opens_files(&self) -> bool {
        !self.dirs.is_empty() || matches!(self.stdin, Stdin::File(_))
    }

    /// Applies the grants, or returns the grant that cannot be applied.
    pub(super) fn grant(
        &self,
        program: &str,
        stdout: GuestOutput,
        stderr: GuestOutput,
    ) -> Result<(WasiCtx, Holdings), SpawnError> {
        let descriptors = self.dirs.len() + usize::from(matches!(self.stdin, Stdin::File(_)));
        let holdings = Holdings::new(&self.limits, descriptors)
            .map_err(|reason| SpawnError::Descriptors { reason })?;
        let mut wasi = WasiCtxBuilder::new();
        wasi.arg(program)
            .args(&self.args)
            .envs(&self.env)
            .stdout(stdout)
            .stderr(stderr)
            .max_random_size(self.limits.random)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        for text in self
            .args
            .iter()
            .chain(self.env.iter().flat_map(|(k, v)| [k, v]))
        {
            if text.contains('\0') {
                return Err(SpawnError::NulInText { text: text.clone() });
            }
        }
        self.stdin.give_to(&mut wasi)?;
        for (host, guest, access) in &self.dirs {
            wasi.preopened_dir(host, guest, access.perms())
                .map_err(|reason| SpawnError::Dir {
                    path: host.clone(),
                    reason,
                })?;
        }
        Ok((wasi.build(), holdings))
    }
}
