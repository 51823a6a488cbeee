//! `solti-metrics`: runs WebAssembly components as tasks, with limits and metrics.

#[cfg(not(target_os = "linux"))]
compile_error!("the command solti-metrics supports Linux only");

mod artifacts;
mod check;
mod cli;
mod completions;
mod compose;
mod conformance;
mod elapsed;
mod entries;
mod exit;
mod fields;
mod filter;
mod limits;
mod man;
mod messages;
mod misused;
mod new;
mod output;
mod plain;
mod precompile;
mod privileges;
mod recording_mode;
mod run;
mod runtime;
mod serve;
mod signals;
mod stdin;
mod unfinished;
mod variable;
mod whole;
mod wit;
mod wit_package;
mod write;

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use clap::CommandFactory;
use solti_metrics_host::artifact::compile_worker;
use solti_metrics_host::contained::panic_is_contained;
use solti_metrics_host::process::no_thread;
use solti_metrics_host::text::causes;

use crate::artifacts::COMPILE_WORKER;
use crate::cli::{Cli, CliCommand};
use crate::entries::{EntryFormat, LogEntries};
use crate::exit::Exit;
use crate::fields::Quoted;
use crate::filter::filter;
use crate::messages::print_message_now;
use crate::privileges::drop_new_privileges;
use crate::runtime::{block_on, raise_descriptors};
use crate::whole::{IncompleteWrite, to_stderr};

/// Stack of the command thread, in bytes, for any stack limit of the process (`ulimit -s`).
const STACK: usize = 8 << 20;

/// Exit code of a Rust program whose main thread panics.
const PANICKED: u8 = 101;

fn main() -> ExitCode {
    drop_new_privileges();
    // A compiler process ends when its parent ends. The process uses one thread.
    if is_compile_worker() {
        return compile_worker();
    }
    signals::handle_signals();
    let command = thread::Builder::new().name("main".into()).stack_size(STACK);
    match command.spawn(command_of_process).map(JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        // The panic hook has already printed the panic.
        Ok(Err(_)) => PANICKED.into(),
        Err(error) => {
            let reason = no_thread(&error);
            print_message_now(format_args!("error: cannot start a thread: {reason}"));
            Exit::Failed.into()
        }
    }
}

fn command_of_process() -> ExitCode {
    let cli = Cli::of_process();
    silence_contained_panics();
    raise_descriptors();
    // `serve` has its own log.
    if !matches!(cli.command, CliCommand::Serve(_)) {
        log();
    }
    let exit = match cli.command {
        CliCommand::Run(args) => block_on(run::run(*args)),
        CliCommand::Serve(args) => block_on(serve::serve(args)),
        CliCommand::Check(args) => check::check(&args),
        CliCommand::Conformance(args) => block_on(conformance::conformance(*args)),
        CliCommand::Compose(args) => compose::compose(&args),
        CliCommand::Precompile(args) => precompile::precompile(&args),
        CliCommand::Wit(args) => wit::wit(&args),
        CliCommand::New(args) => new::new(&args),
        CliCommand::Completions(args) => completions::completions(&args, Cli::command()),
        CliCommand::Man(args) => man::man(&args, Cli::command()),
    };
    exit.unwrap_or_else(|error| {
        print_message_now(format_args!("error: {}", causes(&*error)));
        Exit::Failed
    })
    .into()
}

fn is_compile_worker() -> bool {
    std::env::args_os()
        .nth(1)
        .is_some_and(|it| it == COMPILE_WORKER)
}

/// Entries of the log: errors, and the warnings of the compilation cache, which rejects cached
/// code only if another program or a disk has changed it.
const LEVEL: &str = "error,solti_metrics_host::artifact::cache=warn";

/// Starts a log that shows [`LEVEL`], unless `RUST_LOG` is set. Messages for users do not go
/// through the log. The log has no colors, so that color sequences in entries can be
/// escaped.
fn log() {
    let (filter, wrong) = filter(LEVEL);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .fmt_fields(Quoted)
        .with_writer(Mutex::new(LogWriter(LogEntries::new(
            to_stderr,
            EntryFormat::Text,
        ))))
        .with_ansi(false)
        .init();
    if let Some(wrong) = wrong {
        print_message_now(format_args!("warning: {wrong}"));
    }
}

type ToStderr = fn(&[u8]) -> Result<(), IncompleteWrite>;

/// Receives one entry with each write, because the subscriber writes whole entries.
struct LogWriter(LogEntries<ToStderr>);

impl Write for LogWriter {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        self.0.write(entry).map(|()| entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Silences panics that the program converts into errors.
fn silence_contained_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic_is_contained() {
            print(panic);
        }
    }));
}
